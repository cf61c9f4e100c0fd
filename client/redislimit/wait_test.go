package redislimit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Four limiters with connections of their own drain one budget, each attempt in two
// trips at most, and lose no time over it.
func TestFourLimitersShareOneBudget(t *testing.T) {
	t.Parallel()
	const limit, attempts, window = 10, 40, time.Second
	rdb := redisServer(t)
	var seen tally
	var wg sync.WaitGroup
	for range 4 {
		limiter := New(connect(t, rdb.Options().Addr), t.Name(), limit, window)
		for range attempts / 4 {
			wg.Go(func() {
				if err := limiter.Wait(within(t, 30*time.Second)); err != nil {
					t.Errorf("Wait = %v", err)
				}
				seen.add()
			})
		}
	}
	wg.Wait()
	if err := seen.check(limit, window, 5*time.Second); err != nil { // three windows, and a busy machine
		t.Error(err)
	}
	if trips := calls(t, rdb); trips > 2*attempts+4 { // each limiter's first may bring the script
		t.Errorf("%d attempts took %d trips, want at most two each", attempts, trips)
	}
}

// A lease runs from the script, not from its answer: with a slow Redis nobody loses a place.
func TestLeaseWithASlowRedis(t *testing.T) {
	l, w, now := New(connect(t, freePort(t)), t.Name(), 1, time.Second), new(waiter), time.Now()
	l.settle(&trip{waiters: []*waiter{w}, sent: now.Add(-2 * time.Second)}, append(make([]int64, 1+tenths), 5e6, int64(reserved)), now)
	errorIf(t, w.at.After(now.Add(3*time.Second)), "asks again in %v, want before the lease ends", w.at.Sub(now))
}

// An idle fleet may use the whole budget at once, each attempt in one trip. A caller whose
// turn comes after its deadline learns it at once, and takes nothing.
func TestIdleBudgetIsThereAtOnce(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	limiter := New(rdb, t.Name(), 100, time.Hour, WithFallback(FailClosed))
	spend(t, limiter, 100)
	if got := calls(t, rdb); got > 102 { // the first brings the script, and may have been late
		t.Errorf("100 attempts took %d trips, want one each", got)
	}
	begun := time.Now()
	err := limiter.Wait(within(t, 5*time.Second))
	var late *DeadlineError
	if !errors.Is(err, ErrWouldExceedDeadline) || !errors.As(err, &late) {
		t.Fatalf("Wait 101 = %v, want ErrWouldExceedDeadline", err)
	}
	errorIf(t, late.Delay < time.Hour || late.Delay > 62*time.Minute || late.RetryAfter() != late.Delay, "Delay = %v, want the hour and 2.5 percent of slack", late.Delay)
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("Wait took %v, want an answer at once", took)
	}
	if n := card(t, rdb, "log") + card(t, rdb, "queue"); n != 100 {
		t.Errorf("Redis has %d entries, want 100: nothing was taken", n)
	}
}

// A caller that gives up leaves no trace, and those behind it in its process move up.
func TestCanceledWaitersGiveBack(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	limiter, other := New(rdb, t.Name(), 1, time.Hour), New(rdb, t.Name(), 1, time.Hour)
	spend(t, limiter, 1)
	var cancels []context.CancelFunc
	var dones []<-chan error
	for i, l := range []*Limiter{limiter, limiter, other, limiter} {
		cancel, done := wait(t.Context(), l)
		cancels, dones = append(cancels, cancel), append(dones, done)
		eventually(t, "the waiter is in the queue, and its process knows", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return card(t, rdb, "queue") == i+1 && !l.traveling
		})
	}
	// Of the places of one, two, three and four hours, the last is free when the first
	// caller has given up: its process has three callers, at one, two and four hours.
	cancels[0]()
	if err := <-dones[0]; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait, canceled = %v, want context.Canceled", err)
	}
	eventually(t, "a place is given back", func() bool { return card(t, rdb, "queue") == 3 })
	var late *DeadlineError
	if err := other.Wait(within(t, time.Minute)); !errors.As(err, &late) || late.Delay.Round(time.Hour) != 4*time.Hour {
		t.Errorf("Wait = %v, want a DeadlineError of four hours", err)
	}
	for i, cancel := range cancels[1:] {
		cancel()
		<-dones[i+1]
	}
	eventually(t, "all is given back", func() bool { return card(t, rdb, "queue") == 0 && card(t, rdb, "log") == 1 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := limiter.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with an ended context = %v, want context.Canceled", err)
	}
}

// First come, first served, in a process and among processes.
func TestInTurn(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	one, other := New(rdb, t.Name(), 5, 4*time.Second), New(rdb, t.Name(), 5, 4*time.Second)
	for start, i := time.Now(), 0; i < 5; i++ { // apart, so that the turns are, too
		spend(t, one, 1)
		eventually(t, "half a second has passed", func() bool { return time.Since(start) > time.Duration(i+1)*500*time.Millisecond })
	}
	turns := make(chan int, 5)
	for i, limiter := range []*Limiter{one, other, one, one, other} {
		go func() {
			if err := limiter.Wait(within(t, 20*time.Second)); err != nil {
				t.Errorf("Wait = %v", err)
			}
			turns <- i
		}()
		eventually(t, "the next is in the queue", func() bool { return card(t, rdb, "queue") == i+1 })
	}
	for want := range 5 {
		if got := <-turns; got != want {
			t.Errorf("turn %d was that of caller %d", want, got)
		}
	}
}

// slow delays the answers to a client's first commands.
type slow struct {
	delay time.Duration
	left  int
}

func (*slow) DialHook(next redis.DialHook) redis.DialHook { return next }
func (*slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
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
	rdb := redisServer(t)
	spend(t, New(rdb, "loads the script", 1, time.Hour), 1)
	for _, test := range []struct{ late, trips int }{{1, 2}, {100, 4}} {
		name := fmt.Sprint(test.late)
		late := connect(t, rdb.Options().Addr)
		late.AddHook(&slow{delay: 200 * time.Millisecond, left: test.late})
		before := calls(t, rdb)
		spend(t, New(late, name, 2, time.Hour, WithSlack(100*time.Millisecond), WithTimeout(10*time.Second)), 1)
		if got := calls(t, rdb) - before; got != test.trips {
			t.Errorf("with %d late answers a slot took %d trips, want %d", test.late, got, test.trips)
		}
		if n := rdb.ZCard(t.Context(), keys(name)[0]).Val(); n != 1 {
			t.Errorf("the log has %d slots, want 1", n)
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
		limiter *Limiter
		says    string
	}{
		{New(nil, "budget", 1, time.Second), "no Redis client"},
		{New(none, "budget", 1, time.Second), "no Redis client"},
		{New(ring, "budget", 1, time.Second), "redis.Ring"},
		{New(rdb, "", 1, time.Second), "name must not be empty"},
		{New(rdb, "budget", 0, time.Second), "limit must be positive and at most 2147483647 (0)"},
		{New(rdb, "budget", -1, time.Second), "limit must be positive and at most 2147483647 (-1)"},
		{New(rdb, "budget", 1, 0), "window must be positive"},
		{New(rdb, "budget", 1, 1<<63-1), "window must be positive and at most a year"},
		{New(rdb, "budget", 1, time.Second, WithSlack(1<<63-1)), "slack must be at most a year"},
		{new(Limiter), ""},
	} {
		test.limiter.Pause(t.Context(), time.Second)
		err := test.limiter.Wait(t.Context())
		errorIf(t, !errors.Is(err, ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.says), "Wait = %v, want ErrInvalid that says %q", err, test.says)
	}
}
