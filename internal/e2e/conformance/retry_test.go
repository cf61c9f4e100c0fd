package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// passes reports whether the same request may fare better next time.
func (a answer) passes() bool { return a.status == 429 || a.status >= 500 }

// A failure that may pass is attempted as often as the policy says, any other once; and
// a success after it is a success. Every attempt is the same request, under the same
// idempotency key, and is told of.
func TestAttempts(t *testing.T) {
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			if a.ok() || a.header["Retry-After"] != "" { // which is waited for: see below
				continue
			}
			for _, most := range []int{1, 2, 3} {
				t.Run(fmt.Sprintf("%v/%d", a, most), func(t *testing.T) {
					want := 1
					if a.passes() {
						want = most
					}
					w, l := new(watcher), &line{prefer: always(a)}
					err := op.call(t.Context(), dial(t, l, append(w.options(), client.WithDialect(op.dialect), client.WithRetry(attempts(most)))...)).err
					wantOnly(t, err, a.sentinel())
					if e := asError(t, err); e.Attempts != want {
						t.Errorf("Attempts = %d, want %d", e.Attempts, want)
					}
					wantSame(t, op, l.requests(), want)
					wantNumbered(t, w, want)
				})
			}
			if a.passes() {
				t.Run(a.String()+"/passes", func(t *testing.T) {
					w, l := new(watcher), &line{prefer: inTurn(a, op.success(t))}
					r := op.call(t.Context(), dial(t, l, append(w.options(), client.WithDialect(op.dialect), client.WithRetry(attempts(2)))...))
					if r.err != nil {
						t.Error(r.err)
					}
					wantSame(t, op, l.requests(), 2)
					if seen := wantNumbered(t, w, 2); !errors.Is(seen[0].Err, a.sentinel()) || seen[1].Err != nil {
						t.Errorf("the observer was told of %v and %v, want %v and nothing", seen[0].Err, seen[1].Err, a.sentinel())
					}
				})
			}
		}
	}
}

func wantSame(t *testing.T, op operation, all []sent, want int) {
	t.Helper()
	if len(all) != want {
		t.Fatalf("sent %d requests, want %d", len(all), want)
	}
	for _, s := range all[1:] {
		if s.body != all[0].body || s.path != all[0].path {
			t.Errorf("sent %s %s after %s %s, want the same", s.path, s.body, all[0].path, all[0].body)
		}
	}
	for _, s := range all {
		key := s.header.Get("Idempotency-Key")
		if key != all[0].header.Get("Idempotency-Key") || (key != "") != op.links {
			t.Errorf("an attempt at %s has the idempotency key %q, and the first one %q", op.id, key, all[0].header.Get("Idempotency-Key"))
		}
	}
}

func wantNumbered(t *testing.T, w *watcher, want int) []client.Attempt {
	t.Helper()
	seen, _ := w.seen()
	if len(seen) != want {
		t.Fatalf("the observer was told of %d attempts, want %d", len(seen), want)
	}
	for i, a := range seen {
		if a.Number != i+1 {
			t.Errorf("attempt %d has the number %d", i+1, a.Number)
		}
	}
	return seen
}

// The Retry-After of Prism's 429 is longer than the caller has, by the context or by the
// policy: the call ends at once and says how long, and so does the next one, which is not
// even sent.
func TestRetryAfterThatNobodyHas(t *testing.T) {
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			if a.header["Retry-After"] == "" {
				continue
			}
			wait := seconds(t, a.header["Retry-After"])
			for name, tt := range map[string]struct {
				patience time.Duration // of the context
				most     time.Duration // of the policy
			}{
				"context": {wait - time.Second, 0},
				"policy":  {0, wait - time.Second},
			} {
				t.Run(a.String()+"/"+name, func(t *testing.T) {
					ctx := t.Context()
					if tt.patience > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, tt.patience)
						defer cancel()
					}
					policy := attempts(2)
					policy.MaxWait = tt.most
					w, l := new(watcher), &line{prefer: always(a)}
					portal := dial(t, l, append(w.options(), client.WithDialect(op.dialect), client.WithRetry(policy))...)
					err := op.call(ctx, portal).err
					wantOnly(t, err, client.ErrRateLimited)
					if e := asError(t, err); e.Attempts != 1 || e.RetryAfter != wait {
						t.Errorf("%+v, want one attempt and a RetryAfter of %v", e, wait)
					}
					err = op.call(ctx, portal).err
					wantOnly(t, err, client.ErrRateLimited)
					if e := asError(t, err); e.Attempts != 0 || e.StatusCode != 0 || e.RetryAfter <= 0 || e.RetryAfter > wait {
						t.Errorf("the next call: %+v, want none sent and a RetryAfter of what is left of %v", e, wait)
					}
					if len(l.requests()) != 1 {
						t.Errorf("sent %d requests, want 1", len(l.requests()))
					}
					if limit := portal.RateLimit(); limit.Remaining != 0 {
						t.Errorf("RateLimit = %+v, want nothing left", limit)
					}
					wantNumbered(t, w, 1)
				})
			}
		}
	}
}

// What Prism's headers say of the budget, the client says, less what it has sent since.
func TestRateLimit(t *testing.T) {
	for _, op := range operations(t) {
		portal := dial(t, new(line), client.WithDialect(op.dialect))
		if limit := portal.RateLimit(); limit != (client.RateLimit{}) {
			t.Errorf("RateLimit = %+v before any answer, want nothing", limit)
		}
		began := time.Now()
		if err := op.call(t.Context(), portal).err; err != nil {
			t.Fatal(err)
		}
		limit, a := portal.RateLimit(), op.success(t)
		if !op.secured {
			if limit != (client.RateLimit{}) {
				t.Errorf("%s: RateLimit = %+v, and the CDN has none", op.id, limit)
			}
			continue
		}
		want := client.RateLimit{
			Limit: number(t, a.header["X-Ratelimit-Limit"]), Remaining: number(t, a.header["X-Ratelimit-Remaining"]), Reset: limit.Reset,
		}
		left := seconds(t, a.header["X-Ratelimit-Reset"])
		if limit != want || limit.Reset.Before(began.Add(left)) || limit.Reset.After(time.Now().Add(left)) {
			t.Errorf("%s: RateLimit = %+v, want %+v and a reset in %v", op.id, limit, want, left)
		}
	}
}

// A limiter of the caller's is asked before every attempt at the API, and hears of a 429
// how long to stay away.
func TestLimiter(t *testing.T) {
	for _, op := range operations(t) {
		limiter := new(counter)
		l := &line{prefer: inTurn(op.oneFailure(t), op.success(t))}
		portal := dial(t, l, client.WithDialect(op.dialect), client.WithLimiter(limiter), client.WithRetry(attempts(2)))
		_ = op.call(t.Context(), portal)
		want := len(l.requests())
		if !op.secured {
			want = 0
		}
		if limiter.asked != want {
			t.Errorf("%s: the limiter was asked %d times for %d requests, want %d", op.id, limiter.asked, len(l.requests()), want)
		}
		if !op.secured {
			continue
		}
		a := op.oneAnswer(t, 429)
		policy := attempts(2)
		policy.MaxWait = time.Second
		portal = dial(t, &line{prefer: always(a)}, client.WithDialect(op.dialect), client.WithLimiter(limiter), client.WithRetry(policy))
		wantOnly(t, op.call(t.Context(), portal).err, client.ErrRateLimited)
		if want := seconds(t, a.header["Retry-After"]); len(limiter.paused) != 1 || limiter.paused[0] != want {
			t.Errorf("%s: the limiter was told to pause %v, want once, %v", op.id, limiter.paused, want)
		}
	}
}

// oneFailure is a failure of the operation that may pass, or any.
func (op operation) oneFailure(t *testing.T) (found answer) {
	t.Helper()
	for _, a := range op.answers(t) {
		if !a.ok() && (found.status == 0 || a.status >= 500) {
			found = a
		}
	}
	return found
}

// A counter is a limiter that lets everyone pass.
type counter struct {
	asked  int
	paused []time.Duration
}

func (c *counter) Wait(context.Context) error { c.asked++; return nil }

func (c *counter) Pause(_ context.Context, d time.Duration) { c.paused = append(c.paused, d) }

// Prism takes an idempotency key of the caller's. One that the document does not allow
// the client refuses, and sent all the same, Prism does. Without one nothing goes along.
func TestIdempotencyKeyOfOnesOwn(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 16)
	for _, op := range operations(t) {
		if !op.links {
			continue
		}
		for name, key := range map[string]string{"short": "k", "longest": long[:255], "none": ""} {
			l := new(line)
			portal := dial(t, l, client.WithDialect(op.dialect), client.WithIdempotencyKey(func() string { return key }))
			if _, err := portal.GeneratePortalLink(t.Context(), sso); err != nil {
				t.Errorf("%s, %s: %v", op.id, name, err)
			}
			if got := l.requests()[0].header["Idempotency-Key"]; len(got) > 1 || (len(got) == 1) != (key != "") || (len(got) == 1 && got[0] != key) {
				t.Errorf("%s, %s: the idempotency keys %q went along, want %q", op.id, name, got, key)
			}
		}
		l := new(line)
		portal := dial(t, l, client.WithDialect(op.dialect), client.WithIdempotencyKey(func() string { return long }))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, client.ErrInvalidRequest)
		if len(l.requests()) != 0 {
			t.Errorf("%s: a request went out with an idempotency key of %d characters", op.id, len(long))
		}
		l.alter = func(r *http.Request) { r.Header.Set("Idempotency-Key", long) }
		_, err = dial(t, l, client.WithDialect(op.dialect)).GeneratePortalLink(t.Context(), sso)
		if e := asError(t, err); e.StatusCode != 422 {
			t.Errorf("%s: %v, want Prism's 422", op.id, err)
		}
	}
}

// Calls that begin at once share a client and nothing else: each has an idempotency key of
// its own, and an answer.
func TestManyCallers(t *testing.T) {
	const callers = 16
	for _, op := range operations(t) {
		w, l := new(watcher), new(line)
		portal := dial(t, l, append(w.options(), client.WithDialect(op.dialect))...)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if err := op.call(t.Context(), portal).err; err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		keys := map[string]bool{}
		for _, s := range l.requests() {
			keys[s.header.Get("Idempotency-Key")] = true
		}
		want := callers
		if !op.links {
			want = 1 // none
		}
		if seen, _ := w.seen(); len(seen) != callers || len(l.requests()) != callers || len(keys) != want {
			t.Errorf("%s: %d calls made %d requests with %d idempotency keys, and %d were told of", op.id, callers, len(l.requests()), len(keys), len(seen))
		}
	}
}
