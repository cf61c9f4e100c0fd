package portaltest_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A crowd: everybody is answered as the contract says while everything changes, and
// what is kept stays bounded.
func TestCrowd(t *testing.T) {
	const callers = 1000
	const each = 10
	h := portaltest.NewHandler(portaltest.WithRateLimit(1<<30), portaltest.WithKept(1000))
	org := h.AddOrganization("Umbrella")
	before := liveHeap()
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			for i := range each {
				path, body, want := sheetLinks, `{"organization":"`+org+`","intent":"sso"}`, 200
				switch (n + i) % 4 {
				case 1:
					path, want = liveLinks, 201
				case 2:
					body, want = `{"organization":"org_nobody","intent":"sso"}`, 404
				case 3:
					body, want = `{"organization":"`+org+`","intent":"saml"}`, 400
				}
				w := &sink{header: http.Header{}}
				r, err := http.NewRequestWithContext(t.Context(), "POST", "http://portal.test"+path, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+h.APIKey)
				r.Header.Set("Content-Type", "application/json")
				h.ServeHTTP(w, r)
				if w.status != want {
					t.Errorf("%s = %d %s, want %d", path, w.status, w.body.String(), want)
					return
				}
				// One answer in ten is held against the contract, which takes longer than
				// to make it.
				if i%10 == 0 {
					if err := portaltest.CheckAnswer(r, w.status, w.header, []byte(w.body.String())); err != nil {
						t.Error(err)
					}
				}
			}
			disturb(h, n)
		})
	}
	wg.Wait()
	if links, requests := len(h.Links()), len(h.Requests()); links != 1000 || requests != 1000 {
		t.Errorf("%d links and %d requests are kept, want 1000 and 1000", links, requests)
	}
	want := portaltest.Dropped{Links: callers*each/2 - 1000, Requests: callers*each - 1000}
	if got := h.Dropped(); got != want {
		t.Errorf("Dropped() = %+v, want %+v", got, want)
	}
	if grown := liveHeap() - before; grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB, want at most 8 MiB", grown>>10)
	}
}

// disturb uses everything else at the same time.
func disturb(h *portaltest.Handler, n int) {
	id := h.AddOrganization(fmt.Sprint(n))
	key := h.AddKey()
	_, _, _, _ = h.Organizations(), h.PendingFaults(), h.Dropped(), h.Now()
	if n%100 == 0 {
		_, _ = h.Links(), h.Requests()
		h.Advance(1)
	}
	h.RemoveKey(key)
	h.RemoveOrganization(id)
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A sink is a response that costs nothing.
type sink struct {
	header http.Header
	status int
	body   strings.Builder
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return s.body.Write(b) }

// Many connections at once.
func TestManyConnections(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(1<<30))
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			for range 3 {
				if a, err := c.try("GET", sheetIcons, ""); err != nil || a.status != 200 {
					t.Errorf("%d, %v", a.status, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkGeneratePortalLink(b *testing.B) {
	h := portaltest.NewHandler(portaltest.WithRateLimit(-1))
	body := `{"organization":"` + h.Organization + `","intent":"sso","return_url":"https://example.com/settings"}`
	b.ReportAllocs()
	for b.Loop() {
		w := &sink{header: http.Header{}}
		r, _ := http.NewRequestWithContext(b.Context(), "POST", "http://portal.test"+sheetLinks, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+h.APIKey)
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.body.String())
		}
	}
}
