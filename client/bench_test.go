package client_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

// callFromMemory is a call with every default on, whose answer comes from memory: it costs what
// the client costs.
func callFromMemory(t testing.TB) func() {
	now := time.Now().UTC()
	body := `{"object":"portal_link","link":"` + testLink + `","expires_at":"` + now.Add(time.Hour).Format("2006-01-02T15:04:05.000Z") + `"}`
	date := now.Format(http.TimeFormat)
	portal := newClient(t, over(roundTripper(func(req *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
		return &http.Response{
			StatusCode: http.StatusOK, Request: req,
			Header: http.Header{
				"Content-Type": {"application/json"}, "Date": {date},
				"X-Ratelimit-Limit": {"100000000"}, "X-Ratelimit-Remaining": {"99999999"}, "X-Ratelimit-Reset": {"60"},
			},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}, nil
	})))
	return func() {
		if _, err := portal.GeneratePortalLink(context.Background(), sso); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	call := callFromMemory(b)
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}

// What a call allocates is the same on every machine, so a test holds it.
func TestCallAllocatesLittle(t *testing.T) {
	const runs, most, mostBytes = 200, 42, 4000
	call := callFromMemory(t)
	// The least of all runs: the race detector empties pools at random.
	allocs, bytes := math.Inf(1), uint64(math.MaxUint64)
	for range runs {
		both := allocated(func() { allocs = min(allocs, testing.AllocsPerRun(1, call)) })
		bytes = min(bytes, both/2) // AllocsPerRun calls once to warm up
	}
	errorIf(t, allocs > most || bytes > mostBytes, "a call allocates %v times and %d bytes, want at most %d and %d", allocs, bytes, most, mostBytes)
}
