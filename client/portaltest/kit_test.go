package portaltest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

const (
	sheetLinks = "/portal_links"
	sheetIcons = "/provider_icons"
	liveLinks  = "/portal/generate_link"
	liveIcons  = "/provider-icons.json"
)

// A caller sends requests and holds every answer against the contract.
type caller struct {
	t       testing.TB
	portal  *portaltest.Handler
	url     string
	hc      *http.Client
	close   func() // returns when every request has been logged
	partial bool   // served in part, or made to fail: answers need not be as the contract says
}

// An answer is one that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// serve starts a portal on a socket.
func serve(t testing.TB, opts ...portaltest.Option) *caller {
	t.Helper()
	srv := portaltest.NewServer(t, opts...)
	hc := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(hc.CloseIdleConnections)
	return &caller{t: t, portal: srv.Handler, url: srv.URL, hc: hc, close: srv.Close}
}

// inMemory makes a portal without a socket.
func inMemory(t testing.TB, opts ...portaltest.Option) *caller {
	h := portaltest.NewHandler(opts...)
	return &caller{t: t, portal: h, url: "http://portal.test", hc: &http.Client{Transport: h.Transport()}}
}

// An edit changes a request before it is sent.
type edit func(*http.Request)

func header(name string, values ...string) edit {
	return func(r *http.Request) {
		if len(values) == 0 {
			r.Header.Del(name)
			return
		}
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
}

func key(key string) edit { return header("Authorization", "Bearer "+key) }

// try sends a request with the portal's key, JSON where there is a body.
func (c *caller) try(method, path, body string, edits ...edit) (answer, error) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.portal.APIKey)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, edit := range edits {
		edit(r)
	}
	resp, err := c.hc.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	a := answer{resp.StatusCode, resp.Header, string(read)}
	if resp.Header.Get("X-Request-Id") == "" {
		c.t.Errorf("%s %s: no X-Request-Id", method, path)
	}
	if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil && !c.partial {
		c.t.Errorf("%s %s: Date: %v", method, path, err)
	}
	if err == nil && !c.partial && a.status != http.StatusMethodNotAllowed {
		if err := portaltest.CheckAnswer(r, a.status, a.header, read); err != nil {
			c.t.Errorf("openapi.yaml: %s %s %d: the sandbox's answer is not as the document says: %s; fix it in client/portaltest, or the document", method, path, a.status, strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	return a, err
}

// send is try where an answer is sure to come.
func (c *caller) send(method, path, body string, edits ...edit) answer {
	c.t.Helper()
	a, err := c.try(method, path, body, edits...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want fails the test unless the answer has that status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status = %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// request is the body of a valid request for the portal's organization.
func (c *caller) request(intent string, fields ...string) string {
	body := map[string]any{"organization": c.portal.Organization, "intent": intent}
	for i := 0; i < len(fields); i += 2 {
		body[fields[i]] = fields[i+1]
	}
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

// link asks for a link at one of the two addresses and returns its path and query.
func (c *caller) link(path, intent string, fields ...string) string {
	c.t.Helper()
	a := c.send("POST", path, c.request(intent, fields...))
	var got struct {
		Link string `json:"link"`
	}
	decode(c.t, a.body, &got)
	place, ok := strings.CutPrefix(got.Link, c.url)
	if !ok {
		c.t.Fatalf("link = %q (%d %s), want one under %s", got.Link, a.status, a.body, c.url)
	}
	return place
}

func decode(t testing.TB, body string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), v); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
}

// sameJSON compares JSON regardless of spaces and order.
func sameJSON(t testing.TB, got, want string) {
	t.Helper()
	canon := func(s string) string {
		var v any
		decode(t, s, &v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if g, w := canon(got), canon(want); g != w {
		t.Errorf("body = %s\nwant   %s", g, w)
	}
}
