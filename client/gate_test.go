package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// fromMany makes calls from so many goroutines.
func fromMany(t testing.TB, portal *client.Client, goroutines, callsOfEach int) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range callsOfEach {
				if err := ask(t, portal, 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDrainingASmallBudget(t *testing.T) {
	for _, telling := range []string{"delta", "cut", "epoch"} {
		synctest.Test(t, func(t *testing.T) {
			srv := newWorld("fixed", telling, 20, time.Second, 20*time.Millisecond)
			portal := inMemory(t, srv.ServeHTTP)
			took := timed(func() { fromMany(t, portal, 10, 10) })
			errorIf(t, took > 6*time.Second || len(srv.refused) > 3, "%s: 100 calls at 20 a second took %v, and %d requests were refused, want at most 6s and 3", telling, took, len(srv.refused))
		})
	}
}

func TestSpentBudgetHoldsEveryoneUntilTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newWorld("fixed", "delta", 1, time.Minute, 0)
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		got := portal.RateLimit()
		errorIf(t, got.Remaining != 0 || time.Until(got.Reset) != time.Minute, "RateLimit() = %+v, want nothing for a minute", got)
		// A caller without the time is refused at once.
		start := time.Now()
		e := fails(t, portal, 10*time.Second, client.ErrRateLimited)
		errorIf(t, e.StatusCode != 0 || e.Attempts != 0 || e.RetryAfter != time.Minute || e.Hint() == "" || time.Since(start) != 0, "got %v, %+v, want a refusal at once, before any attempt, with a minute's RetryAfter", e, e)
		srv.limit = 1000
		fromMany(t, portal, 64, 1)
		first, last := srv.served[1].Sub(start), srv.served[64].Sub(start)
		errorIf(t, len(srv.refused) > 0 || first < time.Minute || last > time.Minute+2*time.Second, "%d requests were refused, and the others left between %v and %v, want none, within two seconds after the reset", len(srv.refused), first, last)
		atOnce := map[time.Time]int{}
		for _, at := range srv.served[1:] {
			if atOnce[at]++; atOnce[at] > 5 {
				t.Fatalf("more than 5 of 64 left at the same moment, %v after the start", at.Sub(start))
			}
		}
	})
}

// Budget that may be in use by attempts under way is waited for, not refused.
func TestUncertainBudgetIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, newWorld("fixed", "delta", 20, time.Minute, time.Second).ServeHTTP)
		generate(t, portal)
		fromMany(t, portal, 19, 1)
		left := time.Since(time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC))
		errorIf(t, left > 0, "20 calls of a budget of 20 took %v longer than 30s", left)
	})
}

// Each call has one second. The numbers are what the answers say is left for a minute.
func TestWhichAnswerCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		remaining []string
		late      bool // the first answer comes last
		refused   error
	}{
		"a late answer does not raise the budget": {[]string{"50", "0"}, true, client.ErrRateLimited},
		"a later answer may raise it":             {[]string{"1", "5", "4", "3"}, false, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen tally
			portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				seen.note(r)
				n := seen.total()
				if n == 1 && tt.late {
					time.Sleep(5 * time.Second)
				}
				with(succeed, "X-RateLimit-Reset", "60", "X-RateLimit-Remaining", tt.remaining[n-1])(w, r)
			}, reference)
			go func() { _ = ask(t, portal, 0) }()
			synctest.Wait()
			for range tt.remaining[1:] {
				err := ask(t, portal, time.Second)
				errorIf(t, err != nil, "%s: %v", name, err)
			}
			time.Sleep(10 * time.Second)
			got, want := fmt.Sprint(portal.RateLimit().Remaining), tt.remaining[len(tt.remaining)-1]
			errorIf(t, got != want, "%s: RateLimit().Remaining = %s, want %s", name, got, want)
			if tt.refused != nil {
				fails(t, portal, time.Second, tt.refused)
			}
		})
	}
}

// After a reset the first attempt gets no answer. That does not hold the others.
func TestProbeWithoutAnswerDoesNotBlockTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, with(succeed, "X-RateLimit-Reset", "10", "X-RateLimit-Remaining", "0"), stall, succeed))
		generate(t, portal)
		start := time.Now()
		fromMany(t, portal, 10, 1)
		inTime := 0
		for _, r := range seen.requests()[2:] {
			if r.at.Sub(start) < 14*time.Second {
				inTime++
			}
		}
		errorIf(t, inTime < 9, "%d of 9 left within four seconds of the reset, want all", inTime)
	})
}

// A countingLimiter counts the tokens it gives.
type countingLimiter struct {
	tokens int
	paused []time.Duration
	err    error
}

func (l *countingLimiter) Wait(context.Context) error {
	if l.err == nil {
		l.tokens++
	}
	return l.err
}

func (l *countingLimiter) Pause(_ context.Context, d time.Duration) { l.paused = append(l.paused, d) }

func TestLimiterIsAskedBeforeEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := new(countingLimiter)
		var seen tally
		portal := inMemory(t, script(&seen, status(503), status(429, "Retry-After", "3"), status(429), succeed), client.WithLimiter(limiter))
		generate(t, portal)
		errorIf(t, limiter.tokens != 4, "%d tokens for 4 attempts", limiter.tokens)
		errorIf(t, len(limiter.paused) != 2 || limiter.paused[0] != 3*time.Second || limiter.paused[1] != time.Second, "Pause was called with %v, want with the 3s that were asked for, and 1s where none were", limiter.paused)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := portal.GeneratePortalLink(ctx, sso); !errors.Is(err, context.Canceled) || limiter.tokens != 4 {
			t.Errorf("canceled: got %v and %d tokens, want context.Canceled and no further token", err, limiter.tokens)
		}

		limiter.err = errors.New("no tokens today")
		err := ask(t, portal, 0)
		wantOnly(t, err, client.ErrRateLimited)
		errorIf(t, !errors.Is(err, limiter.err) || seen.total() != 4, "got %v after %d requests, want the limiter's error and no request", err, seen.total()-4)
		limiter.err = nil
		generate(t, portal) // the refused call holds no budget
	})
}

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

var stuckLimiter = client.WithLimiter(limiterFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))

func TestLimiterIsWaitedForAtMostMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, succeed, stuckLimiter)
		took := timed(func() { wantOnly(t, ask(t, portal, 0), client.ErrRateLimited) })
		errorIf(t, took != 2*time.Minute, "took %v, want MaxWait's 2m", took)
		err := ask(t, portal, time.Second)
		wantOnly(t, err, nil)
		errorIf(t, !errors.Is(err, context.DeadlineExceeded), "got %v, want the context's own error", err)
	})
}

// A 429 out of a cache does not close the gate.
func TestCachedRefusalClosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, with(answer(429, `{}`), "Age", "1800", "Retry-After", "3600"), succeed), client.WithDialect(client.DialectPortalLinks), oneTry)
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, client.ErrRateLimited)
		generate(t, portal)
	})
}

// One Date in the future does not make the gate deaf to the true ones that follow.
func TestDateInTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 30 * time.Minute
		portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			w.Header().Set("X-RateLimit-Remaining", "7")
			w.Header().Set("X-RateLimit-Reset", "60")
			answer(200, `{"link":"`+testLink+`"}`)(w, nil)
		})
		generate(t, portal)
		ahead = 0
		for range 3 {
			time.Sleep(2 * time.Minute)
			generate(t, portal)
		}
		errorIf(t, portal.RateLimit().Remaining != 7, "RateLimit() = %+v, want the 7 that the true answers tell", portal.RateLimit())
	})
}
