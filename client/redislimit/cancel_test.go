package redislimit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

func TestNoWaitPastTheDeadline(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	limiter := redislimit.New(rdb, t.Name(), 1, time.Hour)
	spend(t, limiter, 1)
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
	if n := card(t, rdb, "log") + card(t, rdb, "queue"); n != 1 {
		t.Errorf("Redis has %d entries, want 1: nothing was taken", n)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	limiter := redislimit.New(shared(t), t.Name(), 1, time.Hour)
	spend(t, limiter, 1)
	begun := time.Now()
	cancel, done := wait(t.Context(), limiter)
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("a Wait that was canceled after 100 ms took %v", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := limiter.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with an ended context = %v, want context.Canceled", err)
	}
}

// A caller that gives up leaves no trace, and those behind it in its process move up.
func TestCanceledWaitersGiveBack(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	limiter := redislimit.New(rdb, t.Name(), 1, time.Hour)
	other := redislimit.New(rdb, t.Name(), 1, time.Hour)
	spend(t, limiter, 1)
	var cancels []context.CancelFunc
	var dones []<-chan error
	for i, l := range []*redislimit.Limiter{limiter, limiter, other, limiter} {
		cancel, done := wait(t.Context(), l)
		cancels, dones = append(cancels, cancel), append(dones, done)
		eventually(t, "the waiter is in the queue", func() bool { return card(t, rdb, "queue") == i+1 && l.Settled() })
	}
	// Of the places of one, two, three and four hours, the last is free when the first
	// caller has given up: its process has three callers, at one, two and four hours.
	cancels[0]()
	<-dones[0]
	eventually(t, "a place is given back", func() bool { return card(t, rdb, "queue") == 3 })
	var late *redislimit.DeadlineError
	if err := other.Wait(within(t, time.Minute)); !errors.As(err, &late) || late.Delay.Round(time.Hour) != 4*time.Hour {
		t.Errorf("Wait = %v, want a DeadlineError of four hours", err)
	}
	for i := range cancels {
		cancels[i]()
	}
	for _, done := range dones[1:] {
		<-done
	}
	eventually(t, "all is given back", func() bool { return card(t, rdb, "queue") == 0 && card(t, rdb, "log") == 1 })
}

// First come, first served, in a process and among processes.
func TestInTurn(t *testing.T) {
	t.Parallel()
	rdb := shared(t)
	one := redislimit.New(rdb, t.Name(), 5, 4*time.Second)
	other := redislimit.New(rdb, t.Name(), 5, 4*time.Second)
	spend(t, one, 5)
	turns := make(chan int, 5)
	for i, limiter := range []*redislimit.Limiter{one, other, one, one, other} {
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
