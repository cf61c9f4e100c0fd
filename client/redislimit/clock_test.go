package redislimit

import (
	"math/rand/v2"
	"testing"
	"time"
)

// However long trips take, the clock never shows what is not yet, and its two sides
// are no further apart than the fastest trip was long, and two clocks may have gone
// since.
func TestClock(t *testing.T) {
	var (
		c     clock
		now   = time.Now()
		ahead = time.Duration(rand.Int64N(int64(time.Hour))) - 30*time.Minute
		truth = func(now time.Time) instant { return instant(now.Add(ahead).UnixMicro()) }
		best  = time.Hour
		last  = now
	)
	for range 1000 {
		sent := now
		there := sent.Add(rand.N(50 * time.Millisecond))
		now = there.Add(rand.N(50 * time.Millisecond))
		c.learn(sent, now, truth(there))
		best = min(best+2*now.Sub(last)/drift, now.Sub(sent))
		last = now
		if earliest, latest := c.earliest(now), c.latest(now); earliest > truth(now)+1 || latest < truth(now)-1 {
			t.Fatalf("earliest, latest = %d, %d, want %d in between", earliest, latest, truth(now))
		} else if sure := latest.sub(earliest); sure > best+10*time.Microsecond {
			t.Fatalf("the clock is known to %v, want %v", sure, best)
		}
		if at := c.earliest(now).add(time.Second); c.earliest(c.local(at)) < at {
			t.Fatalf("local(%d) comes before it", at)
		}
		now = now.Add(rand.N(100 * time.Millisecond))
		if rand.IntN(100) == 0 {
			ahead += time.Duration(rand.Int64N(int64(time.Minute))) - 30*time.Second // set anew
			best, last = time.Hour, now
			c.learn(now, now.Add(time.Microsecond), truth(now))
		}
	}
}
