package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// Several limiters with connections of their own are one budget.
func TestFourLimitersShareOneBudget(t *testing.T) {
	t.Parallel()
	const limit, attempts, window = 25, 100, 2 * time.Second
	addr := redisServer(t)
	var (
		seen tally
		wg   sync.WaitGroup
	)
	for range 4 {
		limiter := redislimit.New(connect(t, addr), "budget", limit, window)
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
	trips := calls(t, connect(t, addr))
	t.Logf("busiest span %d, total %v, %.2f trips per attempt",
		seen.busiest(window), seen.took(), float64(trips)/attempts)
	if got := seen.busiest(window); got > limit {
		t.Errorf("busiest span of %v = %d attempts, want at most %d", window, got, limit)
	}
	if got := seen.took(); got > 10*time.Second {
		t.Errorf("total = %v, want at most 10s", got)
	}
	if trips > 2*attempts {
		t.Errorf("%d attempts took %d trips, want at most two each", attempts, trips)
	}
}

// An idle fleet may use the whole budget at once, each attempt in one trip.
func TestIdleBudgetIsThereAtOnce(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, "budget", 100, time.Minute, redislimit.WithFallback(redislimit.FailClosed))
	for i := range 100 {
		if err := limiter.Wait(within(t, 10*time.Second)); err != nil {
			t.Fatalf("Wait %d = %v", i+1, err)
		}
	}
	if got := calls(t, rdb); got > 102 { // the first asks twice, NOSCRIPT, and may have been late
		t.Errorf("100 attempts took %d trips, want one each", got)
	}
	var late *redislimit.DeadlineError
	err := limiter.Wait(within(t, 10*time.Second))
	if !errors.As(err, &late) || late.Delay < 45*time.Second || late.Delay > 63*time.Second {
		t.Errorf("Wait 101 = %v, want a DeadlineError of about a minute", err)
	}
}

// Any span, at whatever phase: callers come as they like, give up as they like, and
// the attempts of each window's length are counted from each attempt on. The slack is
// for the way from Redis to where they are counted, on a machine as busy as may be.
func TestAnySpanAtRandomPhases(t *testing.T) {
	t.Parallel()
	addr := redisServer(t)
	var wg sync.WaitGroup
	for round := range 6 {
		wg.Go(func() { randomPhases(t, addr, fmt.Sprint(round)) })
	}
	wg.Wait()
}

func randomPhases(t *testing.T, addr, name string) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	limit := 1 + random.IntN(12)
	window := time.Duration(100+random.IntN(400)) * time.Millisecond
	limiters := make([]*redislimit.Limiter, 1+random.IntN(4))
	for i := range limiters {
		limiters[i] = redislimit.New(connect(t, addr), name, limit, window, redislimit.WithSlack(time.Second))
	}
	var (
		seen tally
		wg   sync.WaitGroup
	)
	for range limit * 6 {
		limiter := limiters[random.IntN(len(limiters))]
		patience := 20 * time.Second
		if random.IntN(3) == 0 {
			patience = time.Duration(random.Int64N(int64(2 * window)))
		}
		ctx, cancel := context.WithCancel(t.Context())
		giveUp := time.AfterFunc(patience, cancel)
		wg.Go(func() {
			defer cancel()
			defer giveUp.Stop()
			if err := limiter.Wait(ctx); err == nil {
				seen.add()
			}
		})
		if random.IntN(limit) == 0 {
			time.Sleep(time.Duration(random.Int64N(int64(window)))) // the phase
		}
	}
	wg.Wait()
	t.Logf("limit %d per %v, %d limiters: busiest span %d, %d attempts in %v",
		limit, window, len(limiters), seen.busiest(window), seen.len(), seen.took())
	if got := seen.busiest(window); got > limit {
		t.Errorf("busiest span of %v = %d attempts, want at most %d (seed %d)", window, got, limit, seed)
	}
}
