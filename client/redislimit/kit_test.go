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
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/internal/require"
)

// redisServer starts a redis-server of the test's own and returns its address. It
// keeps nothing on disk and is gone when the test is over.
func redisServer(t testing.TB, args ...string) string {
	t.Helper()
	addr := freePort(t)
	startRedis(t, addr, args...)
	return addr
}

func startRedis(t testing.TB, addr string, args ...string) (stop func()) {
	t.Helper()
	path := require.Tool(t, "redis-server", "redis-server")
	dir, err := os.MkdirTemp("", "redislimit") //nolint:usetesting // Redis outlives the test's own cleanup, and a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	log := filepath.Join(dir, "log")
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, append([]string{
		"--bind", host, "--port", port, "--dir", dir, "--logfile", log,
		"--save", "", "--appendonly", "no", "--enable-debug-command", "yes",
	}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	rdb := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	eventually(t, "redis-server answers", func() bool { return rdb.Ping(t.Context()).Err() == nil })
	return stop
}

// freePort is one that nobody listens at, here or 10000 above.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; port < 50000 {
			return "127.0.0.1:" + strconv.Itoa(port)
		}
	}
	t.Fatal("no free port below 50000")
	return ""
}

// connect is a client with connections of its own.
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

// within is a context that ends the test rather than letting it hang.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// A tally counts what a server would see.
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

// busiest is the most that any span holds, wherever it begins.
func (c *tally) busiest(span time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.times, time.Time.Compare)
	most, first := 0, 0
	for i, at := range c.times {
		for at.Sub(c.times[first]) >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func (c *tally) took() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.MaxFunc(c.times, time.Time.Compare).Sub(slices.MinFunc(c.times, time.Time.Compare))
}

func (c *tally) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}

// calls is how often a server has run a script.
func calls(t testing.TB, rdb *redis.Client) (n int) {
	t.Helper()
	for _, command := range []string{"eval", "evalsha"} {
		info, err := rdb.InfoMap(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		var once int
		_, _ = fmt.Sscanf(info["Commandstats"]["cmdstat_"+command], "calls=%d", &once)
		n += once
	}
	return n
}
