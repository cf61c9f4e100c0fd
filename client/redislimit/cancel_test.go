package redislimit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// wait starts a Wait and returns how to end it, and what it returned.
func wait(ctx context.Context, limiter *redislimit.Limiter) (context.CancelFunc, <-chan error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- limiter.Wait(ctx) }()
	return cancel, done
}

func TestNoWaitPastTheDeadline(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 1, time.Hour)
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	err := limiter.Wait(within(t, 5*time.Second))
	var late *redislimit.DeadlineError
	if !errors.Is(err, redislimit.ErrWouldExceedDeadline) || !errors.As(err, &late) {
		t.Fatalf("Wait = %v, want ErrWouldExceedDeadline", err)
	}
	if late.Delay < 61*time.Minute || late.Delay > 62*time.Minute || late.RetryAfter() != late.Delay {
		t.Errorf("Delay = %v, want the hour and 2.5 percent of slack", late.Delay)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("Wait took %v, want an answer at once", took)
	}
	if n := rdb.ZCard(t.Context(), key("budget", "log")).Val(); n != 1 {
		t.Errorf("the log has %d entries, want 1: nothing was taken", n)
	}
}

// 200 ms are over well within a second, deadline or not.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	limiter := redislimit.New(connect(t, redisServer(t)), "budget", 1, time.Hour)
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	cancel, done := wait(t.Context(), limiter)
	time.AfterFunc(200*time.Millisecond, cancel)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
	if err := limiter.Wait(within(t, 200*time.Millisecond)); !errors.Is(err, redislimit.ErrWouldExceedDeadline) {
		t.Errorf("Wait = %v, want ErrWouldExceedDeadline", err)
	}
	if took := time.Since(begun); took > 900*time.Millisecond {
		t.Errorf("two waits of 200 ms at most took %v", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := limiter.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with an ended context = %v, want context.Canceled", err)
	}
}

// Who gives up leaves no trace, and those behind move up.
func TestCanceledWaitersGiveBack(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 1, time.Hour)
	other := redislimit.New(rdb, "budget", 1, time.Hour)
	card := func() int64 { return rdb.ZCard(t.Context(), key("budget", "log")).Val() }
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	var cancels []context.CancelFunc
	var dones []<-chan error
	for i, l := range []*redislimit.Limiter{limiter, limiter, other, limiter} {
		cancel, done := wait(t.Context(), l)
		cancels, dones = append(cancels, cancel), append(dones, done)
		eventually(t, "the waiter is in the log", func() bool { return card() == int64(i+2) })
	}
	// The first gives up; the second has its place then, the fourth the second's, and
	// the last place is free: a new one is told of four hours, as the fourth was.
	cancels[0]()
	<-dones[0]
	eventually(t, "a place is given back", func() bool { return card() == 4 })
	var late *redislimit.DeadlineError
	if err := other.Wait(within(t, time.Minute)); !errors.As(err, &late) || late.Delay.Round(time.Hour) != 4*time.Hour {
		t.Errorf("Wait = %v, want a DeadlineError of four hours", err)
	}
	// The other limiter's is a hole between two of ours, and the next takes it.
	cancels[2]()
	<-dones[2]
	eventually(t, "a place is given back", func() bool { return card() == 3 })
	if err := limiter.Wait(within(t, time.Minute)); !errors.As(err, &late) || late.Delay.Round(time.Hour) != 3*time.Hour {
		t.Errorf("Wait = %v, want a DeadlineError of three hours", err)
	}
	for i := range cancels {
		cancels[i]()
	}
	<-dones[1]
	<-dones[3]
	eventually(t, "all is given back", func() bool { return card() == 1 })
}

// First come, first served within a process, though a place is given back in
// between.
func TestInTurn(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 1, 300*time.Millisecond)
	other := redislimit.New(rdb, "budget", 1, 300*time.Millisecond)
	turns := make(chan int)
	if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	card := func() int64 { return rdb.ZCard(t.Context(), key("budget", "log")).Val() }
	first, gone := wait(t.Context(), other) // whose place the third of ours finds free
	eventually(t, "the other is in line", func() bool { return card() == 2 })
	for i := range 5 {
		go func() {
			if err := limiter.Wait(within(t, 20*time.Second)); err != nil {
				t.Errorf("Wait = %v", err)
			}
			turns <- i
		}()
		eventually(t, "the next is in line", func() bool { return limiter.Entered() == i+2 })
		if i == 1 {
			eventually(t, "both have places", func() bool { return card() >= 3 })
			first()
			<-gone
			eventually(t, "a place is free", func() bool { return other.Waiting() == 0 })
		}
	}
	for want := range 5 {
		if got := <-turns; got != want {
			t.Errorf("turn %d was that of caller %d", want, got)
		}
	}
}
