package redislimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// lines is a log that several goroutines write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) count(text string) int { return strings.Count(l.String(), text) }

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Without Redis the process has its share, and the cause is known at once, everywhere.
func TestClosedPort(t *testing.T) {
	t.Parallel()
	var log lines
	rdb := connect(t, freePort(t))
	limiter := redislimit.New(rdb, "a-secret-name", 10, time.Minute, redislimit.WithLogger(log.logger()))
	begun := time.Now()
	spend(t, limiter, 10)
	if err := limiter.Wait(within(t, 30*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait beyond the share = %v, want ErrWouldExceedDeadline", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("Waits at a closed port took %v, want about the timeout at most", took)
	}
	const cause = "connection refused"
	if state := limiter.State(); !state.Degraded || state.Since.Before(begun) || !strings.Contains(state.Cause.Error(), cause) {
		t.Errorf("State() = %+v, want degraded, since when and why", state)
	}
	eventually(t, "the log says so", func() bool { return log.count("msg=") > 0 })
	if log.count("msg=") != 1 || log.count("secret") > 0 || log.count(cause) != 1 {
		t.Errorf("the log has %s\nwant one line with the cause and without the name", &log)
	}
	closed := redislimit.New(rdb, t.Name(), 10, time.Minute, redislimit.WithFallback(redislimit.FailClosed))
	for range 3 {
		err := closed.Wait(within(t, 30*time.Second))
		if !errors.Is(err, redislimit.ErrUnavailable) || !strings.Contains(err.Error(), cause) {
			t.Errorf("Wait = %v, want ErrUnavailable because of %s", err, cause)
		}
	}
}

// A pause holds for the fallback too.
func TestPauseWithoutRedis(t *testing.T) {
	t.Parallel()
	limiter := redislimit.New(connect(t, freePort(t)), t.Name(), 3, time.Second)
	begun := time.Now()
	limiter.Pause(t.Context(), 700*time.Millisecond)
	if err := limiter.Wait(within(t, 20*time.Second)); err != nil || time.Since(begun) < 700*time.Millisecond {
		t.Errorf("Wait = %v after %v, want nil after the pause", err, time.Since(begun))
	}
	limiter.Pause(t.Context(), time.Hour)
	if err := limiter.Wait(within(t, 20*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait in a pause = %v, want ErrWouldExceedDeadline", err)
	}
}

// A Redis that takes connections and never answers delays a Wait by no more than the
// timeout, although the client would wait longer.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rdb := redis.NewClient(&redis.Options{Addr: l.Addr().String(), MaxRetries: -1, ReadTimeout: 4 * time.Second, DialerRetries: 1})
	defer rdb.Close()
	limiter := redislimit.New(rdb, t.Name(), 50, time.Minute, redislimit.WithTimeout(200*time.Millisecond))
	begun := time.Now()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { spend(t, limiter, 1) })
	}
	wg.Wait()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("50 waits took %v, want about one timeout", took)
	}
	if cause := limiter.State().Cause; cause == nil || cause.Error() != "no answer in time" {
		t.Errorf("State().Cause = %v, want that there is no answer in time", cause)
	}
	// A caller with less time than the timeout is not held either.
	short := redislimit.New(rdb, t.Name(), 50, time.Minute, redislimit.WithTimeout(20*time.Second))
	if err := short.Wait(within(t, 50*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait = %v, want context.DeadlineExceeded", err)
	}
}

// However Redis fails to do its work, the fallback decides, and Redis is used again when
// it works.
func TestRedisCannotWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		spoil, fix []any
		cause      string
	}{
		{"read-only replica", []any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}, "READONLY"},
		{"out of memory", []any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}, "OOM"},
		{"stalled", []any{"CLIENT", "PAUSE", "60000", "ALL"}, nil, "no answer in time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log lines
			rdb := connect(t, redisServer(t, "--maxmemory-policy", "noeviction"))
			limiter := redislimit.New(rdb, t.Name(), 1000, time.Hour,
				redislimit.WithFallback(redislimit.FailClosed), redislimit.WithLogger(log.logger()))
			spend(t, limiter, 1)
			if err := rdb.Do(t.Context(), test.spoil...).Err(); err != nil {
				t.Fatal(err)
			}
			err := limiter.Wait(within(t, 10*time.Second))
			if !errors.Is(err, redislimit.ErrUnavailable) || !strings.Contains(err.Error(), test.cause) {
				t.Errorf("Wait = %v, want ErrUnavailable because of %s", err, test.cause)
			}
			if test.fix == nil {
				return
			}
			if err := rdb.Do(t.Context(), test.fix...).Err(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "Redis is used again", func() bool { return limiter.Wait(within(t, 10*time.Second)) == nil })
			eventually(t, "the log says so", func() bool { return log.count("is back") > 0 })
			if limiter.State().Degraded || log.count("is away") != 1 || log.count("is back") != 1 {
				t.Errorf("State() = %+v, log:\n%s\nwant a line for each change", limiter.State(), &log)
			}
		})
	}
}

// Redis hears of the attempts that were made without it.
func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	limiter := redislimit.New(connect(t, addr), t.Name(), 5000, time.Hour, redislimit.WithTimeout(200*time.Millisecond))
	went := 0
	begun := time.Now()
	for time.Since(begun) < 1500*time.Millisecond { // until Redis was tried in vain twice
		spend(t, limiter, 1)
		went++
		time.Sleep(20 * time.Millisecond)
	}
	_, stop := startRedis(t, addr)
	t.Cleanup(stop)
	eventually(t, "Redis is used", func() bool {
		spend(t, limiter, 1)
		went++
		return !limiter.State().Degraded
	})
	if n := card(t, connect(t, addr), "log"); n != went {
		t.Errorf("the log has %d slots, want one for each of %d attempts", n, went)
	}
}

// A process takes over with what it last heard of the whole fleet's use.
func TestTakesOver(t *testing.T) {
	t.Parallel()
	addr, stop := startRedis(t, freePort(t))
	one := redislimit.New(connect(t, addr), t.Name(), 10, time.Hour, redislimit.WithReplicas(2))
	other := redislimit.New(connect(t, addr), t.Name(), 10, time.Hour, redislimit.WithReplicas(2))
	spend(t, one, 4)
	spend(t, other, 3)
	stop()
	for _, test := range []struct {
		limiter *redislimit.Limiter
		want    int
		why     string
	}{
		{one, 3, "half of the 6 that were left when it made its 4th"},
		{other, 1, "half of the 3 that were left in the end"},
	} {
		spend(t, test.limiter, test.want)
		if err := test.limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
			t.Errorf("Wait %d without Redis = %v, want ErrWouldExceedDeadline: its share is %s", test.want+1, err, test.why)
		}
	}
}

type fallback struct{ calls int }

func (f *fallback) Wait(context.Context) error {
	f.calls++
	return nil
}

func TestFallbackOfOnesOwn(t *testing.T) {
	t.Parallel()
	own := &fallback{}
	limiter := redislimit.New(connect(t, freePort(t)), t.Name(), 1, time.Minute, redislimit.WithFallback(own))
	spend(t, limiter, 3)
	if own.calls != 3 {
		t.Errorf("the fallback was asked %d times, want 3", own.calls)
	}
}
