package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// answering is a server that costs as little as one can: what is measured is the
// caller.
func answering(b *testing.B) string {
	b.Helper()
	answer := fmt.Appendf(nil, `{"object":"portal_link","link":%q,"expires_at":%q}`, testLink, time.Now().Add(10*time.Minute).UTC().Format(time.RFC3339Nano))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h["Content-Type"] = []string{"application/json"}
		h["X-Request-Id"] = []string{"req_01H"}
		h["X-Ratelimit-Limit"] = []string{"1000000000"}
		h["X-Ratelimit-Remaining"] = []string{"999999999"}
		h["X-Ratelimit-Reset"] = []string{"60"}
		_, _ = w.Write(answer)
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

// byHand is the same call as a careful person writes it with net/http: a timeout,
// a transport that keeps its connections, a cap on what is read, the status first.
func byHand(b *testing.B, baseURL string) func() error {
	b.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 256, 256
	b.Cleanup(transport.CloseIdleConnections)
	hc := &http.Client{Transport: transport}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		body, err := json.Marshal(map[string]string{"organization": sso.Organization, "intent": string(sso.Intent), "return_url": sso.ReturnURL})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, baseURL+sheetPath, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+testKey)
		req.Header.Set("Content-Type", "application/json")
		resp, err := hc.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		var link struct {
			Link      string    `json:"link"`
			ExpiresAt time.Time `json:"expires_at"`
		}
		if err := json.Unmarshal(text, &link); err != nil {
			return err
		}
		if link.Link != testLink {
			return errors.New("no link")
		}
		return nil
	}
}

// byClient is the call through this package, with everything on.
func byClient(b *testing.B, baseURL string) func() error {
	b.Helper()
	portal := newClient(b, client.WithBaseURL(baseURL))
	return func() error {
		link, err := portal.GeneratePortalLink(context.Background(), sso)
		if err == nil && link.URL != testLink {
			err = errors.New("no link")
		}
		return err
	}
}

var contestants = []struct {
	name string
	make func(*testing.B, string) func() error
}{{"by-hand", byHand}, {"client", byClient}}

// BenchmarkCall is what one link costs over loopback, by hand and through the
// client.
func BenchmarkCall(b *testing.B) {
	url := answering(b)
	for _, c := range contestants {
		b.Run(c.name, func(b *testing.B) {
			call := c.make(b, url)
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, c := range contestants {
		b.Run(c.name+"-parallel", func(b *testing.B) {
			call := c.make(b, url)
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkRatio is how many times the cost of the call by hand a call through the
// client costs: the median over rounds, each of which measures both in turn, so
// that whatever else the machine does meets both alike. Read the metric ratio.
func BenchmarkRatio(b *testing.B) {
	url := answering(b)
	hand, ours := byHand(b, url), byClient(b, url)
	for name, callers := range map[string]int{"one": 1, "parallel": 16} {
		b.Run(name, func(b *testing.B) {
			const calls = 128
			var ratios []float64
			round(b, hand, callers, calls) // warm
			round(b, ours, callers, calls)
			for b.Loop() {
				var took [2]time.Duration
				order := []int{0, 1}
				if len(ratios)%2 == 1 {
					slices.Reverse(order)
				}
				for _, i := range order {
					took[i] = round(b, []func() error{hand, ours}[i], callers, calls)
				}
				ratios = append(ratios, float64(took[1])/float64(took[0]))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "ratio")
			b.ReportMetric(float64(len(ratios)), "rounds")
		})
	}
}

// round is how long the calls take from that many callers.
func round(b *testing.B, call func() error, callers, calls int) time.Duration {
	b.Helper()
	var wg sync.WaitGroup
	start := time.Now()
	for range callers {
		wg.Go(func() {
			for range calls / callers {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}
