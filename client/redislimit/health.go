package redislimit

import (
	"math/rand/v2"
	"time"
)

// A State tells whether Redis decides, or the fallback.
type State struct {
	Degraded bool      // Redis is away, and the fallback decides
	Since    time.Time // since when; zero as long as Redis has always been there
	Cause    error     // why, where degraded
}

// Redis is left alone after a failure, for longer each time.
const (
	minBackoff = time.Second
	maxBackoff = 10 * time.Second
)

type health struct {
	State
	retry   time.Time
	backoff time.Duration
}

// away reports whether Redis should be left alone.
func (h *health) away(now time.Time) bool { return h.Degraded && now.Before(h.retry) }

// failed and well report whether this was news.
func (h *health) failed(now time.Time, cause error) bool {
	news := !h.Degraded
	if news {
		h.Degraded, h.Since, h.backoff = true, now, minBackoff
	} else {
		h.backoff = min(2*h.backoff, maxBackoff)
	}
	h.Cause = cause
	// A fifth of it is chance, so that a fleet does not come back as one.
	h.retry = now.Add(h.backoff - rand.N(h.backoff/5)) //nolint:gosec // jitter, not a secret
	return news
}

func (h *health) well(now time.Time) bool {
	if !h.Degraded {
		return false
	}
	h.State = State{Since: now}
	return true
}

// tell logs a change of state. The limiter's name may be a secret, and is left out.
func (l *Limiter) tell(state State) {
	switch {
	case l.logger == nil:
	case state.Degraded:
		l.logger.Warn("redislimit: Redis is away, the fallback decides", "error", state.Cause)
	default:
		l.logger.Info("redislimit: Redis is back")
	}
}
