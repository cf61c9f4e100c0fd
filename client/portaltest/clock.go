package portaltest

import (
	"sync"
	"time"
)

// A clock is the host's, moved by an offset: it never stands still.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(t)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = 0
}

// Now is what the portal's clock says: the host's time, unless [Handler.SetClock]
// or [Handler.Advance] moved it.
func (h *Handler) Now() time.Time { return h.clock.now() }

// SetClock makes the portal's clock say t now and run on from there. Links expire
// by this clock, rate windows end by it, and the Date header tells it. Going back
// is allowed: what was issued in the future of t is valid again.
func (h *Handler) SetClock(t time.Time) { h.clock.set(t) }

// Advance moves the portal's clock on by d, or back by a negative d.
func (h *Handler) Advance(d time.Duration) { h.clock.advance(d) }
