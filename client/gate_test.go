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

// A windowServer allows limit requests in each fixed window and tells so in the
// headers. The spelling of the reset is the caller's.
type windowServer struct {
	limit   int
	window  time.Duration
	latency time.Duration
	reset   func(now, end time.Time) string

	mu      sync.Mutex
	end     time.Time
	left    int
	served  []time.Time
	refused []time.Time
}

func delta(now, end time.Time) string {
	return fmt.Sprint(int64((end.Sub(now) + time.Second - 1) / time.Second))
}
func deltaCut(now, end time.Time) string { return fmt.Sprint(int64(end.Sub(now) / time.Second)) }
func epoch(_, end time.Time) string      { return fmt.Sprint(end.Unix()) }

func (s *windowServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(s.latency / 2)
	defer time.Sleep(s.latency / 2)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.end) {
		s.end, s.left = now.Truncate(s.window).Add(s.window), s.limit
	}
	h := w.Header()
	if s.reset != nil {
		h.Set("X-RateLimit-Reset", s.reset(now, s.end))
	}
	if s.left == 0 {
		s.refused = append(s.refused, now)
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("Retry-After", delta(now, s.end))
		reply(w, 429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`)
		return
	}
	s.left--
	s.served = append(s.served, now)
	h.Set("X-RateLimit-Remaining", fmt.Sprint(s.left))
	sheetLink(w)
}

func TestDrainingASmallBudget(t *testing.T) {
	for name, reset := range map[string]func(now, end time.Time) string{"delta": delta, "delta, cut": deltaCut, "epoch": epoch} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &windowServer{limit: 20, window: time.Second, latency: 20 * time.Millisecond, reset: reset}
				portal := inMemory(t, srv.ServeHTTP)
				start := time.Now()
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() {
						for range 10 {
							if _, err := portal.GeneratePortalLink(context.Background(), sso); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if len(srv.refused) > 3 {
					t.Errorf("%d requests were refused, want at most 3", len(srv.refused))
				}
				if took := time.Since(start); took > 6*time.Second {
					t.Errorf("100 calls at 20 a second took %v, want at most 6s", took)
				}
			})
		})
	}
}

func TestSpentBudgetHoldsEveryoneUntilTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &windowServer{limit: 1, window: time.Minute, reset: delta}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		if got := portal.RateLimit(); got.Remaining != 0 || time.Until(got.Reset) != time.Minute {
			t.Errorf("RateLimit = %+v, want nothing for a minute", got)
		}
		srv.limit = 1000
		start := time.Now()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() { generate(t, portal) })
		}
		wg.Wait()
		if len(srv.refused) > 0 {
			t.Errorf("%d requests were refused, want none", len(srv.refused))
		}
		first, last := srv.served[1].Sub(start), srv.served[64].Sub(start)
		if first < time.Minute || last > time.Minute+2*time.Second {
			t.Errorf("left between %v and %v, want within two seconds after the reset", first, last)
		}
		atOnce := map[time.Time]int{}
		for _, at := range srv.served[1:] {
			atOnce[at]++
			if atOnce[at] > 5 {
				t.Fatalf("more than 5 of 64 left at the same moment, %v after the start", at.Sub(start))
			}
		}
	})
}

func TestSpentBudgetRefusesThoseWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &windowServer{limit: 1, window: time.Minute, reset: delta}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		ctx, cancel := contextWithin(t, 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := portal.GeneratePortalLink(ctx, sso)
		wantOnly(t, err, client.ErrRateLimited)
		e := asError(t, err)
		if e.StatusCode != 0 || e.Attempts != 0 || e.RetryAfter != time.Minute || e.Hint() == "" || time.Since(start) != 0 {
			t.Errorf("got %v, %+v, want a refusal at once, before any attempt, with a minute's RetryAfter", err, e)
		}
	})
}

// With budget left, those under way must not make others be refused: the count is
// only uncertain until they are answered.
func TestUncertainBudgetIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &windowServer{limit: 20, window: time.Minute, latency: time.Second, reset: delta}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		var wg sync.WaitGroup
		for range 19 {
			wg.Go(func() {
				ctx, cancel := contextWithin(t, 30*time.Second)
				defer cancel()
				if _, err := portal.GeneratePortalLink(ctx, sso); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestRefusalHoldsTheOthersToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(429, "Retry-After", "20"), succeed), client.WithDialect(client.DialectPortalLinks))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { generate(t, portal) })
		synctest.Wait()
		wg.Go(func() { generate(t, portal) })
		wg.Wait()
		for i, r := range seen.requests()[1:] {
			if after := r.at.Sub(start); after < 20*time.Second {
				t.Errorf("request %d left after %v, want none for 20s", i+2, after)
			}
		}
	})
}

func TestLateAnswersDoNotRaiseTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The first to leave is answered last, with what was true then.
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			w.Header().Set("X-RateLimit-Reset", "60")
			if n := seen.total(); n == 1 {
				time.Sleep(5 * time.Second)
				w.Header().Set("X-RateLimit-Remaining", "50")
			} else {
				w.Header().Set("X-RateLimit-Remaining", "0")
			}
			sheetLink(w)
		}, client.WithDialect(client.DialectPortalLinks))
		var wg sync.WaitGroup
		wg.Go(func() { generate(t, portal) })
		synctest.Wait()
		generate(t, portal)
		wg.Wait()
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		_, err := portal.GeneratePortalLink(ctx, sso)
		wantOnly(t, err, client.ErrRateLimited)
		if seen.total() != 2 {
			t.Errorf("%d requests, want 2", seen.total())
		}
	})
}

func TestLaterAnswersMayRaiseTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			w.Header().Set("X-RateLimit-Reset", "60")
			w.Header().Set("X-RateLimit-Remaining", []string{"1", "5", "4", "3"}[seen.total()-1])
			sheetLink(w)
		})
		for range 4 {
			ctx, cancel := contextWithin(t, time.Second)
			if _, err := portal.GeneratePortalLink(ctx, sso); err != nil {
				t.Error(err)
			}
			cancel()
		}
	})
}

// A server whose headers lie for ever costs each window its length, never more.
func TestLiesStallNoLongerThanTheySay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Reset", "60")
			w.Header().Set("X-RateLimit-Remaining", "0")
			sheetLink(w)
		})
		generate(t, portal)
		start := time.Now()
		generate(t, portal)
		if took := time.Since(start); took < time.Minute || took > 62*time.Second {
			t.Errorf("the second call took %v, want about a minute", took)
		}
	})
}

func TestResetTooFarAwayIsNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, reset := range []string{"3601", "86400", "50000000", fmt.Sprint(time.Now().Add(2 * time.Hour).Unix()), fmt.Sprint(time.Now().Add(-time.Minute).Unix())} {
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-RateLimit-Reset", reset)
				w.Header().Set("X-RateLimit-Remaining", "0")
				sheetLink(w)
			})
			start := time.Now()
			generate(t, portal)
			generate(t, portal)
			if took := time.Since(start); took != 0 {
				t.Errorf("X-RateLimit-Reset: %s stalled a call for %v", reset, took)
			}
		}
	})
}

// Reopening after a reset must survive a probe that gets no answer.
func TestProbeWithoutAnswerDoesNotBlockTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			switch seen.note(r); seen.total() {
			case 1:
				w.Header().Set("X-RateLimit-Reset", "10")
				w.Header().Set("X-RateLimit-Remaining", "0")
			case 2:
				<-r.Context().Done()
			}
			sheetLink(w)
		})
		generate(t, portal)
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { generate(t, portal) })
		}
		wg.Wait()
		inTime := 0
		for _, r := range seen.requests()[2:] {
			if r.at.Sub(start) < 14*time.Second {
				inTime++
			}
		}
		if inTime < 9 {
			t.Errorf("%d of 9 left within four seconds of the reset, want all: the first stalls", inTime)
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Limit", "100")
			w.Header().Set("X-RateLimit-Remaining", "73")
			w.Header().Set("X-RateLimit-Reset", "42")
			sheetLink(w)
		})
		if got := portal.RateLimit(); got != (client.RateLimit{}) {
			t.Errorf("before any answer: %+v, want the zero value", got)
		}
		generate(t, portal)
		if got, want := portal.RateLimit(), (client.RateLimit{Limit: 100, Remaining: 73, Reset: time.Now().Add(42 * time.Second)}); got != want {
			t.Errorf("RateLimit = %+v, want %+v", got, want)
		}
		time.Sleep(42 * time.Second)
		if got := portal.RateLimit(); got != (client.RateLimit{}) {
			t.Errorf("after the reset: %+v, want the zero value", got)
		}
	})
}

// A countingLimiter counts the tokens it gives.
type countingLimiter struct {
	mu     sync.Mutex
	tokens int
	paused []time.Duration
	err    error
}

func (l *countingLimiter) Wait(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.tokens++
	return nil
}

func (l *countingLimiter) Pause(_ context.Context, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = append(l.paused, d)
}

func TestLimiterIsAskedBeforeEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := new(countingLimiter)
		var seen tally
		portal := inMemory(t, script(&seen, status(503), status(429, "Retry-After", "3"), succeed), client.WithLimiter(limiter))
		generate(t, portal)
		if limiter.tokens != 3 {
			t.Errorf("%d tokens for 3 attempts", limiter.tokens)
		}
		if len(limiter.paused) != 1 || limiter.paused[0] != 3*time.Second {
			t.Errorf("Pause was called with %v, want once with 3s", limiter.paused)
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := portal.GeneratePortalLink(ctx, sso); !errors.Is(err, context.Canceled) || limiter.tokens != 3 {
			t.Errorf("canceled: got %v and %d tokens, want context.Canceled and no token more", err, limiter.tokens)
		}

		limiter.err = errors.New("no tokens today")
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, client.ErrRateLimited)
		if !errors.Is(err, limiter.err) || seen.total() != 3 {
			t.Errorf("got %v after %d requests, want the limiter's error and no request", err, seen.total()-3)
		}
		limiter.err = nil
		generate(t, portal) // what the refused call took from the gate is given back
	})
}

// fullLimiter says how long it would have been.
type fullLimiter struct{}

func (fullLimiter) Wait(context.Context) error { return fullError{} }

type fullError struct{}

func (fullError) Error() string             { return "full" }
func (fullError) RetryAfter() time.Duration { return 7 * time.Second }

func TestLimiterSaysHowLong(t *testing.T) {
	portal := inMemory(t, succeed, client.WithLimiter(fullLimiter{}))
	_, err := portal.GeneratePortalLink(t.Context(), sso)
	wantOnly(t, err, client.ErrRateLimited)
	if e := asError(t, err); e.RetryAfter != 7*time.Second || e.Attempts != 0 {
		t.Errorf("RetryAfter = %v after %d attempts, want the limiter's 7s after none", e.RetryAfter, e.Attempts)
	}
}

type stuckLimiter struct{}

func (stuckLimiter) Wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestLimiterIsWaitedForAtMostMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, succeed, client.WithLimiter(stuckLimiter{}))
		start := time.Now()
		_, err := portal.GeneratePortalLink(context.Background(), sso)
		wantOnly(t, err, client.ErrRateLimited)
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("took %v, want MaxWait's 2m", took)
		}
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		_, err = portal.GeneratePortalLink(ctx, sso)
		wantOnly(t, err, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's own error", err)
		}
	})
}

// A server that recovers what its handlers throw loses no budget to a transport that
// panics.
func TestPanickingTransportKeepsNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		inner := memory(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Remaining", "100")
			w.Header().Set("X-RateLimit-Reset", "10")
			sheetLink(w)
		})
		portal := newClient(t, client.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if broken {
				panic("a transport's own mistake")
			}
			return inner.RoundTrip(req)
		})}))
		for range 30 {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic did not reach the caller")
					}
				}()
				_, _ = portal.GeneratePortalLink(t.Context(), sso)
			}()
		}
		broken = false
		generate(t, portal)
		if got := portal.RateLimit().Remaining; got != 100 {
			t.Errorf("Remaining = %d, want the 100 that the server tells", got)
		}
	})
}
