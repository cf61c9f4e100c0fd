package client

import (
	"iter"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A RateLimit is what the service says of its budget. Reset is the zero time while nothing is
// known; the other fields then mean nothing.
type RateLimit struct {
	Limit     int       // requests that a window allows in all; 0 if the service does not say
	Remaining int       // requests left in the window
	Reset     time.Time // end of the window, by this host's clock
}

const (
	// maxReset is the furthest end of a rate window that is believed. WorkOS's windows are a
	// minute (reference, "Rate Limits"). A claim beyond an hour is taken for nonsense, so that
	// one bad header cannot stop a service for a day.
	maxReset = time.Hour
	// maxRetryAfter is the longest wait that a refusal may ask its caller for; a longer one is
	// taken for nonsense. The gate believes it for maxReset.
	maxRetryAfter = 31 * 24 * time.Hour
	// maxCount is the largest number of requests that is believed.
	maxCount = 1 << 30
)

// A claim is what one family of rate headers says.
type claim struct{ limit, remaining, reset string }

// claims are what the headers say of the budget, in every form that servers send: the names
// X-RateLimit-* and RateLimit-* (the sixth IETF draft), and RateLimit alone, as a list
// (limit=5, remaining=4, reset=60; the seventh draft) or as items ("5-in-1min";r=4;t=60; the eighth).
func claims(h http.Header) iter.Seq[claim] {
	return func(yield func(claim) bool) {
		for _, names := range [...]claim{
			{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
			{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"},
		} {
			limits, remainings, resets := h[names.limit], h[names.remaining], h[names.reset]
			for i := range max(len(remainings), len(resets)) {
				if !yield(claim{at(limits, i), at(remainings, i), at(resets, i)}) {
					return
				}
			}
		}
		for _, line := range h["Ratelimit"] {
			for c := range listed(line) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// listed are the claims in a RateLimit header.
func listed(line string) iter.Seq[claim] {
	return func(yield func(claim) bool) {
		var c claim
		for member := range strings.SplitSeq(line, ",") {
			for parameter := range strings.SplitSeq(member, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				switch strings.ToLower(name) {
				case "limit", "q":
					c.limit = value
				case "remaining", "r":
					c.remaining = value
				case "reset", "t":
					c.reset = value
				}
			}
			if strings.Contains(member, ";") {
				if !yield(c) {
					return
				}
				c = claim{}
			}
		}
		if c != (claim{}) {
			yield(c)
		}
	}
}

// readRateLimit reads the rate headers of an answer. Of several claims the one
// with the least remaining holds. ok is false unless one claim has both a number of requests left
// and a reset that makes sense.
func readRateLimit(a *answer) (limit RateLimit, ok bool) {
	for c := range claims(a.header) {
		remaining, counts := count(c.remaining)
		left, makesSense := timeUntilReset(c.reset, a, maxReset)
		if !counts || !makesSense || ok && remaining >= limit.Remaining {
			continue
		}
		most, told := count(c.limit)
		if told && most == 0 {
			continue // a window of no requests is nonsense
		}
		limit, ok = RateLimit{Limit: most, Remaining: remaining, Reset: a.received.Add(left)}, true
	}
	return limit, ok
}

// askedToWait is how long a refusal tells the caller to stay away: the longest that Retry-After
// says. On a 429 without one it is the time until the reset, if no budget is left. It is zero if
// the answer does not say.
func askedToWait(a *answer) (wait time.Duration) {
	for _, line := range a.header["Retry-After"] {
		for text := range items(line) {
			asked, _ := timeUntil(text, a, maxRetryAfter)
			wait = max(wait, asked)
		}
	}
	if wait > 0 || a.status != http.StatusTooManyRequests {
		return wait
	}
	for c := range claims(a.header) {
		remaining, told := count(c.remaining)
		if most, says := count(c.limit); told && remaining > 0 || says && most == 0 {
			continue
		}
		left, _ := timeUntilReset(c.reset, a, maxRetryAfter)
		wait = max(wait, left)
	}
	return wait
}

// fromCache reports whether a cache gave the answer, so that its rate headers are of long ago.
func fromCache(h http.Header) bool {
	age := h.Get("Age")
	return age != "" && age != "0" || h.Get("X-From-Cache") != "" ||
		strings.HasPrefix(strings.ToUpper(h.Get("X-Cache")), "HIT") || strings.EqualFold(h.Get("Cf-Cache-Status"), "HIT")
}

// timeUntil reads a moment, whatever its header's name: a number is seconds from now below 10⁸,
// epoch seconds below 10¹¹, and else epoch milliseconds; other text is an HTTP date or RFC 3339.
// What is absolute counts against the answer's own Date. Zero, the past and what is further away
// than most say nothing.
func timeUntil(text string, a *answer, most time.Duration) (time.Duration, bool) {
	var wait time.Duration
	n, isNumber := decimal(text)
	switch {
	case isNumber && n < 1e8:
		if n > most.Seconds() {
			return 0, false
		}
		wait = seconds(n)
	case isNumber:
		if n < 1e11 {
			n *= 1000
		}
		if n > 1e15 {
			return 0, false
		}
		wait = time.UnixMilli(int64(math.Ceil(n))).Sub(a.serverTime())
	default:
		date, ok := parseDate(text)
		if !ok {
			return 0, false
		}
		wait = date.Sub(a.serverTime())
	}
	if wait <= 0 || wait > most {
		return 0, false
	}
	return wait, true
}

// timeUntilReset reads the end of a window. Services cut it to the second: zero is the second that
// has begun.
func timeUntilReset(line string, a *answer, most time.Duration) (time.Duration, bool) {
	for text := range items(line) {
		n, ok := decimal(text)
		if ok && (n == 0 || n >= 1e8 && time.Unix(int64(n), 0).Equal(a.serverTime())) {
			return time.Second, true
		}
		return timeUntil(text, a, most)
	}
	return 0, false
}

func seconds(n float64) time.Duration { return time.Duration(math.Ceil(n*1e6)) * time.Microsecond }

// dateForms are HTTP's and what servers make of them: UTC for GMT, a day of one digit, an offset.
var dateForms = []string{
	http.TimeFormat, "Mon, 2 Jan 2006 15:04:05 GMT", "Mon, 2 Jan 2006 15:04:05 UTC", "Mon, 2 Jan 2006 15:04:05 -0700",
	time.RFC3339, time.RFC850, time.ANSIC,
}

func parseDate(text string) (time.Time, bool) {
	if len(text) < len("2006-01-02T15:04:05Z") {
		return time.Time{}, false
	}
	for _, form := range dateForms {
		if date, err := time.Parse(form, text); err == nil {
			return date, true
		}
	}
	if before := strings.Replace(text, ":60 ", ":59 ", 1); before != text { // a leap second
		date, ok := parseDate(before)
		return date.Add(time.Second), ok
	}
	return time.Time{}, false
}

// items are the values in a line of a header, which may have several with commas between them,
// without quotes, blanks and parameters. A date has a comma of its own and stays whole.
func items(line string) iter.Seq[string] {
	return func(yield func(string) bool) {
		const around = " \t\""
		line = strings.Trim(line, around)
		if _, isDate := parseDate(line); isDate {
			yield(line)
			return
		}
		for item := range strings.SplitSeq(line, ",") {
			item, _, _ = strings.Cut(item, ";")
			if !yield(strings.Trim(item, around)) {
				return
			}
		}
	}
}

// at is the ith of the lines, or the last where there are fewer.
func at(lines []string, i int) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[min(i, len(lines)-1)]
}

// count reads a number of requests, the least of several.
func count(line string) (least int, ok bool) {
	for item := range items(line) {
		n, isNumber := decimal(item)
		if isNumber && n <= maxCount && n == math.Trunc(n) && (!ok || int(n) < least) {
			least, ok = int(n), true
		}
	}
	return least, ok
}

// decimal reads digits, perhaps with a fraction: no sign, no blank, no exponent.
func decimal(s string) (float64, bool) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
