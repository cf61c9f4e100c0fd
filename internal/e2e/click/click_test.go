package click

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/adminportal-go/adminportal/client"
)

// A way prepares a click on a service that nobody is connected to, and returns it.
type way struct {
	name    string
	prepare func(context.Context, *service, *http.Transport) (click func() error, err error)
}

var ways = []way{
	{"hand", func(ctx context.Context, s *service, t *http.Transport) (func() error, error) {
		hc := &http.Client{Transport: t, Timeout: 10 * time.Second}
		return func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/portal_links", s.body())
			if err != nil {
				return err
			}
			s.head(req.Header)
			return read(hc.Do(req))
		}, nil
	}},
	{"retryablehttp", func(ctx context.Context, s *service, t *http.Transport) (func() error, error) {
		rc := retryablehttp.NewClient()
		rc.Logger, rc.HTTPClient.Transport = nil, t
		return func() error {
			req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, s.url+"/portal_links", s.body())
			if err != nil {
				return err
			}
			s.head(req.Header)
			return read(rc.Do(req))
		}, nil
	}},
	{"cold", func(ctx context.Context, s *service, t *http.Transport) (func() error, error) {
		_, click, err := s.dial(ctx, t)
		return click, err
	}},
	{"warmed", func(ctx context.Context, s *service, t *http.Transport) (func() error, error) {
		portal, click, err := s.dial(ctx, t)
		if err == nil {
			err = portal.Warm(ctx)
		}
		return click, err
	}},
}

func (s *service) dial(ctx context.Context, t *http.Transport) (*client.Client, func() error, error) {
	portal, err := client.New(s.APIKey, client.WithBaseURL(s.url), client.WithHTTPClient(&http.Client{Transport: t}))
	return portal, func() error {
		_, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: s.Organization, Intent: client.IntentSSO})
		return err
	}, err
}

func (s *service) body() *bytes.Reader {
	return bytes.NewReader(fmt.Appendf(nil, `{"organization":%q,"intent":"sso"}`, s.Organization))
}

func (s *service) head(h http.Header) {
	h.Set("Authorization", "Bearer "+s.APIKey)
	h.Set("Content-Type", "application/json")
}

func read(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct{ Link string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Link == "" {
		return fmt.Errorf("%s without a link: %w", resp.Status, err)
	}
	return nil
}

var protocols = []string{"h1", "h2"}

// BenchmarkClick reports for each way the median of nine clicks. The ways take turns. For
// the warmed one it also reports how many times the click by hand and with retryablehttp
// it takes: want at most 0.40.
func BenchmarkClick(b *testing.B) {
	const clicks = 9
	s := newService(b, 50*time.Millisecond)
	for _, proto := range protocols {
		took := map[string][]time.Duration{}
		for range clicks {
			for _, w := range ways {
				t := s.transport(proto == "h2")
				click, err := w.prepare(b.Context(), s, t)
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := click(); err != nil {
					b.Fatal(err)
				}
				took[w.name] = append(took[w.name], time.Since(began))
				t.CloseIdleConnections()
			}
		}
		median := func(name string) float64 {
			slices.Sort(took[name])
			return float64(took[name][clicks/2])
		}
		for _, w := range ways {
			b.Run("proto="+proto+"/way="+w.name, func(b *testing.B) {
				b.ReportMetric(median(w.name), "ns/op")
				if w.name == "warmed" {
					b.ReportMetric(median(w.name)/median("hand"), "×hand")
					b.ReportMetric(median(w.name)/median("retryablehttp"), "×retryablehttp")
				}
			})
		}
	}
}

// A warmed click uses the connection of Warm.
func TestWarmedClick(t *testing.T) {
	for _, proto := range protocols {
		s := newService(t, 0)
		transport := s.transport(proto == "h2")
		defer transport.CloseIdleConnections()
		click, err := ways[len(ways)-1].prepare(t.Context(), s, transport)
		if err != nil {
			t.Fatal(err)
		}
		if err := click(); err != nil {
			t.Fatal(err)
		}
		if connections, requests := s.connections.Load(), len(s.Requests()); connections != 1 || requests != 2 {
			t.Errorf("%s: %d connections and %d requests, want 1 and 2", proto, connections, requests)
		}
	}
}
