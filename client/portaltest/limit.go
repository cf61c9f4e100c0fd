package portaltest

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A ResetStyle is how X-RateLimit-Reset spells the end of a window. Services
// differ, and a client must tell the two apart.
type ResetStyle int

const (
	// ResetDelta is whole seconds from now. It is the default.
	ResetDelta ResetStyle = iota
	// ResetEpoch is whole seconds since 1970.
	ResetEpoch
)

// Defaults of [WithRateLimit] and [WithRateWindow]: the standard tier, as
// https://workos.com/docs/reference/admin-portal gives it.
const (
	defaultLimit  = 100
	defaultWindow = time.Minute
)

// limits counts every key's requests in windows that begin with a key's first
// request and end after a fixed time.
type limits struct {
	limit  int // negative: no limit
	window time.Duration
	style  ResetStyle

	mu      sync.Mutex
	windows map[string]window // by key; only of keys that exist, so it stays small
}

type window struct {
	start time.Time
	used  int
}

// A budget is what is left to a key: what the rate headers tell.
type budget struct {
	limit, remaining int
	reset            time.Time
	refused          bool
}

// take counts a request of key and says what is left. Refused requests count for
// nothing: the window does not grow.
func (l *limits) take(key string, now time.Time) budget { return l.look(key, now, 1) }

// peek says what is left without counting.
func (l *limits) peek(key string, now time.Time) budget { return l.look(key, now, 0) }

// unused is the budget of somebody who is not counted, for lack of a key.
func (l *limits) unused(now time.Time) budget {
	return budget{limit: l.limit, remaining: max(l.limit, 0), reset: now.Add(l.window)}
}

func (l *limits) look(key string, now time.Time, requests int) budget {
	if l.limit < 0 {
		return l.unused(now)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.windows[key]
	// A clock that was set back finds itself before the window: that one is void.
	if !ok || now.Before(w.start) || !now.Before(w.start.Add(l.window)) {
		w = window{start: now}
	}
	refused := w.used+requests > l.limit
	if !refused {
		w.used += requests
	}
	if requests > 0 {
		l.windows[key] = w
	}
	return budget{limit: l.limit, remaining: l.limit - w.used, reset: w.start.Add(l.window), refused: refused}
}

func (l *limits) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.windows, key)
}

func (l *limits) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.windows = make(map[string]window)
}

// headers writes what the budget says, for an answer given now. Seconds are
// rounded up: who waits that long finds the window gone.
func (l *limits) headers(h http.Header, b budget, now time.Time) {
	if l.limit < 0 {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.remaining))
	h.Set("X-RateLimit-Reset", l.spell(b.reset, now))
	if b.refused {
		h.Set("Retry-After", strconv.Itoa(max(1, seconds(b.reset.Sub(now)))))
	}
}

func (l *limits) spell(reset, now time.Time) string {
	if l.style == ResetEpoch {
		return strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10)
	}
	return strconv.Itoa(seconds(reset.Sub(now)))
}

// seconds rounds up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
