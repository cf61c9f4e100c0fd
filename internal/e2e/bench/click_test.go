package bench

import (
	"slices"
	"testing"
	"time"
)

// clickWays are the ways to click, on a service that nobody is connected to.
var clickWays = []way{{"hand", byHand}, {"retryablehttp", byRetryable}, {"cold", byClient}, {"warmed", byWarmedClient}}

func byWarmedClient(tb testing.TB, to target) call {
	tb.Helper()
	portal, click := dial(tb, to)
	if err := portal.Warm(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return click
}

var protocols = []string{"h1", "h2"}

// BenchmarkClick is a click over a link with a round trip of 50 ms and TLS 1.3. It reports for each
// way the median of nine clicks. The ways take turns. For the warmed one it also reports how many
// times the click by hand and with retryablehttp it takes: want at most 0.40.
func BenchmarkClick(b *testing.B) {
	const clicks = 9
	s := newRemote(b, 50*time.Millisecond)
	for _, proto := range protocols {
		took := map[string][]time.Duration{}
		for range clicks {
			for _, w := range clickWays {
				t := s.transport(proto == "h2")
				click := w.open(b, target{baseURL: s.url, transport: t})
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
		for _, w := range clickWays {
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
		s := newRemote(t, 0)
		transport := s.transport(proto == "h2")
		defer transport.CloseIdleConnections()
		if err := byWarmedClient(t, target{baseURL: s.url, transport: transport})(); err != nil {
			t.Fatal(err)
		}
		if connections, requests := s.connections.Load(), len(s.Requests()); connections != 1 || requests != 2 {
			t.Errorf("%s: %d connections and %d requests, want 1 and 2", proto, connections, requests)
		}
	}
}
