package redislimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/internal/redistest"
)

// lines is a log. Its reader takes a line at a time.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func newLog() (lines, Option) {
	l := make(lines, 100)
	return l, WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

// Without Redis the process has its share, and State and the log have the cause.
func TestClosedPort(t *testing.T) {
	t.Parallel()
	log, logger := newLog()
	limiter := New(connect(t, freePort(t)), "a-secret-name", 10, time.Minute, logger)
	begun := time.Now()
	spend(t, limiter, 10)
	if err := limiter.Wait(within(t, 30*time.Second)); !errors.Is(err, ErrWouldExceedDeadline) {
		t.Errorf("Wait beyond the share = %v, want ErrWouldExceedDeadline", err)
	}
	const cause = "connection refused"
	if state := limiter.State(); !state.Degraded || state.Since.Before(begun) || !strings.Contains(state.Cause.Error(), cause) {
		t.Errorf("State() = %+v, want degraded, since when and why", state)
	}
	if line := <-log; !strings.Contains(line, cause) || strings.Contains(line, "secret") || len(log) > 0 {
		t.Errorf("the log has %s and %d lines more, want one line with the cause and without the name", line, len(log))
	}
}

// A pause holds for the fallback too.
func TestPauseWithoutRedis(t *testing.T) {
	t.Parallel()
	limiter := New(connect(t, freePort(t)), t.Name(), 3, time.Second)
	begun := time.Now()
	limiter.Pause(t.Context(), 700*time.Millisecond)
	if err := limiter.Wait(within(t, 20*time.Second)); err != nil || time.Since(begun) < 700*time.Millisecond {
		t.Errorf("Wait = %v after %v, want nil after the pause", err, time.Since(begun))
	}
	limiter.Pause(t.Context(), time.Hour)
	if err := limiter.Wait(within(t, 20*time.Second)); !errors.Is(err, ErrWouldExceedDeadline) {
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
	limiter := New(rdb, t.Name(), 50, time.Minute, WithTimeout(200*time.Millisecond))
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
	short := New(rdb, t.Name(), 50, time.Minute, WithTimeout(20*time.Second))
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
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log, logger := newLog()
			rdb := redisServer(t, "--maxmemory-policy", "noeviction")
			limiter := New(rdb, t.Name(), 1000, time.Hour, WithFallback(FailClosed), logger)
			spend(t, limiter, 1)
			if err := rdb.Do(t.Context(), test.spoil...).Err(); err != nil {
				t.Fatal(err)
			}
			err := limiter.Wait(within(t, 10*time.Second))
			errorIf(t, !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), test.cause), "Wait = %v, want ErrUnavailable because of %s", err, test.cause)
			if err := rdb.Do(t.Context(), test.fix...).Err(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "Redis is used again", func() bool { return limiter.Wait(within(t, 10*time.Second)) == nil })
			away, back := <-log, <-log
			if limiter.State().Degraded || !strings.Contains(away, "is away") || !strings.Contains(back, "is back") || len(log) > 0 {
				t.Errorf("State() = %+v, log:\n%s%s and %d lines more, want a line for each change", limiter.State(), away, back, len(log))
			}
		})
	}
}

// Redis hears of the attempts that were made without it.
func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	addr := freePort(t)
	limiter := New(connect(t, addr), t.Name(), 5000, time.Hour, WithTimeout(200*time.Millisecond))
	went := 0
	var until [2]time.Time // Redis is left alone, after each try in vain
	eventually(t, "Redis was tried in vain twice", func() bool {
		spend(t, limiter, 1)
		went++
		limiter.mu.Lock()
		defer limiter.mu.Unlock()
		if limiter.health.until != until[1] {
			until = [2]time.Time{until[1], limiter.health.until}
		}
		return !until[0].IsZero()
	})
	rdb := redistest.StartAt(t, addr).Client
	eventually(t, "Redis is used", func() bool {
		spend(t, limiter, 1)
		went++
		return !limiter.State().Degraded
	})
	eventually(t, fmt.Sprintf("the log has a slot for each of %d attempts", went), func() bool { return card(t, rdb, "log") == went })
}

// A broken hook makes every script fail while it is on.
type broken struct{ atomic.Bool }

func (*broken) DialHook(next redis.DialHook) redis.DialHook { return next }
func (*broken) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (b *broken) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if b.Load() {
			return errNoAnswer
		}
		return next(ctx, cmd)
	}
}

// What Redis could not be told in an outage it hears afterwards: who has left, of a pause, and of
// attempts, though nobody asks again.
func TestRedisHearsOfTheOutage(t *testing.T) {
	t.Parallel()
	rdb, off := redisServer(t), new(broken)
	other := connect(t, rdb.Options().Addr)
	other.AddHook(off)
	limiter, idle := New(other, t.Name(), 1, time.Minute), New(other, "idle", 10, time.Minute)
	spend(t, limiter, 1)
	leave, _ := wait(t.Context(), limiter)
	eventually(t, "one waits", func() bool { return card(t, rdb, "queue") == 1 })
	off.Store(true)
	spend(t, idle, 5)
	leave()
	eventually(t, "it is noticed", func() bool { return limiter.State().Degraded })
	limiter.Pause(t.Context(), time.Hour)
	off.Store(false)
	eventually(t, "Redis hears of the attempts", func() bool { return rdb.ZCard(t.Context(), keys("idle")[0]).Val() == 5 })
	eventually(t, "Redis hears who left, and of the pause", func() bool {
		var late *DeadlineError
		return errors.As(New(rdb, t.Name(), 1, time.Minute).Wait(within(t, time.Second)), &late) && late.Delay > 59*time.Minute && card(t, rdb, "queue") == 0
	})
}

// A process that keeps to its share waits only until Redis decides again.
func TestRedisDecidesAgain(t *testing.T) {
	t.Parallel()
	limiter := New(redisServer(t), t.Name(), 100, time.Hour, WithReplicas(100))
	limiter.local.take(time.Now()) // all of its share
	limiter.health.until = time.Now().Add(200 * time.Millisecond)
	spend(t, limiter, 1)
}

// A process that notices late that Redis was away keeps to its share for as long as others
// may have been without Redis.
func TestNoticesLate(t *testing.T) {
	var h health
	began := time.Now()
	h.heard(began, nil)
	h.heard(began.Add(8*time.Second), errNoAnswer)
	h.heard(began.Add(9*time.Second), nil)
	if until := h.until.Sub(began); until < 16*time.Second || until > 18*time.Second {
		t.Errorf("the process keeps to its share until %v after the last answer, want 16 to 18 s", until)
	}
}

// A process takes over with what it last heard of the whole fleet's use.
func TestTakesOver(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	one, other := New(rdb, t.Name(), 10, time.Hour, WithReplicas(2)), New(rdb, t.Name(), 10, time.Hour, WithReplicas(2))
	spend(t, one, 4)
	spend(t, other, 3)
	rdb.ShutdownNoSave(t.Context())
	spend(t, one, 3)   // half of the 6 that were left when it made its 4th
	spend(t, other, 1) // half of the 3 that were left in the end
	for _, limiter := range []*Limiter{one, other} {
		if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, ErrWouldExceedDeadline) {
			t.Errorf("Wait beyond the share = %v, want ErrWouldExceedDeadline", err)
		}
	}
}

// What was heard of the fleet counts until it is a span old, and the rest is shared.
func TestLocalTakesOver(t *testing.T) {
	for _, test := range []struct {
		name            string
		limit, replicas int
		heard           []int64         // in each tenth of the last minute
		want            []time.Duration // when the next attempts go
	}{
		{"nothing heard", 10, 5, nil, []time.Duration{0, 0, time.Minute, time.Minute, 2 * time.Minute}},
		{"all used just now", 10, 5, []int64{10}, []time.Duration{61 * time.Second, 61 * time.Second, 121 * time.Second}},
		{"half used a while ago", 10, 5, []int64{0, 0, 0, 5}, []time.Duration{0, 43 * time.Second, time.Minute}},
		{"a full budget comes back", 10, 5, []int64{0, 5, 0, 0, 0, 5}, []time.Duration{31 * time.Second, 55 * time.Second}},
		{"alone", 3, 1, []int64{1}, []time.Duration{0, 0, time.Minute, time.Minute}},
		{"more replicas than limit", 10, 40, nil, []time.Duration{0, 4 * time.Minute}},
		{"more replicas than limit, and others were heard", 10, 40, []int64{0, 1}, []time.Duration{55 * time.Second, 295 * time.Second}},
		{"very many replicas", 1, math.MaxInt, nil, []time.Duration{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Now()
			l := newLocal(test.limit, time.Minute, test.replicas)
			if test.heard != nil {
				heard := make([]int64, tenths)
				copy(heard, test.heard)
				l.hear(heard, now, time.Second)
			}
			at := now
			for i, want := range test.want {
				for next := l.take(at); !next.Equal(at); next = l.take(at) {
					at = next
				}
				if got := at.Sub(now); got != want {
					t.Errorf("attempt %d may go after %v, want %v", i+1, got, want)
				}
			}
		})
	}
}

// A fallback of one's own decides alone: here one that has three attempts.
func TestFallbackOfOnesOwn(t *testing.T) {
	t.Parallel()
	own := New(connect(t, freePort(t)), "own", 3, time.Hour)
	spend(t, New(connect(t, freePort(t)), t.Name(), 1, time.Hour, WithFallback(own)), 3)
}
