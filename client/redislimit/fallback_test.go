package redislimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
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

func (l *lines) count(text string) int {
	return strings.Count(l.String(), text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Five waits at a closed port cost little, and no error.
func TestClosedPort(t *testing.T) {
	t.Parallel()
	var log lines
	limiter := redislimit.New(connect(t, freePort(t)), "a-secret-name", 10, time.Minute, redislimit.WithLogger(log.logger()))
	begun := time.Now()
	for range 5 {
		if err := limiter.Wait(within(t, 30*time.Second)); err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
	}
	took := time.Since(begun)
	t.Logf("five waits at a closed port: %v", took)
	if took > 5*time.Second {
		t.Errorf("five waits took %v, want less than 5s", took)
	}
	if state := limiter.State(); !state.Degraded || state.Cause == nil || state.Since.Before(begun) {
		t.Errorf("State() = %+v, want degraded, since when and why", state)
	}
	eventually(t, "the log says so", func() bool { return log.count("msg=") > 0 })
	if n := log.count("msg="); n != 1 || log.count("secret") > 0 {
		t.Errorf("the log has %d lines, want one without the name: %s", n, &log)
	}
	// The share of one process is the limit: five are left, and then none.
	for range 5 {
		if err := limiter.Wait(within(t, 30*time.Second)); err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
	}
	if err := limiter.Wait(within(t, 30*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait beyond the share = %v, want ErrWouldExceedDeadline", err)
	}
}

func TestFailClosed(t *testing.T) {
	t.Parallel()
	limiter := redislimit.New(connect(t, freePort(t)), "budget", 10, time.Minute, redislimit.WithFallback(redislimit.FailClosed))
	begun := time.Now()
	for range 5 {
		err := limiter.Wait(within(t, 30*time.Second))
		if !errors.Is(err, redislimit.ErrUnavailable) {
			t.Errorf("Wait = %v, want ErrUnavailable", err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, which is no deadline of the caller's", err)
		}
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("five waits took %v, want less than 5s", took)
	}
}

// A Redis that takes connections and never answers costs each Wait no more than the
// timeout, although the client would wait longer.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rdb := redis.NewClient(&redis.Options{Addr: l.Addr().String(), MaxRetries: -1, ReadTimeout: 4 * time.Second, DialerRetries: 1})
	limiter := redislimit.New(rdb, "budget", 100, time.Minute, redislimit.WithTimeout(300*time.Millisecond))
	begun := time.Now()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := limiter.Wait(within(t, 30*time.Second)); err != nil {
				t.Errorf("Wait = %v, want nil", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("50 waits took %v, want about one timeout", took)
	}
	// A caller with less time than the timeout is not held either.
	short := redislimit.New(rdb, "budget", 100, time.Minute, redislimit.WithTimeout(20*time.Second))
	if err := short.Wait(within(t, 50*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait = %v, want context.DeadlineExceeded", err)
	}
	_ = rdb.Close()
}

// Each way of Redis to be there and not do its work ends the same: the fallback
// decides, and Redis is used again when it works.
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
			addr := redisServer(t, "--replica-read-only", "yes", "--maxmemory-policy", "noeviction")
			var log lines
			rdb := connect(t, addr)
			limiter := redislimit.New(rdb, "budget", 100, time.Minute,
				redislimit.WithFallback(redislimit.FailClosed), redislimit.WithLogger(log.logger()))
			if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
				t.Fatalf("Wait before = %v", err)
			}
			if err := rdb.Do(t.Context(), test.spoil...).Err(); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			err := limiter.Wait(within(t, 10*time.Second))
			if !errors.Is(err, redislimit.ErrUnavailable) || !strings.Contains(err.Error(), test.cause) {
				t.Errorf("Wait = %v, want ErrUnavailable because of %s", err, test.cause)
			}
			if took := time.Since(begun); took > 4*time.Second {
				t.Errorf("Wait took %v, want about a second at most", took)
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

// What went without Redis is in its log once it is back.
func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	limiter := redislimit.New(connect(t, addr), "budget", 5000, time.Hour, redislimit.WithTimeout(200*time.Millisecond))
	went := 0
	wait := func() {
		if err := limiter.Wait(within(t, 10*time.Second)); err == nil {
			went++
		}
	}
	begun := time.Now()
	eventually(t, "Redis has been tried in vain more than once", func() bool {
		wait()
		return time.Since(begun) > 1500*time.Millisecond
	})
	startRedis(t, addr)
	eventually(t, "Redis is used", func() bool {
		wait()
		return !limiter.State().Degraded
	})
	if n := connect(t, addr).ZCard(t.Context(), key("budget", "log")).Val(); went < 10 || n != int64(went) {
		t.Errorf("the log has %d entries of %d attempts", n, went)
	}
}

// What the process had from Redis counts when Redis is away.
func TestRedisGoesAway(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	stop := startRedis(t, addr)
	limiter := redislimit.New(connect(t, addr), "budget", 10, time.Hour, redislimit.WithReplicas(2))
	for range 3 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	for range 2 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Errorf("Wait = %v, want nil within the share of 5", err)
		}
	}
	if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait = %v, want ErrWouldExceedDeadline: 3 of 5 were taken from Redis", err)
	}
}

// delay holds up one command of a client, as a bad connection does.
type delay struct {
	hold    atomic.Bool
	release chan struct{}
}

func (d *delay) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *delay) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *delay) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if d.hold.CompareAndSwap(true, false) {
			<-d.release
			ctx = context.WithoutCancel(ctx)
		}
		return next(ctx, cmd)
	}
}

// A trip that gets through when it was long given up is nobody's: what it gave is
// given back.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	held, rdb := connect(t, addr), connect(t, addr)
	d := &delay{release: make(chan struct{})}
	held.AddHook(d)
	limiter := redislimit.New(held, "budget", 5, time.Hour,
		redislimit.WithFallback(redislimit.FailClosed), redislimit.WithTimeout(2*time.Second))
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	d.hold.Store(true)
	if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrUnavailable) {
		t.Errorf("Wait = %v, want ErrUnavailable", err)
	}
	eventually(t, "Redis is used again", func() bool { return limiter.Wait(within(t, 10*time.Second)) == nil })
	before := calls(t, rdb)
	close(d.release)
	eventually(t, "the answer came, and another trip after it", func() bool { return calls(t, rdb) == before+2 })
	if n := rdb.ZCard(t.Context(), key("budget", "log")).Val(); n != 2 {
		t.Errorf("the log has %d entries, want the two that went", n)
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
	limiter := redislimit.New(connect(t, freePort(t)), "budget", 1, time.Minute, redislimit.WithFallback(own))
	for range 3 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
	}
	if own.calls != 3 {
		t.Errorf("the fallback was asked %d times, want 3", own.calls)
	}
}
