package redislimit

import "time"

// An instant is a moment by the log's clock, in microseconds since 1970.
type instant int64

func (at instant) add(d time.Duration) instant { return at + instant(d.Microseconds()) }
func (at instant) sub(before instant) time.Duration {
	return time.Duration(at-before) * time.Microsecond
}

// A clock reads the log's clock between trips. Each trip tells an instant between
// when it was sent and when it was received; what holds for all of them is known
// better than any one tells.
type clock struct {
	base        time.Time     // what the others count from; zero while nothing is known
	least, most time.Duration // how far the log's clock is ahead of the time since base
	learned     time.Time
}

// drift is how far apart two clocks may go, as one part in so many: 500 ppm, which
// is what adjtimex allows.
const drift = 2000

func (c *clock) learn(sent, received time.Time, told instant) {
	said := time.Duration(told) * time.Microsecond
	if c.base.IsZero() {
		c.base, c.learned = received, received
		c.least, c.most = said-received.Sub(c.base), said-sent.Sub(c.base)
		return
	}
	apart := received.Sub(c.learned) / drift
	least, most := said-received.Sub(c.base), said-sent.Sub(c.base)
	c.least, c.most = max(c.least-apart, least), min(c.most+apart, most)
	if c.least > c.most { // one of the clocks was set
		c.least, c.most = least, most
	}
	c.learned = received
}

// earliest and latest are what the log's clock shows at least, and at most.
func (c *clock) earliest(now time.Time) instant {
	return instant((now.Sub(c.base) + c.least) / time.Microsecond)
}

func (c *clock) latest(now time.Time) instant {
	return instant((now.Sub(c.base) + c.most) / time.Microsecond)
}

// local is when the instant has come for sure: whoever goes by it is never early.
func (c *clock) local(at instant) time.Time {
	return c.base.Add(time.Duration(at)*time.Microsecond - c.least)
}

// slept is for how long the machine was suspended since the clock was read, where
// the monotonic clock stops with it. (Or the wall clock was set; nobody can tell.)
func (c *clock) slept(now time.Time) time.Duration {
	byWall := now.Round(0).Sub(c.learned.Round(0))
	return max(byWall-now.Sub(c.learned), 0)
}
