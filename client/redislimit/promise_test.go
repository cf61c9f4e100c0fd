package redislimit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/redislimit"
)

// Four limiters with connections of their own drain one budget, each attempt in two
// trips at most, and lose no time over it.
func TestFourLimitersShareOneBudget(t *testing.T) {
	t.Parallel()
	const limit, attempts, window = 10, 40, time.Second
	addr := redisServer(t)
	var (
		seen tally
		wg   sync.WaitGroup
	)
	for range 4 {
		limiter := redislimit.New(connect(t, addr), t.Name(), limit, window)
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
	if err := seen.check(limit, window); err != nil {
		t.Error(err)
	}
	if got := seen.took(); got > 5*time.Second {
		t.Errorf("40 attempts took %v, want about the three windows that they need", got)
	}
	if trips := calls(t, connect(t, addr)); trips > 2*attempts+4 { // each limiter's first may bring the script
		t.Errorf("%d attempts took %d trips, want at most two each", attempts, trips)
	}
}

// An idle fleet may use the whole budget at once, each attempt in one trip.
func TestIdleBudgetIsThereAtOnce(t *testing.T) {
	t.Parallel()
	rdb := connect(t, redisServer(t))
	limiter := redislimit.New(rdb, t.Name(), 100, time.Minute, redislimit.WithFallback(redislimit.FailClosed))
	spend(t, limiter, 100)
	if got := calls(t, rdb); got > 102 { // the first brings the script, and may have been late
		t.Errorf("100 attempts took %d trips, want one each", got)
	}
	var late *redislimit.DeadlineError
	err := limiter.Wait(within(t, 10*time.Second))
	if !errors.As(err, &late) || late.Delay < 45*time.Second || late.Delay > 63*time.Second {
		t.Errorf("Wait 101 = %v, want a DeadlineError of about a minute", err)
	}
}

// Callers come as they like and give up as they like, and no span holds more than the
// limit. The slack is for the way from Redis to where attempts are counted, on a busy
// machine.
func TestAnySpanAtRandomPhases(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for round := range 6 {
		wg.Go(func() { randomPhases(t, t.Name()+strconv.Itoa(round)) })
	}
	wg.Wait()
}

func randomPhases(t *testing.T, name string) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	limit := 1 + random.IntN(12)
	window := time.Duration(100+random.IntN(300)) * time.Millisecond
	limiters := make([]*redislimit.Limiter, 1+random.IntN(4))
	for i := range limiters {
		limiters[i] = redislimit.New(shared(t), name, limit, window, redislimit.WithSlack(500*time.Millisecond))
	}
	var (
		seen tally
		wg   sync.WaitGroup
	)
	for range limit * 5 {
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
	if err := seen.check(limit, window); err != nil {
		t.Errorf("%v (seed %d)", err, seed)
	}
}
