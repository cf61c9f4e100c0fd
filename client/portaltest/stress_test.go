package portaltest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Everybody is answered as the contract says while everything changes, and what is kept
// stays bounded. It is for the race detector.
func TestCrowd(t *testing.T) {
	const callers, each, kept = 100, 8, 100
	h := portaltest.NewHandler(portaltest.WithRateLimit(1<<30), portaltest.WithKept(kept))
	org := h.AddOrganization("Umbrella")
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
				if err := portaltest.CheckAnswer(r, w.status, w.header, []byte(w.body.String())); w.status != want || err != nil {
					t.Errorf("%s = %d %s, %v; want %d", path, w.status, w.body.String(), err, want)
				}
			}
			id, key := h.AddOrganization(fmt.Sprint(n)), h.AddKey()
			_, _, _, _, _ = h.Organizations(), h.PendingFaults(), h.Now(), h.Links(), h.Requests()
			h.Advance(1)
			h.RemoveKey(key)
			h.RemoveOrganization(id)
		})
	}
	wg.Wait()
	if links, requests := len(h.Links()), len(h.Requests()); links != kept || requests != kept {
		t.Errorf("%d links and %d requests are kept, want %d of each", links, requests, kept)
	}
	if got, want := h.Dropped(), (portaltest.Dropped{Links: callers*each/2 - kept, Requests: callers*each - kept}); got != want {
		t.Errorf("Dropped() = %+v, want %+v", got, want)
	}
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
