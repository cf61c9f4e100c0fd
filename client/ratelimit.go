package client

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// A RateLimit is what the service says of its budget. Reset is the zero time
// while nothing is known; the other fields then mean nothing.
type RateLimit struct {
	Limit     int       // requests that a window allows in all; 0 if the service does not say
	Remaining int       // requests left in the window
	Reset     time.Time // end of the window, by this host's clock
}

const (
	// maxReset is the furthest end of a rate window that is believed. WorkOS's
	// windows are a minute (reference, "Rate Limits"); a claim beyond an hour is
	// taken for nonsense, so that one bad header cannot stop a service for a day.
	maxReset = time.Hour
	// maxRetryAfter is the longest wait that a refusal may ask its caller for; what
	// is longer is taken for nonsense. The gate believes it for maxReset.
	maxRetryAfter = 31 * 24 * time.Hour
	// maxRemaining is the largest count that is believed.
	maxRemaining = 1 << 30
	// firstEpoch tells the two spellings of X-RateLimit-Reset apart: a smaller
	// number is seconds from now, a larger one seconds since 1970 (1973 and on).
	firstEpoch = 100_000_000
)

// readRateLimit reads the rate headers of an answer that came at now. ok is false
// unless both the remaining budget and the reset make sense.
func readRateLimit(h http.Header, now time.Time) (limit RateLimit, ok bool) {
	remaining, ok := digits(first(h, headerRemaining))
	if !ok || remaining > maxRemaining {
		return RateLimit{}, false
	}
	left, ok := readReset(h, now, maxReset)
	if !ok {
		return RateLimit{}, false
	}
	limit = RateLimit{Remaining: int(remaining), Reset: now.Add(left)}
	if n, ok := digits(first(h, headerLimit)); ok && n <= maxRemaining {
		limit.Limit = int(n)
	}
	return limit, true
}

// readReset is the time left until X-RateLimit-Reset, if that makes sense and is no
// more than most.
func readReset(h http.Header, now time.Time, most time.Duration) (time.Duration, bool) {
	n, ok := digits(first(h, headerReset))
	if !ok {
		return 0, false
	}
	if n >= firstEpoch {
		// By the server's own clock. Date is cut to the second, so the wait is at
		// most that second too long and never too short.
		n -= serverTime(h, now).Unix()
	}
	if n < 0 || n > int64(most/time.Second) {
		return 0, false
	}
	// Services cut to the second: 0 is the second that has begun.
	return time.Duration(max(n, 1)) * time.Second, true
}

// askedToWait is how long a refusal tells the caller to stay away: what
// Retry-After says, or on a 429 the time until the reset, unless budget is left
// and the reset is not why.
func askedToWait(status int, h http.Header, now time.Time) (time.Duration, bool) {
	if wait, ok := readRetryAfter(h, now); ok {
		return wait, true
	}
	if status != http.StatusTooManyRequests {
		return 0, false
	}
	if remaining, ok := digits(first(h, headerRemaining)); ok && remaining > 0 {
		return 0, false
	}
	return readReset(h, now, maxRetryAfter)
}

// readRetryAfter is what Retry-After says, in either of its forms. Zero, a past
// date and nonsense are false: the caller backs off by its own formula then.
func readRetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := first(h, headerRetryAfter)
	n, ok := digits(value)
	if !ok {
		if value == "" {
			return 0, false
		}
		at, err := http.ParseTime(value)
		if err != nil {
			return 0, false
		}
		n = at.Unix() - serverTime(h, now).Unix()
	}
	if n <= 0 || n > int64(maxRetryAfter/time.Second) {
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

// serverTime is the answer's Date, or now where there is none.
func serverTime(h http.Header, now time.Time) time.Time {
	if date, ok := readDate(h); ok {
		return date
	}
	return now
}

// lastDate remembers one Date: it changes once a second, and reading it is a
// fifteenth of a call's cost.
var lastDate atomic.Pointer[struct {
	text string
	date time.Time
}]

// readDate is the answer's Date. ok is false where there is none or it is nonsense.
func readDate(h http.Header) (date time.Time, ok bool) {
	text := first(h, headerDate)
	if last := lastDate.Load(); last != nil && last.text == text {
		return last.date, true
	}
	date, err := http.ParseTime(text)
	if err != nil {
		// A leap second has the 60 that no time.Time has: it is the second after 59.
		date, err = http.ParseTime(strings.Replace(text, ":60 ", ":59 ", 1))
		date = date.Add(time.Second)
	}
	if err != nil {
		return time.Time{}, false
	}
	lastDate.Store(&struct {
		text string
		date time.Time
	}{strings.Clone(text), date})
	return date, true
}

// The headers read here, as net/http spells them: a look-up by another spelling
// would be rewritten each time.
const (
	headerDate       = "Date"
	headerLimit      = "X-Ratelimit-Limit"
	headerRemaining  = "X-Ratelimit-Remaining"
	headerRequestID  = "X-Request-Id"
	headerReset      = "X-Ratelimit-Reset"
	headerRetryAfter = "Retry-After"
)

func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// digits reads a plain decimal number: no sign, no blank, no exponent.
func digits(s string) (n int64, ok bool) {
	const most = 18 // digits that an int64 surely holds
	if s == "" || len(s) > most {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
