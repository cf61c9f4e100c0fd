package client

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// steady is a transport that always has a link and a budget that is far from spent.
type steady struct {
	date, body string
	remaining  string // of the budget
	meanwhile  func() // called with the request under way; nil for nothing
}

func newSteady() *steady {
	now := time.Now().UTC()
	return &steady{
		date:      now.Format(http.TimeFormat),
		remaining: "99999999",
		body:      `{"link":"https://id.workos.com/portal/launch?secret=s","expires_at":"` + now.Add(10*time.Minute).Format(time.RFC3339) + `"}`,
	}
}

func (s *steady) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return &http.Response{
		StatusCode: 200, Request: req, ContentLength: int64(len(s.body)), Body: io.NopCloser(strings.NewReader(s.body)),
		Header: http.Header{
			"Date":              {s.date},
			"X-Ratelimit-Limit": {"100000000"}, "X-Ratelimit-Remaining": {s.remaining}, "X-Ratelimit-Reset": {"60"},
		},
	}, nil
}

var anyRequest = PortalLinkRequest{Organization: "org_1", Intent: IntentSSO}

func steadyClient(t testing.TB, s *steady) *Client {
	t.Helper()
	portal, err := New("sk_test_1", WithHTTPClient(&http.Client{Transport: s}), WithDialect(DialectPortalLinks))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := portal.GeneratePortalLink(t.Context(), anyRequest); err != nil {
		t.Fatal(err)
	}
	return portal
}

// All of many callers are under way at once: nobody waits for another's answer. If
// one did, this test would not end.
func TestGateSerialisesNobody(t *testing.T) {
	const callers = 512
	for _, remaining := range []int{plentyLeft - 1, 10 * plentyLeft} { // counted, and not
		s := newSteady()
		s.remaining = fmt.Sprint(remaining)
		portal := steadyClient(t, s)
		var here, done sync.WaitGroup
		here.Add(callers)
		s.meanwhile = func() { here.Done(); here.Wait() }
		for range callers {
			done.Go(func() {
				if _, err := portal.GeneratePortalLink(context.Background(), anyRequest); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	}
}

// However many callers there are, none queues at the gate's lock: a queue of hundreds
// would outlast whatever began it.
func TestNobodyQueuesAtTheGate(t *testing.T) {
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	core := steadyClient(t, newSteady()).core
	// A budget that is counted.
	h := http.Header{"X-Ratelimit-Remaining": {fmt.Sprint(plentyLeft - 1)}, "X-Ratelimit-Reset": {"60"}}
	var done sync.WaitGroup
	for range 512 {
		done.Go(func() {
			for range 200 {
				p, err := core.admit(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				core.gate.answered(p, 200, h, time.Now())
			}
		})
	}
	done.Wait()
	records := make([]runtime.BlockProfileRecord, 1000)
	n, ok := runtime.MutexProfile(records)
	if !ok {
		t.Fatalf("%d records of waiting for locks, want at most %d", n, len(records))
	}
	for _, r := range records[:n] {
		for frames, more := runtime.CallersFrames(r.Stack()), true; more; {
			var f runtime.Frame
			if f, more = frames.Next(); strings.Contains(f.Function, "(*gate)") {
				t.Errorf("callers waited %d times for the lock in %s", r.Count, f.Function)
			}
		}
	}
}

// Leaving and coming back allocates nothing at a gate that is not shut.
func TestGateAllocatesNothing(t *testing.T) {
	core := steadyClient(t, newSteady()).core
	h := http.Header{"X-Ratelimit-Remaining": {"9999"}, "X-Ratelimit-Reset": {"60"}}
	got := testing.AllocsPerRun(100, func() {
		p, err := core.admit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		core.gate.answered(p, 200, h, time.Now())
	})
	if got != 0 {
		t.Errorf("the gate allocates %v times an attempt, want none", got)
	}
}

// While the budget is far from spent nobody is counted but one in a second.
func TestPlentyIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core := steadyClient(t, newSteady()).core
		h := http.Header{"X-Ratelimit-Remaining": {"99999999"}, "X-Ratelimit-Reset": {"60"}}
		counted := 0
		for range 100 {
			p, err := core.admit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !p.uncounted {
				counted++
			}
			core.gate.answered(p, 200, h, time.Now())
			time.Sleep(100 * time.Millisecond)
		}
		if counted != 9 {
			t.Errorf("%d of 100 attempts in ten seconds were counted, want one in each second after the first", counted)
		}
	})
}

// BenchmarkWithoutNetwork is all that a call costs here.
func BenchmarkWithoutNetwork(b *testing.B) {
	portal := steadyClient(b, newSteady())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := portal.GeneratePortalLink(context.Background(), anyRequest); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGate compares, in turns, calls past the gate while the budget is far from
// spent, calls that it counts, and calls around it, which no option allows: medians of
// b.N rounds, and of what share of the throughput the gate leaves.
func BenchmarkGate(b *testing.B) {
	small := newSteady()
	small.remaining = fmt.Sprint(plentyLeft - 1)
	past, counted, around := steadyClient(b, newSteady()), steadyClient(b, small), steadyClient(b, newSteady())
	for _, r := range around.core.routes.links {
		r.limited = false
	}
	for _, goroutines := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			const calls = 4096
			var took [3][]float64
			var left []float64
			for b.Loop() {
				var round [3]float64
				for _, i := range rand.Perm(3) {
					portal := []*Client{past, counted, around}[i]
					start := time.Now()
					fromAll(b, goroutines, calls, func() error {
						_, err := portal.GeneratePortalLink(context.Background(), anyRequest)
						return err
					})
					round[i] = float64(time.Since(start).Nanoseconds()) / calls
					took[i] = append(took[i], round[i])
				}
				left = append(left, round[2]/round[0])
			}
			b.ReportMetric(middle(took[0]), "past-ns/call")
			b.ReportMetric(middle(took[1]), "counted-ns/call")
			b.ReportMetric(middle(took[2]), "around-ns/call")
			b.ReportMetric(middle(left), "throughput-left")
			b.ReportMetric(0, "ns/op") // of three turns, which says nothing
		})
	}
}

func middle(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

func BenchmarkCatalog(b *testing.B) {
	catalog := NewIconCatalog(listed{{ID: "okta", Name: "Okta", IconURL: "https://cdn.example.com/okta.svg"}})
	for _, goroutines := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			b.ReportAllocs()
			fromAll(b, goroutines, b.N, func() error {
				_, _, err := catalog.Lookup(context.Background(), "OktaSAML")
				return err
			})
		})
	}
}

type listed []ProviderIcon

func (l listed) ListProviderIcons(context.Context) ([]ProviderIcon, error) { return l, nil }

// fromAll makes so many calls from that many goroutines.
func fromAll(b *testing.B, goroutines, calls int, do func() error) {
	var (
		wg   sync.WaitGroup
		left atomic.Int64
	)
	left.Store(int64(calls))
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
