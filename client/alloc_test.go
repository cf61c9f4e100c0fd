package client_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// What one call may allocate, its answer included: a little under what the vendor's
// own Go SDK was measured at. It holds with the race detector too, which makes
// sync.Pool lose things at random and so adds an allocation or two.
const (
	maxAllocs = 40
	maxBytes  = 3856
)

// canned is a transport that answers from memory, as lean as one can be: what is
// counted beside it is the client's.
func canned(t testing.TB, status int, body string) *http.Client {
	t.Helper()
	date := time.Now().UTC().Format(http.TimeFormat)
	return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close()
		}
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
			Header: http.Header{
				"Content-Type": {"application/json"}, "Date": {date},
				"X-Ratelimit-Limit": {"1000000"}, "X-Ratelimit-Remaining": {"999999"}, "X-Ratelimit-Reset": {"60"},
			},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	})}
}

func cannedLink(t testing.TB) *http.Client {
	t.Helper()
	return canned(t, 200, `{"object":"portal_link","link":"`+testLink+`","expires_at":"`+
		time.Now().Add(10*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")+`"}`)
}

// perCall is what one run of f allocates, on average over many.
func perCall(f func()) (allocs, bytes float64) {
	const runs = 200
	allocs = testing.AllocsPerRun(runs, f)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // as AllocsPerRun does, so that little else runs
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return allocs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

// allocations are a call's, for a client with these options.
func allocations(t *testing.T, opts ...client.Option) (allocs, bytes float64) {
	t.Helper()
	portal := newClient(t, append([]client.Option{client.WithHTTPClient(cannedLink(t))}, opts...)...)
	generate(t, portal) // learns the dialect
	return perCall(func() { generate(t, portal) })
}

func TestCallAllocatesLittle(t *testing.T) {
	allocs, bytes := allocations(t)
	t.Logf("%.0f allocations, %.0f bytes", allocs, bytes)
	if allocs > maxAllocs || bytes > maxBytes {
		t.Errorf("a call allocates %.0f times and %.0f bytes, want at most %d and %d", allocs, bytes, maxAllocs, maxBytes)
	}
}

// What is off costs nothing: neither what was never set, nor nil, nor a logger that
// does not listen. An observer and a limiter cost what they allocate themselves, and
// a limiter the deadline that it is given.
func TestIdleFeaturesAllocateNothing(t *testing.T) {
	none, _ := allocations(t)
	const deadline = 4 // what context.WithTimeout allocates
	for _, c := range []struct {
		name string
		more float64
		opt  client.Option
	}{
		{"no logger", 0, client.WithLogger(nil)},
		{"a logger that does not listen", 0, client.WithLogger(slog.New(slog.DiscardHandler))},
		{"no observer", 0, client.WithObserver(nil)},
		{"an observer that does nothing", 0, client.WithObserver(func(context.Context, client.Attempt) {})},
		{"no limiter", 0, client.WithLimiter(nil)},
		{"a limiter that holds nobody back", deadline, client.WithLimiter(freeLimiter{})},
	} {
		got, _ := allocations(t, c.opt)
		if got > none+c.more+1 { // the race detector's share varies
			t.Errorf("a call allocates %v times with %s, want at most %v more than the %v without", got, c.name, c.more, none)
		}
		t.Logf("%s: %v beside %v", c.name, got, none)
	}
}

type freeLimiter struct{}

func (freeLimiter) Wait(context.Context) error { return nil }

func TestFailedCallAllocatesLittle(t *testing.T) {
	portal := newClient(t, client.WithHTTPClient(canned(t, 422, contractNotFound)))
	call := func() {
		if _, err := portal.GeneratePortalLink(context.Background(), sso); err == nil {
			t.Fatal("got no error for a 422")
		}
	}
	call()
	allocs, bytes := perCall(call)
	t.Logf("%.0f allocations, %.0f bytes", allocs, bytes)
	if most := 1.5 * maxAllocs; allocs > most {
		t.Errorf("a refused call allocates %.0f times, want at most %v", allocs, most)
	}
}
