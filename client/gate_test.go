package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

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
		for i, at := range srv.served[6:] {
			errorIf(t, at.Equal(srv.served[i+1]), "more than 5 of 64 left at the same moment, %v after the start", at.Sub(start))
		}
	})
}

func TestWhichAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tells := func(remaining string) http.HandlerFunc {
			return with(succeed, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", "60")
		}
		// A late answer does not raise the budget.
		portal, _ := scripted(t, steps{slow(5*time.Second, tells("50")), tells("0")}, reference)
		go func() { _ = ask(t, portal, 0) }()
		synctest.Wait()
		generate(t, portal)
		fails(t, portal, time.Second, client.ErrRateLimited)
		time.Sleep(10 * time.Second)
		fails(t, portal, time.Second, client.ErrRateLimited)

		// A later answer may raise it.
		portal, _ = scripted(t, steps{tells("1"), tells("5"), tells("4"), tells("3")}, reference)
		for range 4 {
			same(t, "the error of a call with a second", ask(t, portal, time.Second), nil)
		}
		same(t, "RateLimit().Remaining", portal.RateLimit().Remaining, 3)

		// Budget that may be in use by attempts under way is waited for, not refused.
		portal, _ = scripted(t, steps{slow(time.Second, tells("1")), slow(time.Second, tells("5"))}, reference)
		generate(t, portal)
		time.AfterFunc(time.Second/2, func() { same(t, "RateLimit().Remaining under way", portal.RateLimit().Remaining, 0) })
		together(2, func() { same(t, "the error of a call with 5s", ask(t, portal, 5*time.Second), nil) })
	})
}

// After a reset the first attempt gets no answer. That does not hold the others.
func TestProbeWithoutAnswerDoesNotBlockTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{with(succeed, "X-RateLimit-Reset", "10", "X-RateLimit-Remaining", "0"), stall, succeed})
		generate(t, portal)
		start := time.Now()
		fromMany(t, portal, 10, 1)
		for _, r := range seen.requests()[2:11] {
			errorIf(t, r.at.Sub(start) > 14*time.Second, "one of 9 left %v after the start, want all within four seconds of the reset at 10s", r.at.Sub(start))
		}
	})
}

// A countingLimiter counts the tokens that it gives, and keeps what it is told.
type countingLimiter struct {
	tokens   int
	paused   []time.Duration
	contexts []context.Context
	err      error
}

func (l *countingLimiter) Wait(ctx context.Context) error {
	if l.contexts = append(l.contexts, ctx); l.err == nil {
		l.tokens++
	}
	return l.err
}

func (l *countingLimiter) Pause(ctx context.Context, d time.Duration) {
	l.paused, l.contexts = append(l.paused, d), append(l.contexts, ctx)
}

func TestLimiterIsAskedBeforeEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := new(countingLimiter)
		portal, seen := scripted(t, steps{status(503), status(429, "Retry-After", "3"), status(429), succeed}, client.WithLimiter(limiter))
		generate(t, portal)
		same(t, "tokens for 4 attempts", limiter.tokens, 4)
		errorIf(t, len(limiter.paused) != 2 || limiter.paused[0] != 3*time.Second || limiter.paused[1] != time.Second, "Pause was called with %v, want with the 3s that were asked for, and 1s where none were", limiter.paused)
		for _, ctx := range limiter.contexts {
			wantNoSecret(t, "the limiter's context", ctx)
		}

		err := ask(t, portal, -time.Second)
		errorIf(t, !errors.Is(err, context.DeadlineExceeded) || limiter.tokens != 4, "without time: got %v and %d tokens, want DeadlineExceeded and no further token", err, limiter.tokens)

		limiter.err = errors.New("no tokens today")
		err = fails(t, portal, 0, client.ErrRateLimited)
		errorIf(t, !errors.Is(err, limiter.err) || seen.total() != 4, "got %v after %d requests, want the limiter's error and no request", err, seen.total()-4)
		limiter.err = nil
		generate(t, portal) // the refused call holds no budget
	})
}

type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

var stuckLimiter = client.WithLimiter(limiterFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))

func TestLimiterThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, succeed, stuckLimiter)
		same(t, "the wait, at most MaxWait", timed(func() { fails(t, portal, 0, client.ErrRateLimited) }), 2*time.Minute)
		err := fails(t, portal, time.Second, nil)
		errorIf(t, !errors.Is(err, context.DeadlineExceeded), "got %v, want the context's own error", err)

		// One that refuses a retry.
		limiter := new(countingLimiter)
		portal = inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			limiter.err = errors.New("no tokens")
			status(503, "Retry-After", "3")(w, r)
		}, client.WithLimiter(limiter))
		e := fails(t, portal, 0, client.ErrRateLimited)
		errorIf(t, e.RetryAfter != 3*time.Second || e.StatusCode != 503 || len(limiter.contexts) != 2, "RetryAfter %v, status %d, want the 3s and the 503 of the answer", e.RetryAfter, e.StatusCode)
	})
}

// An answer whose Date is older than an earlier one's plus the time since comes from a cache. What
// it tells does not count. Nor does that make the gate deaf to the true dates that follow a wrong one.
func TestDates(t *testing.T) {
	for name, tt := range map[string]struct {
		first, then time.Duration // what the Dates are ahead of the time, of the first answer and the later ones
		calls       int
		every       time.Duration
		told, want  int // what the later ones tell is left, and what is
	}{
		"of a cache":          {0, -3 * time.Minute, 4, 0, 0, 3},
		"first in the future": {30 * time.Minute, 0, 3, 2 * time.Minute, 7, 7},
		"clock was set back":  {0, -10 * time.Minute, 2, 2 * time.Hour, 7, 7},
		"of another server":   {0, -4 * time.Second, 1, 0, 5, 5},
		"of an old cache":     {0, -2 * time.Hour, 1, 2 * time.Hour, 5, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ahead, told := tt.first, 7
			portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
				with(succeedLive, "Date", date, "X-RateLimit-Remaining", fmt.Sprint(told), "X-RateLimit-Reset", "60")(w, r)
			})
			generate(t, portal)
			ahead, told = tt.then, tt.told
			for range tt.calls {
				time.Sleep(tt.every)
				generate(t, portal)
			}
			same(t, name+": RateLimit().Remaining", portal.RateLimit().Remaining, tt.want)
		})
	}
}

// The first answer does not hold the call that follows.
func TestSecondCallGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		first  http.HandlerFunc
		within time.Duration
	}{
		"after a 429 out of a cache":            {with(answer(429, `{}`), "Age", "1800", "Retry-After", "3600"), time.Second},
		"with a reset just before its deadline": {with(succeed, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "20"), 20*time.Second + time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal, _ := scripted(t, steps{tt.first, succeed}, reference, oneTry)
			_ = ask(t, portal, 0)
			same(t, name+": the error of the second call", ask(t, portal, tt.within), nil)
		})
	}
}

// However many refusals follow one another, no attempt is held for more than an hour.
func TestNobodyIsHeldForMoreThanAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, status(429, "Retry-After", "60"), reference, oneTry)
		together(100, func() {
			took := timed(func() { wantOnly(t, ask(t, portal, 0), client.ErrRateLimited) })
			errorIf(t, took > time.Hour+time.Minute, "a call was held for %v", took)
		})
	})
}
