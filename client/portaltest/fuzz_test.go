package portaltest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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

// A page contains no value as it was given where that would mean something else, and
// leads nowhere but where its request said.
func FuzzPage(f *testing.F) {
	h := portaltest.NewHandler(portaltest.WithRateLimit(1<<30), portaltest.WithKept(100))
	c := &http.Client{Transport: h.Transport()}
	f.Add("Acme", "https://example.com/", "choice=okta")
	f.Add(`<script>alert(1)</script>`, `https://example.com/'"`, `choice="><script>`)
	f.Add("\x00\u202e", "http://localhost/?a=%00", "secret=a&secret=b")
	f.Add("0", "https://'", "0") // no host, though net/url takes it for one
	f.Fuzz(func(t *testing.T, name, returnURL, query string) {
		h.PutOrganization(portaltest.Organization{ID: "org_fuzz", Name: name})
		returnURL = strings.ToValidUTF8(returnURL, "\ufffd") // as JSON has it
		body, err := json.Marshal(map[string]string{"organization": "org_fuzz", "intent": "sso", "return_url": returnURL})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://portal.test"+sheetLinks, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+h.APIKey)
		r.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answered, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			return // not a URL to return to
		}
		var issued struct{ Link string }
		decode(t, string(answered), &issued)
		u, err := url.Parse(issued.Link)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery += "&" + query
		w := &sink{header: http.Header{}}
		h.ServeHTTP(w, &http.Request{Method: "GET", URL: u, Header: http.Header{}, Host: "portal.test", Body: http.NoBody})
		page := answer{w.status, w.header, w.body.String()}
		if page.status != 200 {
			t.Fatalf("%d for %s", page.status, u)
		}
		policy(t, page)
		back, _ := url.Parse(returnURL)
		for text, target := range anchors(page) {
			got, err := url.Parse(target)
			if err != nil {
				t.Errorf("%q leads to %q", text, target)
				continue
			}
			if got.Host != "" && got.Host != back.Host {
				t.Errorf("%q leads to %q, want %q or the page itself", text, target, returnURL)
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

// Raw bytes on a socket: answered or closed, and the next one is served.
func FuzzRaw(f *testing.F) {
	c := serve(f, portaltest.WithRateLimit(1<<30), portaltest.WithKept(100))
	address := strings.TrimPrefix(c.url, "http://")
	auth := "Authorization: Bearer " + c.portal.APIKey + "\r\n"
	f.Add([]byte("POST /portal_links HTTP/1.1\r\nHost: x\r\n" + auth + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"))
	f.Add([]byte("POST /portal_links HTTP/1.1\r\nHost: x\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	f.Add([]byte("GET /provider-icons.json HTTP/1.0\r\n\r\n"))
	f.Add([]byte("GET http://[::1/ HTTP/1.1\r\nHost: [\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = conn.Write(raw)
		_ = conn.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, conn); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatalf("%q is neither answered nor closed", raw)
			}
		}
		resp, err := c.hc.Get(c.url + liveIcons)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Fatalf("after %q the portal answers %d", raw, resp.StatusCode)
		}
	})
}
