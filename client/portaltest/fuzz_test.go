package portaltest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// request makes one with the portal's key, to hand to the portal itself.
func request(h *portaltest.Handler, method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
	r.URL.Path = path
	r.Header.Set("Authorization", "Bearer "+h.APIKey)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// answerTo returns what h answers. A cut ends the answer with a panic that net/http knows.
func answerTo(h *portaltest.Handler, r *http.Request) *httptest.ResponseRecorder {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			panic(cause)
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Whatever is sent to the API is answered as the contract says, with a link or with a
// reason.
func FuzzAPI(f *testing.F) {
	h := portaltest.NewHandler(portaltest.WithRateLimit(1<<30), portaltest.WithKept(100))
	f.Add(`{"organization":"`+h.Organization+`","intent":"sso","return_url":"https://example.com/"}`, "application/json", "key")
	f.Add(`{"organization":"org_x","intent":"sso","it_contact_emails":["a@b.example"]}`, "application/json; charset=utf-8", "")
	f.Add(`{"intent":"sso","intent":"dsync"}`, "application/json", "\x00")
	f.Add(`[[[[{"a":null}]]]]`, "text/plain", "a,b")
	f.Add(`{"organization":1e999,"intent":"\ud800"}`, "application/json", "key")
	f.Fuzz(func(t *testing.T, body, contentType, idempotencyKey string) {
		for _, path := range []string{referenceLinks, liveLinks} {
			r := request(h, "POST", path, body)
			r.Header["Content-Type"] = []string{contentType}
			r.Header["Idempotency-Key"] = []string{idempotencyKey}
			w := answerTo(h, r)
			if err := portaltest.CheckAnswer(r, w.Code, w.Header(), w.Body.Bytes()); err != nil || w.Code >= 500 || w.Code < 200 {
				t.Errorf("POST %s %q = %d %s: %v", path, body, w.Code, w.Body, err)
			}
		}
	})
}

// Whatever a control request is, it is answered, and no fault of it breaks the portal.
func FuzzControl(f *testing.F) {
	h := portaltest.NewHandler(portaltest.WithKept(100))
	f.Add("/faults", `{"status":503,"times":2,"headers":{"X":"y"},"body":"x"}`)
	f.Add("/faults", `{"cut":"within_body"}`)
	f.Add("/clock", `{"now":"0001-01-01T00:00:01Z"}`)
	f.Add("/clock", `{"advance":9e9}`)
	f.Add("/organizations", `{"id":"org_x","name":"\u0000"}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		h.Reset()
		if w := answerTo(h, request(h, "POST", sandbox+path, body)); w.Code < 200 || w.Code >= 500 {
			t.Errorf("POST %s %s = %d %s", path, body, w.Code, w.Body)
		}
		for _, f := range h.PendingFaults() {
			if f.Latency > 0 || f.Stall != portaltest.Nowhere {
				h.ClearFaults() // no time for that
			}
		}
		answerTo(h, request(h, "GET", referenceIcons, ""))
		h.ClearFaults()
		if w := answerTo(h, request(h, "GET", referenceIcons, "")); w.Code != 200 && w.Code != 429 {
			t.Errorf("after %s the icons are %d %s", body, w.Code, w.Body)
		}
	})
}

// Everybody is answered as the contract says while everything changes, and what is kept
// stays bounded: the oldest make room, and Dropped counts them. It is for the race
// detector.
func TestCrowd(t *testing.T) {
	const callers, each, kept = 100, 8, 100
	c := inMemory(t, portaltest.WithRateLimit(1<<30), portaltest.WithKept(kept))
	h := c.portal
	org := h.AddOrganization("Umbrella")
	cases := []struct {
		path, organization, intent string
		status                     int
	}{{referenceLinks, org, "sso", 200}, {liveLinks, org, "sso", 201}, {referenceLinks, "org_nobody", "sso", 404}, {referenceLinks, org, "saml", 400}}
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			for i := range each {
				tc := cases[(n+i)%len(cases)]
				if a, err := c.try("POST", tc.path, c.request(tc.intent, "organization", tc.organization)); a.status != tc.status || err != nil {
					t.Errorf("%+v = %d %s, %v", tc, a.status, a.body, err)
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
	equal(t, "number of links and requests", []int{len(h.Links()), len(h.Requests())}, []int{kept, kept})
	equal(t, "Dropped()", h.Dropped(), portaltest.Dropped{Links: callers*each/2 - kept, Requests: callers*each - kept})
}
