package client

import (
	"cmp"
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

// maxReset is the furthest end of a rate window that is believed. WorkOS's windows are a
// minute (reference, "Rate Limits"). A claim beyond an hour is taken for nonsense, so that
// one bad header cannot stop a service for a day.
const maxReset = time.Hour

// maxRetryAfter is the longest wait that a refusal may ask its caller for; a longer one is
// taken for nonsense. The gate believes it for maxReset.
const maxRetryAfter = 31 * 24 * time.Hour

// eachClaim reads the rate headers in every form that servers send: the names X-RateLimit-* and
// RateLimit-* (the sixth IETF draft), and RateLimit alone, as a list (limit=5, remaining=4,
// reset=60; the seventh draft) or as items ("5-in-1min";r=4;t=60; the eighth). A window of no
// requests is nonsense.
//
// hear is told what each family says: numbers that are negative where it does not say, or says
// nonsense, and the time until the reset, which is then zero.
func (a *answer) eachClaim(hear func(limit, remaining int, wait time.Duration)) {
	say := func(limit, remaining, reset string) {
		if most := count(limit); reset != "" && most != 0 && !strings.HasPrefix(limit, "-") {
			wait := time.Second // services cut the reset to the second: zero is within the second that has begun
			if n := number(reset); n != 0 && n != float64(a.serverTime().Unix()) {
				wait = a.timeUntil(reset)
			}
			hear(most, count(remaining), wait)
		}
	}
	for _, name := range [...][3]string{{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}, {"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"}} {
		for i, reset := range a.header[name[2]] { // a gateway may add its own to the service's
			say(nth(a.header[name[0]], i), nth(a.header[name[1]], i), reset)
		}
	}
	for _, line := range a.header["Ratelimit"] {
		item := make(map[string]string)
		line = strings.NewReplacer(" = ", "=", " =", "=", "= ", "=").Replace(strings.ToLower(line)) + `,""`
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(",; \t", r) }) {
			name, value, isPair := strings.Cut(part, "=")
			if _, told := item[name]; told || !isPair || name[:min(1, len(name))] == `"` { // the name of the next item, as in the eighth draft
				say(item["limit"], cmp.Or(item["remaining"], item["r"]), cmp.Or(item["reset"], item["t"]))
				clear(item)
			}
			item[name] = value
		}
	}
}

// nth is a line of a header, empty if there is none.
func nth(l []string, n int) string { return strings.Join(l[min(n, len(l)):min(n+1, len(l))], "") }

// readRateLimit reads the rate headers of an answer. Of several claims the one with the least
// remaining holds. ok is false unless one claim has both a number of requests left and a reset
// that makes sense.
func readRateLimit(a *answer) (told RateLimit, ok bool) {
	a.eachClaim(func(limit, remaining int, wait time.Duration) {
		if remaining >= 0 && wait > 0 && wait <= maxReset && (!ok || remaining < told.Remaining || remaining == told.Remaining && a.received.Add(wait).After(told.Reset)) {
			told, ok = RateLimit{Limit: max(limit, 0), Remaining: remaining, Reset: a.received.Add(wait)}, true
		}
	})
	return told, ok
}

// askedToWait is how long a refusal tells the caller to stay away: the longest that Retry-After
// says. On a 429 without one it is the time until the reset, unless the headers say that budget is
// left. It is zero if the answer does not say.
func askedToWait(a *answer) (wait time.Duration) {
	for item := range strings.SplitSeq(strings.Join(a.header["Retry-After"], ","), ",") {
		wait = max(wait, a.timeUntil(item))
	}
	if wait == 0 && a.status == http.StatusTooManyRequests {
		a.eachClaim(func(_, remaining int, untilReset time.Duration) {
			if remaining <= 0 {
				wait = max(wait, untilReset)
			}
		})
	}
	return wait
}

// timeUntil reads a moment, whatever its header's name: a number is seconds from now below 10⁸,
// epoch seconds below 10¹¹, and else epoch milliseconds; other text is an HTTP date or RFC 3339.
// What is absolute counts against the answer's own Date. It is zero for zero, for the past, and
// for what is further away than maxRetryAfter.
func (a *answer) timeUntil(text string) (wait time.Duration) {
	switch n := number(text); {
	case n < 0:
		wait = parseDate(strings.Trim(text, " \t\"")).Sub(a.serverTime())
	case n < 1e8:
		wait = time.Duration(math.Ceil(n*1000)) * time.Millisecond
	case n < 1e11:
		wait = time.UnixMilli(int64(math.Ceil(n * 1000))).Sub(a.serverTime())
	case n < 1e15:
		wait = time.UnixMilli(int64(math.Ceil(n))).Sub(a.serverTime())
	}
	if wait < 0 || wait > maxRetryAfter {
		return 0
	}
	return wait
}

// dateForms are HTTP's and what servers make of them, without the day of the week before a comma:
// UTC for GMT, an offset. A day may have one digit.
var dateForms = []string{
	"2 Jan 2006 15:04:05 GMT", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -07:00", "2-Jan-06 15:04:05 GMT", "2-Jan-2006 15:04:05 GMT",
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 GMT", "2006-01-02 15:04:05 -0700 GMT", time.ANSIC,
}

// parseDate reads a date. The zero time stands for anything else.
func parseDate(text string) time.Time {
	_, withoutDay, _ := strings.Cut(text, ",")
	text = strings.TrimSpace(strings.Replace(cmp.Or(withoutDay, text), "UTC", "GMT", 1))
	whole := strings.Replace(text, ":60 ", ":59 ", 1) // a leap second, which no time.Time has
	for _, form := range dateForms {
		if date, err := time.Parse(form, whole); err == nil {
			return date.Add(time.Duration(strings.Count(text, ":60 ")) * time.Second)
		}
	}
	return time.Time{}
}

// count reads a number of requests, the first of several, and no more than fits 32 bits. It is
// negative where there is none.
func count(line string) int { return int(min(number(line), 1<<30)) }

// number reads the first number in a line, without quotes, blanks and parameters: digits, perhaps
// with a fraction, but no sign and no exponent. It is negative for anything else.
func number(line string) float64 {
	line, _, _ = strings.Cut(strings.ReplaceAll(line, ";", ","), ",")
	line = strings.Trim(strings.TrimSpace(line), `"`)
	n, err := strconv.ParseFloat(line, 64)
	if err != nil || strings.ContainsFunc(line, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }) {
		return -1
	}
	return n
}
