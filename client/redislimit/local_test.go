package redislimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The share of a process keeps the same promise as the whole, in any span.
func TestLocalKeepsTheLimitInAnySpan(t *testing.T) {
	for _, test := range []struct {
		limit, replicas int
		want            int
		span            time.Duration
	}{
		{10, 1, 10, time.Minute},
		{10, 3, 3, time.Minute},
		{10, 10, 1, time.Minute},
		{10, 40, 1, 4 * time.Minute},
		{1, 1 << 62, 1, 100 * maxWindow},
	} {
		l := newLocal(test.limit, time.Minute, test.replicas)
		if l.limit != test.want || l.span != test.span {
			t.Errorf("newLocal(%d, 1m, %d) = %d per %v, want %d per %v",
				test.limit, test.replicas, l.limit, l.span, test.want, test.span)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		const limit, span = 5, time.Minute
		l := newLocal(limit, span, 1)
		var (
			mu   sync.Mutex
			went []time.Time
			wg   sync.WaitGroup
		)
		for range 200 {
			time.Sleep(rand.N(span / limit))
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if rand.IntN(4) == 0 {
					time.AfterFunc(rand.N(span), cancel)
				}
				if rand.IntN(4) == 0 {
					ctx, cancel = context.WithTimeout(ctx, rand.N(span))
					defer cancel()
				}
				err := l.Wait(ctx)
				var late *DeadlineError
				if err == nil {
					mu.Lock()
					went = append(went, time.Now())
					mu.Unlock()
				} else if !errors.As(err, &late) && !errors.Is(err, context.Canceled) {
					t.Errorf("Wait = %v", err)
				}
			})
			if rand.IntN(20) == 0 {
				time.Sleep(span) // all of it is there again
			}
		}
		wg.Wait()
		slices.SortFunc(went, time.Time.Compare)
		for i := limit; i < len(went); i++ {
			if apart := went[i].Sub(went[i-limit]); apart < span {
				t.Fatalf("%d attempts within %v, want at least %v", limit+1, apart, span)
			}
		}
		if len(went) < 100 {
			t.Errorf("%d attempts went, want most of 200", len(went))
		}
		time.Sleep(span)
		if l.next(time.Now()); len(l.log) > 0 {
			t.Errorf("%d instants are kept after a span in which nothing went", len(l.log))
		}
	})
}

// What Redis let through counts against the share.
func TestLocalCountsWhatRedisGave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(2, time.Minute, 1)
		l.spent(time.Now())
		time.Sleep(10 * time.Second)
		l.spent(time.Now())
		begun := time.Now()
		for _, want := range []time.Duration{50 * time.Second, time.Minute} {
			if err := l.Wait(t.Context()); err != nil || time.Since(begun) != want {
				t.Errorf("Wait = %v after %v, want nil after %v", err, time.Since(begun), want)
			}
		}
	})
}

// Two are in line, and the first gives up: the budget has room for one more.
func TestLocalGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(1, time.Minute, 1)
		_ = l.Wait(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		go l.Wait(ctx)
		synctest.Wait()
		cancel()
		synctest.Wait()
		begun := time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("Wait = %v after %v, want nil after a minute", err, time.Since(begun))
		}
	})
}
