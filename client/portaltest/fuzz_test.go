package portaltest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Whatever is sent to the API is answered as the contract says, with a link or with a
// reason.
func FuzzAPI(f *testing.F) {
	h := portaltest.NewHandler(portaltest.WithRateLimit(1<<30), portaltest.WithKept(100))
	valid := `{"organization":"` + h.Organization + `","intent":"sso","return_url":"https://example.com/"}`
	f.Add(valid, "application/json", "key")
	f.Add(`{"organization":"org_x","intent":"sso","it_contact_emails":["a@b.example"]}`, "application/json; charset=utf-8", "")
	f.Add(`{"intent":"sso","intent":"dsync"}`, "application/json", "\x00")
	f.Add(`[[[[{"a":null}]]]]`, "text/plain", "a,b")
	f.Add(`{"organization":1e999,"intent":"\ud800"}`, "application/json", "key")
	f.Fuzz(func(t *testing.T, body, contentType, idempotencyKey string) {
		for _, path := range []string{sheetLinks, liveLinks} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", "http://portal.test"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+h.APIKey)
			r.Header["Content-Type"] = []string{contentType}
			r.Header["Idempotency-Key"] = []string{idempotencyKey}
			w := &sink{header: http.Header{}}
			h.ServeHTTP(w, r)
			if w.status >= 500 || w.status < 200 {
				t.Errorf("POST %s %q = %d %s", path, body, w.status, w.body.String())
			}
			if err := portaltest.CheckAnswer(r, w.status, w.header, []byte(w.body.String())); err != nil {
				t.Errorf("POST %s %q = %d %s: %v", path, body, w.status, w.body.String(), err)
			}
		}
	})
}

// Whatever a control request is, it is answered, and no fault of it breaks the
// portal.
func FuzzControl(f *testing.F) {
	h := portaltest.NewHandler(portaltest.WithKept(100))
	f.Add("/faults", `{"status":503,"times":2,"headers":{"X":"y"},"body":"x"}`)
	f.Add("/faults", `{"cut":"within_body"}`)
	f.Add("/clock", `{"now":"0001-01-01T00:00:01Z"}`)
	f.Add("/clock", `{"advance":9e9}`)
	f.Add("/organizations", `{"id":"org_x","name":"\u0000"}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		h.Reset()
		send := func(method, path, body string) *sink {
			w := &sink{header: http.Header{}}
			r := &http.Request{
				Method: method, URL: &url.URL{Path: path}, Host: "localhost", ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Authorization": {"Bearer " + h.APIKey}}, Body: io.NopCloser(strings.NewReader(body)),
			}
			defer func() {
				if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
					panic(cause)
				}
			}()
			h.ServeHTTP(w, r.WithContext(t.Context()))
			return w
		}
		if w := send("POST", sandbox+path, body); w.status < 200 || w.status >= 500 {
			t.Errorf("POST %s %s = %d %s", path, body, w.status, w.body.String())
		}
		for _, f := range h.PendingFaults() {
			if f.Latency > 0 || f.Stall != portaltest.Nowhere {
				h.ClearFaults() // no time for that
			}
		}
		send("GET", sheetIcons, "")
		h.ClearFaults()
		if w := send("GET", sheetIcons, ""); w.status != 200 && w.status != 429 {
			t.Errorf("after %s the icons are %d %s", body, w.status, w.body.String())
		}
	})
}
