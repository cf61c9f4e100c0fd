package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const benchLink = "https://id.workos.com/portal/launch?secret=s3cr3t"

var benchRequest = client.PortalLinkRequest{
	Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
	Intent:       client.IntentSSO,
	ReturnURL:    "https://example.com/settings",
}

// A cannedAnswer is a transport that answers every request with a link from memory,
// so that only the caller's own cost is measured.
type cannedAnswer struct{ date, body string }

func newCannedAnswer() *cannedAnswer {
	now := time.Now().UTC()
	return &cannedAnswer{now.Format(http.TimeFormat), `{"object":"portal_link","link":"` + benchLink + `","expires_at":"` +
		now.Add(time.Hour).Format("2006-01-02T15:04:05.000Z") + `"}`}
}

func (c *cannedAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, req.Body)
	_ = req.Body.Close()
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{
			"Content-Type": {"application/json"}, "Date": {c.date},
			"X-Ratelimit-Limit": {"100000000"}, "X-Ratelimit-Remaining": {"99999999"}, "X-Ratelimit-Reset": {"60"},
		},
		Body: io.NopCloser(strings.NewReader(c.body)), ContentLength: int64(len(c.body)),
	}, nil
}

// callByHand is the same call as people write it with net/http: a timeout, the status
// before the body, no retry, no rate limit, no check of the link.
func callByHand(baseURL string, transport http.RoundTripper) func() error {
	hc := &http.Client{Transport: transport}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		body, err := json.Marshal(struct {
			Organization string `json:"organization"`
			Intent       string `json:"intent"`
			ReturnURL    string `json:"return_url"`
		}{benchRequest.Organization, string(benchRequest.Intent), benchRequest.ReturnURL})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, baseURL+"/portal_links", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer sk_test_0123456789")
		req.Header.Set("Content-Type", "application/json")
		resp, err := hc.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		var link struct {
			Link      string    `json:"link"`
			ExpiresAt time.Time `json:"expires_at"`
		}
		return json.Unmarshal(answer, &link)
	}
}

// callByClient is the call through this package, with every default on.
func callByClient(t testing.TB, opts ...client.Option) func() error {
	t.Helper()
	portal, err := client.New("sk_test_0123456789", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, err := portal.GeneratePortalLink(context.Background(), benchRequest)
		return err
	}
}

func benchmarkWays(b *testing.B, byHand, byClient func() error) {
	for _, way := range []struct {
		name string
		call func() error
	}{{"hand", byHand}, {"adminportal", byClient}} {
		b.Run("way="+way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMemory is a call whose answer comes from memory.
func BenchmarkMemory(b *testing.B) {
	transport := newCannedAnswer()
	benchmarkWays(b, callByHand("https://api.example.com", transport), callByClient(b, client.WithHTTPClient(&http.Client{Transport: transport})))
}

// BenchmarkLoopback is a call to a server on loopback in the same process.
func BenchmarkLoopback(b *testing.B) {
	answer := newCannedAnswer().body
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	b.Cleanup(srv.Close)
	benchmarkWays(b, callByHand(srv.URL, srv.Client().Transport), callByClient(b, client.WithBaseURL(srv.URL)))
}

type oneIcon struct{}

func (oneIcon) ListProviderIcons(context.Context) ([]client.ProviderIcon, error) {
	return []client.ProviderIcon{{ID: "okta", Name: "Okta", IconURL: "https://cdn.example.com/okta.svg"}}, nil
}

// BenchmarkIconLookup is a look-up in a catalog that is already filled, beside the
// read of a map.
func BenchmarkIconLookup(b *testing.B) {
	catalog, icons := client.NewIconCatalog(oneIcon{}), map[string]client.ProviderIcon{"OktaSAML": {ID: "okta"}}
	b.Run("way=map", func(b *testing.B) {
		for b.Loop() {
			_ = icons["OktaSAML"]
		}
	})
	b.Run("way=adminportal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := catalog.Lookup(context.Background(), "OktaSAML"); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}

// What a call allocates is the same on every machine, so a test holds it.
func TestCallAllocatesLittle(t *testing.T) {
	const runs, most, mostBytes = 200, 42, 4000
	call := callByClient(t, client.WithHTTPClient(&http.Client{Transport: newCannedAnswer()}))
	// The least of all runs: the race detector empties pools at random.
	allocs, bytes := math.Inf(1), uint64(math.MaxUint64)
	for range runs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		allocs = min(allocs, testing.AllocsPerRun(1, func() {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}))
		runtime.ReadMemStats(&after)
		bytes = min(bytes, (after.TotalAlloc-before.TotalAlloc)/2) // AllocsPerRun calls once to warm up
	}
	if allocs > most || bytes > mostBytes {
		t.Errorf("a call allocates %v times and %d bytes, want at most %d and %d", allocs, bytes, most, mostBytes)
	}
}
