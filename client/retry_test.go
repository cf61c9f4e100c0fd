package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// script answers the nth request with the nth step, and every later one with the
// last.
func script(seen *tally, steps ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seen.note(r)
		n := min(seen.total(), len(steps))
		steps[n-1](w, r)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		reply(w, code, `{"error":"e","error_description":"d","code":"c"}`)
	}
}

func succeed(w http.ResponseWriter, _ *http.Request) { sheetLink(w) }

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestRetryable(t *testing.T) {
	for code, want := range map[int]bool{
		429: true, 500: true, 502: true, 503: true, 504: true,
		520: true, 521: true, 522: true, 523: true, 524: true,
		400: false, 402: false, 403: false, 404: false, 405: false, 409: false, 410: false, 413: false, 422: false, 501: false, 505: false, 519: false, 525: false, 301: false, 304: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen tally
			portal := inMemory(t, script(&seen, status(code), succeed), client.WithDialect(client.DialectPortalLinks))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			if got := err == nil; got != want {
				t.Errorf("%d: retried %v, want %v (%v)", code, got, want, err)
			}
			if got := seen.total() == 2; got != want {
				t.Errorf("%d: %d requests", code, seen.total())
			}
		})
	}
}

func TestEveryAttemptIsTheSameRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(503), cut, status(404), status(500), succeed))
		// The third answer is the contract's 404, so the call ends there; a second
		// call must have a key of its own.
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, client.ErrOrganizationNotFound)
		generate(t, portal)

		requests := seen.requests()
		if len(requests) != 5 {
			t.Fatalf("%d requests, want 3 + 2", len(requests))
		}
		key := func(i int) string { return requests[i].header.Get("Idempotency-Key") }
		for i, r := range requests {
			if r.body != requests[0].body || r.body == "" {
				t.Errorf("request %d has body %q, want %q", i+1, r.body, requests[0].body)
			}
			if r.header.Get("Authorization") != "Bearer "+testKey {
				t.Errorf("request %d goes without the key", i+1)
			}
			if len(key(i)) < 16 {
				t.Errorf("request %d has idempotency key %q, want a long random one", i+1, key(i))
			}
		}
		if key(0) != key(1) || key(1) != key(2) || key(3) != key(4) || key(0) == key(3) {
			t.Errorf("idempotency keys %q, want one per call", []string{key(0), key(1), key(2), key(3), key(4)})
		}
	})
}

func TestBackoffIsFullJitterFromOneSecond(t *testing.T) {
	const calls = 300
	var sums [3]time.Duration
	var most [3]time.Duration
	synctest.Test(t, func(t *testing.T) {
		for range calls {
			var seen tally
			portal := inMemory(t, script(&seen, status(500)))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrServer)
			requests := seen.requests()
			if len(requests) != 4 {
				t.Fatalf("%d attempts, want 4 by default", len(requests))
			}
			if asError(t, err).Attempts != 4 {
				t.Fatalf("Attempts = %d, want 4", asError(t, err).Attempts)
			}
			if end := requests[3].at; time.Since(end) != 0 {
				t.Fatalf("waited %v after the last attempt", time.Since(end))
			}
			for i := range sums {
				wait := requests[i+1].at.Sub(requests[i].at)
				sums[i] += wait
				most[i] = max(most[i], wait)
			}
		}
	})
	for i, bound := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		mean := sums[i] / calls
		if most[i] > bound {
			t.Errorf("wait %d was up to %v, want at most %v", i+1, most[i], bound)
		}
		// Evenly drawn, the mean of 300 is within a seventh of half the bound, but
		// for one run in many millions.
		if mean < bound*5/14 || mean > bound*9/14 {
			t.Errorf("wait %d is %v on average, want about %v", i+1, mean, bound/2)
		}
	}
}

func TestRetryPolicy(t *testing.T) {
	for _, tt := range []struct {
		name     string
		policy   client.RetryPolicy
		attempts int
		most     time.Duration
	}{
		{"off", client.RetryPolicy{MaxAttempts: 1}, 1, 0},
		{"no wait", client.RetryPolicy{MaxAttempts: 5, BaseDelay: -1}, 5, 0},
		{"capped", client.RetryPolicy{MaxAttempts: 30, MaxDelay: 10 * time.Millisecond}, 30, 290 * time.Millisecond},
		{"uncapped does not overflow", client.RetryPolicy{MaxAttempts: 200, BaseDelay: 1, MaxDelay: -1, MaxWait: time.Minute}, 0, 200 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen tally
				portal := inMemory(t, script(&seen, status(503)), client.WithRetry(tt.policy))
				start := time.Now()
				_, err := portal.GeneratePortalLink(t.Context(), sso)
				wantOnly(t, err, client.ErrServer)
				if tt.attempts > 0 && seen.total() != tt.attempts {
					t.Errorf("%d attempts, want %d", seen.total(), tt.attempts)
				}
				if took := time.Since(start); took > tt.most {
					t.Errorf("took %v, want at most %v", took, tt.most)
				}
			})
		})
	}
}

func TestServerSaysHowLongToWait(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	epoch := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	for name, headers := range map[string]func() []string{
		"seconds":      func() []string { return []string{"Retry-After", "30"} },
		"date":         func() []string { return []string{"Retry-After", date(30 * time.Second)} },
		"reset, delta": func() []string { return []string{"X-RateLimit-Reset", "30", "X-RateLimit-Remaining", "0"} },
		"reset, epoch": func() []string { return []string{"X-RateLimit-Reset", epoch(30 * time.Second)} },
		"first of two": func() []string { return []string{"Retry-After", "30", "X-RateLimit-Reset", "50"} },
		"foreign clock": func() []string {
			return []string{"Retry-After", date(time.Hour + 30*time.Second), "Date", date(time.Hour)}
		},
		"epoch, no clock": func() []string { return []string{"X-RateLimit-Reset", epoch(30 * time.Second), "Date", "yesterday"} },
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen tally
			header := headers()
			portal := inMemory(t, script(&seen, status(429, header...), succeed))
			start := time.Now()
			generate(t, portal)
			if took := time.Since(start); took < 29*time.Second || took > 33*time.Second {
				t.Errorf("%s: waited %v, want about 30s", name, took)
			}

			// The same with too little time: the answer comes at once, and says how long.
			seen, header = tally{}, headers()
			portal = inMemory(t, script(&seen, status(429, header...), succeed))
			ctx, cancel := contextWithin(t, 5*time.Second)
			start = time.Now()
			for i := range 2 {
				_, err := portal.GeneratePortalLink(ctx, sso)
				wantOnly(t, err, client.ErrRateLimited)
				e := asError(t, err)
				if e.RetryAfter < 28*time.Second || e.RetryAfter > 32*time.Second {
					t.Errorf("%s: call %d: RetryAfter = %v, want about 30s", name, i+1, e.RetryAfter)
				}
				if want := [][2]int{{429, 1}, {0, 0}}[i]; e.StatusCode != want[0] || e.Attempts != want[1] {
					t.Errorf("%s: call %d: StatusCode %d, Attempts %d, want %v", name, i+1, e.StatusCode, e.Attempts, want)
				}
			}
			if took := time.Since(start); took != 0 || seen.total() != 1 {
				t.Errorf("%s: took %v and %d requests, want an answer at once after 1", name, took, seen.total())
			}
			cancel()
		})
	}
}

// However long a refusal tells its caller to stay away, nothing is sent early; the
// gate itself opens after an hour, to ask again.
func TestRefusalForDays(t *testing.T) {
	for name, header := range map[string][]string{
		"Retry-After":  {"Retry-After", "172800"},
		"reset, delta": {"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "172800"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen tally
			portal := inMemory(t, script(&seen, status(429, header...), succeed))
			_, err := portal.GeneratePortalLink(context.Background(), sso)
			wantOnly(t, err, client.ErrRateLimited)
			if e := asError(t, err); e.RetryAfter != 48*time.Hour || e.Attempts != 1 {
				t.Errorf("%s: RetryAfter = %v after %d attempts, want 48h after 1", name, e.RetryAfter, e.Attempts)
			}
			time.Sleep(time.Hour)
			generate(t, portal)
		})
	}
}

func TestRetryAfterOfAServerErrorCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(503, "Retry-After", "7"), succeed))
		start := time.Now()
		generate(t, portal)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("waited %v, want 7s", took)
		}
	})
}

// MaxDelay is for the formula; what the server asks for is never cut short.
func TestRetryAfterIsNotShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(503, "Retry-After", "90"), succeed), client.WithRetry(client.RetryPolicy{MaxDelay: time.Second}))
		start := time.Now()
		generate(t, portal)
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("waited %v, want 90s", took)
		}
	})
}

func TestMaxWaitBoundsAWaitWithoutADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(429, "Retry-After", "3600"), succeed))
		start := time.Now()
		_, err := portal.GeneratePortalLink(context.Background(), sso)
		wantOnly(t, err, client.ErrRateLimited)
		if e := asError(t, err); e.RetryAfter != time.Hour || time.Since(start) != 0 {
			t.Errorf("RetryAfter = %v after %v, want 1h at once", e.RetryAfter, time.Since(start))
		}

		seen = tally{}
		portal = inMemory(t, script(&seen, status(503, "Retry-After", "3600"), succeed), client.WithRetry(client.RetryPolicy{MaxWait: -1}))
		generate(t, portal)
		if took := time.Since(start); took != time.Hour {
			t.Errorf("with MaxWait off: waited %v, want 1h", took)
		}
	})
}

func TestRetryAfterZeroDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waited time.Duration
		for range 50 {
			var seen tally
			portal := inMemory(t, script(&seen, status(429, "Retry-After", "0")))
			start := time.Now()
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrRateLimited)
			if seen.total() != 4 {
				t.Fatalf("%d attempts, want 4", seen.total())
			}
			waited += time.Since(start)
		}
		if waited < 50*time.Second {
			t.Errorf("50 calls waited %v in all, want the backoff of 3.5s each on average", waited)
		}
	})
}

func TestNonsenseInHeadersIsIgnored(t *testing.T) {
	nonsense := []string{"banana", "-1", "99999999999999999999", "1e9", "", " ", "0x10", "+5", "1.5.2", "x1", "٣", "999999999", "Mon, 99 Foo 2024"}
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Limit", "Date"} {
			for _, value := range nonsense {
				for _, code := range []int{200, 429, 503} {
					header := []string{"X-RateLimit-Remaining", "0", name, value}
					var seen tally
					portal := inMemory(t, script(&seen, func(w http.ResponseWriter, r *http.Request) {
						if code == 200 {
							w.Header().Set(header[0], header[1])
							w.Header().Set(header[2], header[3])
							sheetLink(w)
							return
						}
						status(code, header...)(w, r)
					}, succeed))
					ctx, cancel := contextWithin(t, 5*time.Second)
					start := time.Now()
					for range 2 {
						if _, err := portal.GeneratePortalLink(ctx, sso); err != nil {
							t.Errorf("%d with %s: %q: %v", code, name, value, err)
						}
					}
					if took := time.Since(start); took > time.Second {
						t.Errorf("%d with %s: %q stalled two calls for %v", code, name, value, took)
					}
					cancel()
				}
			}
		}
	})
}

func TestNetworkFailures(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"refused":              {refused, true},
		"reset":                {io.ErrUnexpectedEOF, true},
		"no such host":         {&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		"timeout":              {context.DeadlineExceeded, true},
		"untrusted":            {x509.UnknownAuthorityError{}, false},
		"wrong host":           {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, false},
		"expired":              {&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}, false},
		"no TLS":               {tls.RecordHeaderError{Msg: "x"}, false},
		"HTTP to HTTPS client": {http.ErrSchemeMismatch, false},
		"alert":                {&net.OpError{Op: "remote error", Err: tls.AlertError(116)}, false},
		"alert that may pass":  {&net.OpError{Op: "remote error", Err: tls.AlertError(80)}, true},
		"proxy's 407":          {errors.New("Proxy Authentication Required"), false},
		"proxy's 403":          {errors.New("Forbidden"), false},
		"proxy's 451":          {errors.New("Unavailable For Legal Reasons"), false},
		"proxy's 511":          {errors.New("Network Authentication Required"), false},
		"proxy's 502":          {errors.New("Bad Gateway"), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			portal := newClient(t, client.WithHTTPClient(&http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				attempts++
				return nil, tt.err
			})}))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, nil)
			if !errors.Is(err, tt.err) && !errors.As(err, new(x509.HostnameError)) && !errors.As(err, new(tls.RecordHeaderError)) {
				t.Errorf("%s: the cause is lost: %v", name, err)
			}
			if got := attempts > 1; got != tt.want {
				t.Errorf("%s: %d attempts, want it retried: %v", name, attempts, tt.want)
			}
			if e := asError(t, err); e.StatusCode != 0 || e.Attempts != attempts || e.Hint() == "" {
				t.Errorf("%s: StatusCode %d, Attempts %d, Hint %q, want 0, %d and a hint", name, e.StatusCode, e.Attempts, e.Hint(), attempts)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// net/http itself sends a POST with an Idempotency-Key again when a kept connection turns out to
// be closed: at once, and as part of the same attempt.
func TestClosedConnectionCostsNothing(t *testing.T) {
	var seen tally
	var attempts []client.Attempt
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r); seen.total()%2 == 0 {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_ = conn.Close()
			return
		}
		sheetLink(w)
	}))
	defer srv.Close()
	portal := newClient(t, client.WithBaseURL(srv.URL), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), record(&attempts))
	for range 20 {
		generate(t, portal)
	}
	if seen.total() != 39 || len(attempts) != 20 {
		t.Errorf("%d requests arrived and %d attempts were observed, want 39 and 20", seen.total(), len(attempts))
	}
	for _, r := range seen.requests() {
		if r.body != seen.requests()[0].body {
			t.Fatalf("a request was sent again with body %q, want the whole one", r.body)
		}
	}
}

func TestCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(503, "Retry-After", "60")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := portal.GeneratePortalLink(ctx, sso)
		if !errors.Is(err, context.Canceled) || seen.total() != 0 {
			t.Errorf("canceled before: got %v after %d requests, want context.Canceled after none", err, seen.total())
		}

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err = portal.GeneratePortalLink(ctx, sso)
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("canceled while waiting: got %v after %v, want context.Canceled at once", err, time.Since(start))
		}
		if e := asError(t, err); e.StatusCode != 503 || e.Attempts != 1 {
			t.Errorf("StatusCode %d, Attempts %d, want what was known: 503 and 1", e.StatusCode, e.Attempts)
		}
	})
}

func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		portal := inMemory(t, script(&seen, stall, stall, succeed), client.WithRetry(client.RetryPolicy{AttemptTimeout: 3 * time.Second, BaseDelay: -1}))
		start := time.Now()
		generate(t, portal)
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("took %v, want two timeouts of 3s", took)
		}

		seen = tally{}
		portal = inMemory(t, script(&seen, stall), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
		start = time.Now()
		_, err := portal.GeneratePortalLink(context.Background(), sso)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want DeadlineExceeded after the default of 10s", err, time.Since(start))
		}
	})
}
