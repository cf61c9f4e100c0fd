package redislimit_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
	"github.com/adminportal-go/adminportal/internal/require"
)

// shared connects to the redis-server of all tests that do it no harm.
func shared(t testing.TB) *redis.Client {
	t.Helper()
	sharedOnce.Do(func() {
		sharedAddr, stopShared = startRedis(t, freePort(t))
	})
	if sharedAddr == "" {
		t.Skip("no redis-server, as said before")
	}
	rdb := connect(t, sharedAddr)
	rdb.Del(t.Context(), redislimit.Keys(t.Name())...) // of an earlier run, with -count
	return rdb
}

var (
	sharedOnce sync.Once
	sharedAddr string
	stopShared = func() {}
)

// redisServer starts a redis-server of the test's own and returns its address.
func redisServer(t testing.TB, args ...string) string {
	t.Helper()
	addr, stop := startRedis(t, freePort(t), args...)
	t.Cleanup(stop)
	return addr
}

// startRedis starts a redis-server that keeps nothing on disk.
func startRedis(t testing.TB, addr string, args ...string) (_ string, stop func()) {
	t.Helper()
	path := require.Tool(t, "redis-server", "redis-server")
	dir, err := os.MkdirTemp("", "redislimit") //nolint:usetesting // the shared one outlives the test
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, append([]string{
		"--bind", host, "--port", port, "--dir", dir, "--logfile", filepath.Join(dir, "log"), "--save", "", "--appendonly", "no",
	}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	eventually(t, "redis-server answers", func() bool { return rdb.Ping(t.Context()).Err() == nil })
	return addr, stop
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// connect returns a client with connections of its own.
func connect(t testing.TB, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// eventually is for what another process does in its own time.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 15 s: %s", what)
		}
	}
}

// within returns a context that ends a test that hangs.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// spend takes n attempts.
func spend(t testing.TB, limiter *redislimit.Limiter, n int) {
	t.Helper()
	for i := range n {
		if err := limiter.Wait(within(t, 20*time.Second)); err != nil {
			t.Fatalf("Wait %d = %v, want nil", i+1, err)
		}
	}
}

// wait starts a Wait and returns how to end it, and what it returned.
func wait(ctx context.Context, limiter *redislimit.Limiter) (context.CancelFunc, <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- limiter.Wait(ctx) }()
	return cancel, done
}

// key returns a key of the limiter that is named after the test.
func key(t testing.TB, part string) string {
	t.Helper()
	keys := redislimit.Keys(t.Name())
	i := slices.IndexFunc(keys, func(key string) bool { return strings.HasSuffix(key, ":"+part) })
	return keys[i]
}

func card(t testing.TB, rdb *redis.Client, part string) int {
	t.Helper()
	return int(rdb.ZCard(t.Context(), key(t, part)).Val())
}

// calls counts how often a server has run a script.
func calls(t testing.TB, rdb *redis.Client) (n int) {
	t.Helper()
	info, err := rdb.InfoMap(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"eval", "evalsha"} {
		value, _, _ := strings.Cut(strings.TrimPrefix(info["Commandstats"]["cmdstat_"+command], "calls="), ",")
		calls, _ := strconv.Atoi(value) // 0 where it was never called
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
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, now)
}

// check holds the attempts to the promise: no span of window has more than limit.
func (c *tally) check(limit int, window time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.times, time.Time.Compare)
	for i := limit; i < len(c.times); i++ {
		if span := c.times[i].Sub(c.times[i-limit]); span < window {
			return fmt.Errorf("%d attempts within %v, want at most %d in %v", limit+1, span, limit, window)
		}
	}
	return nil
}

func (c *tally) took() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.MaxFunc(c.times, time.Time.Compare).Sub(slices.MinFunc(c.times, time.Time.Compare))
}
