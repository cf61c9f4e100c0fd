package portaltest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

const (
	referenceLinks = "/portal_links"
	referenceIcons = "/provider_icons"
	liveLinks      = "/portal/generate_link"
	liveIcons      = "/provider-icons.json"
	sandbox        = "/_sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A caller sends requests and holds every answer against the contract.
type caller struct {
	t       testing.TB
	portal  *portaltest.Handler
	url     string
	hc      *http.Client
	close   func() // returns when every request has been logged
	partial bool   // served in part, or made to fail: answers need not be as the contract says
}

// serve starts a portal on a socket.
func serve(t testing.TB, opts ...portaltest.Option) *caller {
	t.Helper()
	srv := portaltest.NewServer(t, opts...)
	hc := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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

// header sets a header, or removes it where there are no values.
func header(name string, values ...string) edit {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
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
	a := answer{c.t, fmt.Sprintf("%s %s %.80s", method, path, body), resp.StatusCode, resp.Header, string(read)}
	if resp.Header.Get("X-Request-Id") == "" {
		c.t.Errorf("%s: no X-Request-Id", a.call)
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

// get and post send a request and check the status of the answer.
func (c *caller) get(path string, status int, edits ...edit) answer {
	c.t.Helper()
	return c.send("GET", path, "", edits...).want(status)
}

func (c *caller) post(path, body string, status int, edits ...edit) answer {
	c.t.Helper()
	return c.send("POST", path, body, edits...).want(status)
}

// request is the body of a valid request for the portal's organization.
func (c *caller) request(intent string, fields ...string) string {
	body := map[string]string{"organization": c.portal.Organization, "intent": intent}
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
	return c.send("POST", path, c.request(intent, fields...)).link(c.url)
}

// last is the request that arrived last.
func (c *caller) last() portaltest.Request {
	requests := c.portal.Requests()
	return requests[len(requests)-1]
}

// An answer is one that was read to its end.
type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   string
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("%s = %d %.300s, want %d", a.call, a.status, a.body, status)
	}
	return a
}

// has checks that every part is in the body.
func (a answer) has(parts ...string) {
	a.t.Helper()
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			a.t.Errorf("%s = %s, want %q in it", a.call, a.body, part)
		}
	}
}

func (a answer) decode(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v in %q", a.call, err, a.body)
	}
}

// is compares the body with JSON, regardless of spaces and order.
func (a answer) is(want string) {
	a.t.Helper()
	var got, wanted any
	a.decode(&got)
	if err := json.Unmarshal([]byte(want), &wanted); err != nil || !reflect.DeepEqual(got, wanted) {
		a.t.Errorf("%s = %s\nwant %s (%v)", a.call, a.body, want, err)
	}
}

// link returns path and query of the link in the body, which must be under base.
func (a answer) link(base string) string {
	a.t.Helper()
	var got struct{ Link string }
	a.decode(&got)
	place, ok := strings.CutPrefix(got.Link, base)
	if !ok {
		a.t.Fatalf("%s = %d %s, want a link under %s", a.call, a.status, a.body, base)
	}
	return place
}

// rates are limit, remaining, reset and Retry-After, each - where it is missing.
func (a answer) rates() string {
	var values []string
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After"} {
		values = append(values, cmp.Or(a.header.Get(name), "-"))
	}
	return strings.Join(values, " ")
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	errorIf(t, !reflect.DeepEqual(got, want), "%s = %+v, want %+v", what, got, want)
}

// errorIf calls t.Errorf if something is wrong.
func errorIf(t testing.TB, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}
