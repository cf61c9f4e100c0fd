package redislimit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // Redis goes away here on purpose
	goleak.VerifyTestMain(m)
}

var (
	connect, freePort  = redistest.Connect, redistest.FreePort
	eventually, within = redistest.Eventually, redistest.Within
)

// redisServer is a client of a redis-server of the test's own.
func redisServer(t *testing.T, args ...string) *redis.Client {
	t.Helper()
	return redistest.Start(t, args...).Client
}

// spend takes n attempts.
func spend(t *testing.T, limiter *Limiter, n int) {
	t.Helper()
	for i := range n {
		if err := limiter.Wait(within(t, 20*time.Second)); err != nil {
			t.Fatalf("Wait %d = %v, want nil", i+1, err)
		}
	}
}

// wait starts a Wait and returns how to end it, and what it returned.
func wait(ctx context.Context, limiter *Limiter) (context.CancelFunc, <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- limiter.Wait(ctx) }()
	return cancel, done
}

// key returns a key of the limiter that is named after the test.
func key(t *testing.T, part string) string {
	return strings.TrimSuffix(keys(t.Name())[0], "log") + part
}

func card(t *testing.T, rdb *redis.Client, part string) int {
	return int(rdb.ZCard(t.Context(), key(t, part)).Val())
}

// calls counts how often a server has run a script.
func calls(t *testing.T, rdb *redis.Client) (n int) {
	t.Helper()
	info, err := rdb.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"eval", "evalsha"} {
		var calls int // 0 where it was never called
		_, _ = fmt.Sscanf(info["Commandstats"]["cmdstat_"+command], "calls=%d", &calls)
		n += calls
	}
	return n
}

// A tally counts attempts as a server would.
type tally struct {
	mu    sync.Mutex
	times []time.Time
}

func (c *tally) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Now())
}

// check holds the attempts to the promise, that no span of window has more than limit,
// and to the time in which all should be made.
func (c *tally) check(limit int, window, most time.Duration) error {
	for i := limit; i < len(c.times); i++ {
		if span := c.times[i].Sub(c.times[i-limit]); span < window {
			return fmt.Errorf("%d attempts within %v, want at most %d in %v", limit+1, span, limit, window)
		}
	}
	if took := c.times[len(c.times)-1].Sub(c.times[0]); took > most {
		return fmt.Errorf("%d attempts took %v, want at most %v", len(c.times), took, most)
	}
	return nil
}

// errorIf calls t.Errorf if something is wrong.
func errorIf(t testing.TB, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}
