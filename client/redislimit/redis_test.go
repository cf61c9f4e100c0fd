package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

func TestScriptIsFlushed(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, t.Name(), 3, time.Hour, redislimit.WithFallback(redislimit.FailClosed))
	for range 3 {
		spend(t, limiter, 1)
		if err := rdb.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := limiter.Wait(within(t, 10*time.Second)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait 4 = %v, want ErrWouldExceedDeadline: the log was not flushed", err)
	}
}

// slow delays the answers to a client's first commands.
type slow struct {
	delay time.Duration
	left  int
}

func (s *slow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(cmd.Name(), "eval") && s.left > 0 {
			s.left--
			defer time.Sleep(s.delay)
		}
		return next(ctx, cmd)
	}
}

// A slot of which a process hears too late is not used: it asks again, for the same
// place. If all answers are late, it gets on nevertheless.
func TestLateSlot(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	spend(t, redislimit.New(connect(t, addr), "loads the script", 1, time.Hour), 1)
	for _, test := range []struct{ late, trips int }{{1, 2}, {100, 4}} {
		rdb := connect(t, addr)
		rdb.AddHook(&slow{delay: 200 * time.Millisecond, left: test.late})
		before := calls(t, connect(t, addr))
		limiter := redislimit.New(rdb, fmt.Sprint(t.Name(), test.late), 2, time.Hour,
			redislimit.WithSlack(100*time.Millisecond), redislimit.WithTimeout(10*time.Second))
		spend(t, limiter, 1)
		if got := calls(t, connect(t, addr)) - before; got != test.trips {
			t.Errorf("with %d late answers a slot took %d trips, want %d", test.late, got, test.trips)
		}
		log := redislimit.Keys(fmt.Sprint(t.Name(), test.late))[0]
		if n := rdb.ZCard(t.Context(), log).Val(); n != 1 {
			t.Errorf("the log has %d slots, want 1", n)
		}
	}
}

// Every key expires soon after the last thing in it, and none has the name in it.
func TestKeys(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	limiter := redislimit.New(rdb, t.Name(), 2, 2*time.Minute)
	spend(t, limiter, 2)
	cancel, done := wait(t.Context(), limiter)
	eventually(t, "one waits", func() bool { return card(t, rdb, "queue") == 1 })
	for _, key := range redislimit.Keys(t.Name()) {
		if strings.Contains(key, t.Name()) || strings.Count(key, "{") != 1 {
			t.Errorf("key %q: want a hash tag, and no name", key)
		}
		if ttl := rdb.PTTL(t.Context(), key).Val(); ttl <= time.Minute || ttl > 5*time.Minute {
			t.Errorf("key %q expires in %v, want two windows and a little at most", key, ttl)
		}
	}
	cancel()
	<-done

	limiter = redislimit.New(rdb, "short", 1, 100*time.Millisecond)
	spend(t, limiter, 2)
	eventually(t, "the keys are gone", func() bool { return rdb.Exists(t.Context(), redislimit.Keys("short")...).Val() == 0 })
}

// A reservation that nobody claims, because its process was killed, delays nobody.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	rdb.ZAdd(t.Context(), key(t, "queue"), redis.Z{Score: float64(time.Now().UnixMicro()), Member: "killed"})
	spend(t, redislimit.New(rdb, t.Name(), 1, time.Hour), 1)
}

// A Redis whose clock was set back goes on from where it was.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	limiter := redislimit.New(rdb, t.Name(), 2, 300*time.Millisecond)
	spend(t, limiter, 1)
	// What a host would leave behind whose clock was an hour ahead.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	rdb.Set(t.Context(), key(t, "state"), fmt.Sprintf("%d 0 0", ahead), time.Hour)
	rdb.ZAdd(t.Context(), key(t, "log"), redis.Z{Score: float64(ahead), Member: "before"})
	var seen tally
	for range 7 {
		spend(t, limiter, 1)
		seen.add()
	}
	if took := seen.took(); took > 5*time.Second {
		t.Errorf("seven attempts took %v, want about three windows", took)
	}
	if err := seen.check(2, 300*time.Millisecond); err != nil {
		t.Error(err)
	}
}

// A pause holds for all processes, for those who wait and those who come later.
func TestPauseIsShared(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	ctx := within(t, 30*time.Second)
	one := redislimit.New(rdb, t.Name(), 3, time.Second)
	other := redislimit.New(rdb, t.Name(), 3, time.Second)
	spend(t, other, 3)
	_, waiting := wait(ctx, other)
	eventually(t, "one waits", func() bool { return card(t, rdb, "queue") == 1 })
	begun := time.Now()
	one.Pause(ctx, 2*time.Second)
	one.Pause(ctx, time.Second) // shortens nothing
	one.Pause(ctx, -time.Second)
	_, later := wait(ctx, other)
	for _, done := range []<-chan error{waiting, later} {
		if err := <-done; err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
		if took := time.Since(begun); took < 2*time.Second || took > 6*time.Second {
			t.Errorf("Wait ended after %v, want the two seconds of the pause", took)
		}
	}
	one.Pause(ctx, time.Hour*24)
	var late *redislimit.DeadlineError
	if err := other.Wait(ctx); !errors.As(err, &late) || late.Delay > time.Hour+time.Minute {
		t.Errorf("Wait = %v, want a DeadlineError of an hour", err)
	}
}

// A process that has its slot and hears of a pause gives the slot up.
func TestPauseTakesSlotsBack(t *testing.T) {
	t.Parallel()
	limiter := redislimit.New(shared(t), t.Name(), 1, 4*time.Second)
	spend(t, limiter, 1)
	begun := time.Now()
	_, done := wait(within(t, 20*time.Second), limiter)
	time.Sleep(3700 * time.Millisecond) // the slot is final by now
	limiter.Pause(t.Context(), 1500*time.Millisecond)
	if err := <-done; err != nil || time.Since(begun) < 5200*time.Millisecond {
		t.Errorf("Wait = %v after %v, want nil after the pause", err, time.Since(begun))
	}
}

// Those who waited for the end of a pause leave evenly, in their order.
func TestAfterPauseEvenly(t *testing.T) {
	t.Parallel()
	const limit, waiters = 4, 4
	rdb := shared(t)
	limiter := redislimit.New(rdb, t.Name(), limit, time.Hour, redislimit.WithSlack(0))
	spend(t, limiter, limit)
	for i := range waiters {
		cancel, done := wait(t.Context(), limiter)
		defer func() {
			cancel()
			<-done
		}()
		eventually(t, "the next waits", func() bool { return card(t, rdb, "queue") == i+1 })
	}
	before := rdb.ZRange(t.Context(), key(t, "queue"), 0, -1).Val()
	limiter.Pause(t.Context(), time.Hour)
	turns := rdb.ZRangeWithScores(t.Context(), key(t, "queue"), 0, -1).Val()
	for i, turn := range turns {
		if turn.Member != before[i] {
			t.Errorf("turn %d is that of %v, want %v", i+1, turn.Member, before[i])
		}
		if i == 0 {
			continue
		}
		if apart := time.Duration(turn.Score-turns[i-1].Score) * time.Microsecond; apart < time.Hour/limit {
			t.Errorf("turns %d and %d are %v apart, want %v at least", i, i+1, apart, time.Hour/limit)
		}
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	rdb := connect(t, "127.0.0.1:1")
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": "127.0.0.1:1"}})
	defer ring.Close()
	var none *redis.Client
	for _, test := range []struct {
		limiter *redislimit.Limiter
		says    string
	}{
		{redislimit.New(nil, "budget", 1, time.Second), "no Redis client"},
		{redislimit.New(none, "budget", 1, time.Second), "no Redis client"},
		{redislimit.New(ring, "budget", 1, time.Second), "redis.Ring"},
		{redislimit.New(rdb, "", 1, time.Second), "name must not be empty"},
		{redislimit.New(rdb, "budget", 0, time.Second), "limit must be positive (0)"},
		{redislimit.New(rdb, "budget", -1, time.Second), "limit must be positive (-1)"},
		{redislimit.New(rdb, "budget", 1, 0), "window must be positive"},
		{redislimit.New(rdb, "budget", 1, 1<<63-1), "window must be positive and at most a year"},
		{redislimit.New(rdb, "budget", 1, time.Second, redislimit.WithSlack(1<<63-1)), "slack must be at most a year"},
		{new(redislimit.Limiter), ""},
	} {
		test.limiter.Pause(t.Context(), time.Second)
		err := test.limiter.Wait(t.Context())
		if !errors.Is(err, redislimit.ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("Wait = %v, want ErrInvalid that says %q", err, test.says)
		}
	}
}
