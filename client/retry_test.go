package client_test

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestRetryable(t *testing.T) {
	for code, want := range map[int]int{
		429: 2, 500: 2, 502: 2, 503: 2, 504: 2, 520: 2, 521: 2, 522: 2, 523: 2, 524: 2,
		400: 1, 402: 1, 403: 1, 404: 1, 405: 1, 409: 1, 410: 1, 413: 1, 422: 1, 501: 1, 505: 1, 519: 1, 525: 1, 301: 1, 304: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			portal, seen := scripted(t, steps{status(code), succeed}, reference)
			err := ask(t, portal, 0)
			errorIf(t, seen.total() != want || (err == nil) != (want == 2), "%d: %d requests (%v), want %d", code, seen.total(), err, want)
		})
	}
}

// An error answer is judged by its status, even if its body is cut short.
func TestErrorWithABodyCutShort(t *testing.T) {
	for status, want := range map[int]error{403: client.ErrUnauthorized, 404: nil} {
		requests := 0
		wantOnly(t, ask(t, newClient(t, over(roundTripper(func(*http.Request) (*http.Response, error) {
			requests++
			return &http.Response{StatusCode: status, Body: io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))}, nil
		})), oneTry), 0), want)
		same(t, "requests", requests, 1)
	}
}

func TestEveryAttemptIsTheSameRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(503), cut, status(404), status(500), succeed})
		// The third answer is the contract's 404, so the call ends there. The second call has
		// another Idempotency-Key.
		wantOnly(t, ask(t, portal, 0), client.ErrOrganizationNotFound)
		generate(t, portal)
		requests := seen.requests()
		if len(requests) != 5 {
			t.Fatalf("%d requests, want 3 + 2", len(requests))
		}
		var keys []string
		for i, r := range requests {
			keys = append(keys, r.header.Get("Idempotency-Key"))
			errorIf(t, r.body != requests[0].body || r.body == "" || r.header.Get("Authorization") != "Bearer "+testKey || len(keys[i]) < 16, "request %d: body %q, header %v, want %q, the key, and a long random Idempotency-Key", i+1, r.body, r.header, requests[0].body)
		}
		errorIf(t, keys[0] != keys[1] || keys[1] != keys[2] || keys[3] != keys[4] || keys[0] == keys[3], "idempotency keys %q, want one per call", keys)
	})
}

// Also where a server asks for no wait at all.
func TestBackoffIsFullJitterFromOneSecond(t *testing.T) {
	const calls = 300
	for name, failure := range map[string]http.HandlerFunc{"500": status(500), "429": status(429, "Retry-After", "0")} {
		var sums, most [3]time.Duration
		synctest.Test(t, func(t *testing.T) {
			for range calls {
				portal, seen := scripted(t, steps{failure})
				err := asError(t, ask(t, portal, 0))
				requests := seen.requests()
				if len(requests) != 4 || err.Attempts != 4 || time.Since(requests[3].at) != 0 {
					t.Fatalf("%v after %d attempts, want 4 by default, and no wait after the last", err, len(requests))
				}
				for i := range sums {
					wait := requests[i+1].at.Sub(requests[i].at)
					sums[i] += wait
					most[i] = max(most[i], wait)
				}
			}
		})
		for i, bound := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			// The mean of 300 even draws is within a seventh of half the bound, except in one run
			// of many millions.
			mean := sums[i] / calls
			errorIf(t, most[i] > bound || mean < bound*5/14 || mean > bound*9/14, "%s: wait %d is %v on average, at most %v, want about %v and at most %v", name, i+1, mean, most[i], bound/2, bound)
		}
	}
}

func TestRetryPolicy(t *testing.T) {
	for name, tt := range map[string]struct {
		policy   client.RetryPolicy
		header   []string
		attempts int
		most     time.Duration
	}{
		"off":                        {client.RetryPolicy{MaxAttempts: 1}, nil, 1, 0},
		"no wait":                    {client.RetryPolicy{MaxAttempts: 5, BaseDelay: -1}, nil, 5, 0},
		"no wait, no cap":            {client.RetryPolicy{MaxAttempts: 5, BaseDelay: -1, MaxDelay: -1}, nil, 5, 0},
		"capped":                     {client.RetryPolicy{MaxAttempts: 30, BaseDelay: time.Hour, MaxDelay: 10 * time.Millisecond}, nil, 30, 290 * time.Millisecond},
		"uncapped does not overflow": {client.RetryPolicy{MaxAttempts: 200, BaseDelay: 1, MaxDelay: 1<<63 - 1, MaxWait: time.Minute}, nil, 0, 200 * time.Minute},
		"MaxWait":                    {client.RetryPolicy{}, []string{"Retry-After", "121"}, 1, 0},
		"MaxWait off":                {client.RetryPolicy{MaxAttempts: 2, MaxWait: -1}, []string{"Retry-After", "3600"}, 2, time.Hour},
		// MaxDelay is for the formula: what the server asks for is not cut short.
		"MaxDelay and Retry-After": {client.RetryPolicy{MaxAttempts: 2, MaxDelay: time.Second}, []string{"Retry-After", "90"}, 2, 90 * time.Second},
	} {
		bubble(t, name, func(t *testing.T) {
			portal, seen := scripted(t, steps{status(503, tt.header...)}, client.WithRetry(tt.policy))
			took := timed(func() { fails(t, portal, 0, client.ErrServer) })
			errorIf(t, tt.attempts > 0 && seen.total() != tt.attempts, "%d attempts, want %d", seen.total(), tt.attempts)
			errorIf(t, took > tt.most || tt.header != nil && took != tt.most, "took %v, want %v", took, tt.most)
		})
	}
}

// A refusal for days is told as such, and nothing is sent early. The gate itself opens after an
// hour, to ask again.
func TestRefusalForDays(t *testing.T) {
	for _, header := range [][]string{{"Retry-After", "172800"}, {"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "172800"}} {
		synctest.Test(t, func(t *testing.T) {
			portal, _ := scripted(t, steps{status(429, header...), succeed})
			e := fails(t, portal, 0, client.ErrRateLimited)
			errorIf(t, e.RetryAfter != 48*time.Hour || e.Attempts != 1, "%q: RetryAfter = %v after %d attempts, want 48h after 1", header, e.RetryAfter, e.Attempts)
			time.Sleep(time.Hour - time.Minute)
			fails(t, portal, time.Second, client.ErrRateLimited)
			time.Sleep(time.Minute)
			generate(t, portal)
		})
	}
}

// Each comes before the answer, and within its body. What may pass is retried.
func TestNetworkFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int // attempts
	}{
		"refused":              {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, 4},
		"reset":                {io.ErrUnexpectedEOF, 4},
		"no gzip":              {gzip.ErrHeader, 1},
		"gzip of a wrong sum":  {gzip.ErrChecksum, 1},
		"gzip of nonsense":     {flate.CorruptInputError(7), 1},
		"no such host":         {&net.DNSError{Err: "no such host", IsNotFound: true}, 4},
		"timeout":              {context.DeadlineExceeded, 4},
		"canceled elsewhere":   {context.Canceled, 1},
		"not verified":         {&tls.CertificateVerificationError{Err: errors.New("x")}, 1},
		"no TLS":               {tls.RecordHeaderError{Msg: "x"}, 1},
		"HTTP to HTTPS client": {http.ErrSchemeMismatch, 1},
		"alert":                {&net.OpError{Op: "remote error", Err: tls.AlertError(116)}, 1},
		"alert that may pass":  {&net.OpError{Op: "remote error", Err: tls.AlertError(80)}, 4},
		"proxy's 407":          {errors.New("Proxy Authentication Required"), 1},
		"proxy's 302":          {errors.New("Found"), 1},
		"proxy's 501":          {errors.New("Not Implemented"), 1},
		"proxy's 502":          {errors.New("Bad Gateway"), 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			for _, status := range []int{0, 200} {
				attempts, kind := 0, map[int]error{200: client.ErrMalformedResponse}[status]
				e := fails(t, newClient(t, over(roundTripper(func(*http.Request) (*http.Response, error) {
					if attempts++; status == 0 {
						return nil, tt.err
					}
					return &http.Response{StatusCode: status, Body: io.NopCloser(iotest.ErrReader(tt.err))}, nil
				}))), 0, kind)
				errorIf(t, !errors.Is(e, tt.err) && !errors.As(e, new(tls.RecordHeaderError)), "%s: the cause is lost: %v", name, e)
				if status == 200 && strings.HasPrefix(name, "proxy") {
					continue // a proxy refuses before the answer
				}
				errorIf(t, attempts != tt.want || e.StatusCode != status || e.Attempts != attempts || e.Hint() == "",
					"%s: %d attempts, StatusCode %d, Attempts %d, Hint %q, want %d attempts, %d and a hint", name, attempts, e.StatusCode, e.Attempts, e.Hint(), tt.want, status)
			}
		})
	}
}

func TestCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(429, "Retry-After", "60")})
		for i, after := range []time.Duration{0, time.Second, time.Second} { // before the call, in its backoff, and at the gate
			ctx, cancel := context.WithCancel(t.Context())
			if after == 0 {
				cancel()
			}
			time.AfterFunc(after, cancel)
			start := time.Now()
			_, err := portal.GeneratePortalLink(ctx, sso)
			e := asError(t, err)
			errorIf(t, !errors.Is(err, context.Canceled) || time.Since(start) != after || e.Attempts != i%2 || e.StatusCode != 429*(i%2), "canceled after %v: got %v with %+v after %v and %d requests, want context.Canceled at once and what was known", after, err, e, time.Since(start), seen.total())
		}
		same(t, "requests of the three calls", seen.total(), 1)
	})
}

// An error of a timeout names the setting, except the caller's own deadline.
func TestTimeoutsAreNamed(t *testing.T) {
	const (
		policy = "timed out after 3s (RetryPolicy.AttemptTimeout): "
		theirs = "timed out after 2s (http.Client.Timeout): "
		post   = `Post "https://api.workos.com": `
	)
	silent := memory(stall)
	stuck := roundTripper(func(r *http.Request) (*http.Response, error) { // no more than headers
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: slowBody{func([]byte) (int, error) {
			<-r.Context().Done()
			return 0, r.Context().Err()
		}, new(bool)}}, nil
	})
	stuckSource := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	for name, tt := range map[string]struct {
		http   http.Client
		source func(context.Context) (string, error)
		within time.Duration // the caller's deadline; 0: none
		want   string
		took   time.Duration
	}{
		"before the headers":            {http: http.Client{Transport: silent}, want: policy + post, took: 3 * time.Second},
		"in the body":                   {http: http.Client{Transport: stuck}, want: "200 OK: " + policy, took: 3 * time.Second},
		"http.Client's":                 {http: http.Client{Transport: silent, Timeout: 2 * time.Second}, want: theirs + post, took: 2 * time.Second},
		"http.Client's, but longer":     {http: http.Client{Transport: silent, Timeout: 4 * time.Second}, want: policy + post, took: 3 * time.Second},
		"the key source's":              {source: stuckSource, want: "API key source: " + policy, took: 3 * time.Second},
		"the caller's, no headers":      {http: http.Client{Transport: silent}, within: time.Second, took: time.Second},
		"the caller's, in the body":     {http: http.Client{Transport: stuck}, within: time.Second, want: "200 OK: ", took: time.Second},
		"the caller's, of a key source": {source: stuckSource, within: time.Second, took: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := newClient(t, client.WithHTTPClient(&tt.http), client.WithAPIKeySource(tt.source), reference,
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: 3 * time.Second}))
			var err error
			took := timed(func() { err = ask(t, portal, tt.within) })
			errorIf(t, took != tt.took || !errors.Is(err, context.DeadlineExceeded), "%s: got %v after %v, want DeadlineExceeded after %v", name, err, took, tt.took)
			same(t, name+": Error()", err.Error(), "adminportal: generate portal link: "+tt.want+"context deadline exceeded")
			errorIf(t, tt.within != 0 && errors.Is(err, client.ErrMalformedResponse), "%s: got ErrMalformedResponse, want no sentinel, since the caller left", name)
			timeout := interface{ Timeout() bool }(nil)
			errorIf(t, strings.Contains(tt.want, "timed out") && (!errors.As(err, &timeout) || !timeout.Timeout()), "%s: errors.As finds no timeout in %v", name, err)
		})
	}
}

// An attempt that hangs leaves time for another one: the first takes at most half of the context's
// time, and without a deadline each has its own timeout.
func TestAttemptThatHangs(t *testing.T) {
	for name, tt := range map[string]struct {
		policy      client.RetryPolicy
		hang        int
		within      time.Duration
		took, slack time.Duration
		want        error
	}{
		"own timeouts":   {client.RetryPolicy{AttemptTimeout: 3 * time.Second, BaseDelay: -1}, 2, 0, 6 * time.Second, 0, nil},
		"half":           {client.RetryPolicy{}, 1, time.Second, time.Second / 2, time.Second / 2, nil},
		"half, no bound": {client.RetryPolicy{AttemptTimeout: -1}, 1, 60 * time.Second, 30 * time.Second, 0, nil},
		"then the rest":  {client.RetryPolicy{AttemptTimeout: -1, BaseDelay: -1}, 2, 60 * time.Second, 60 * time.Second, 0, context.DeadlineExceeded},
		"no second":      {client.RetryPolicy{MaxAttempts: 1}, 1, 8 * time.Second, 8 * time.Second, 0, context.DeadlineExceeded},
		"by default 10s": {client.RetryPolicy{MaxAttempts: 1}, 1, 0, 10 * time.Second, 0, context.DeadlineExceeded},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal, _ := scripted(t, steps{stall, stall, succeed}[2-tt.hang:], client.WithRetry(tt.policy))
			var err error
			took := timed(func() { err = ask(t, portal, tt.within) })
			errorIf(t, !errors.Is(err, tt.want) || took < tt.took || took > tt.took+tt.slack, "%s: got %v after %v, want %v after %v", name, err, took, tt.want, tt.took)
		})
	}
}
