package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const (
	testKey    = "sk_test_0123456789"
	testSecret = "s3cr3t0fTheLink"
	testLink   = "https://id.workos.com/portal/launch?secret=" + testSecret

	sheetPath = "/portal_links"
	livePath  = "/portal/generate_link"
)

var sso = client.PortalLinkRequest{
	Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
	Intent:       client.IntentSSO,
	ReturnURL:    "https://example.com/settings",
}

// serve starts a server on loopback and returns a client for it.
func serve(t testing.TB, h http.HandlerFunc, opts ...client.Option) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newClient(t, append([]client.Option{client.WithBaseURL(srv.URL)}, opts...)...)
}

// inMemory returns a client whose requests reach h without a socket, so that it
// works in a synctest bubble.
func inMemory(t testing.TB, h http.HandlerFunc, opts ...client.Option) *client.Client {
	t.Helper()
	return newClient(t, append([]client.Option{client.WithHTTPClient(&http.Client{Transport: memory(h)})}, opts...)...)
}

func newClient(t testing.TB, opts ...client.Option) *client.Client {
	t.Helper()
	portal, err := client.New(testKey, opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return portal
}

// memory is a transport that calls a handler. A handler that panics with
// http.ErrAbortHandler cuts the connection, as it does in net/http.
type memory func(http.ResponseWriter, *http.Request)

func (h memory) RoundTrip(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		in.Body = io.NopCloser(bytes.NewReader(body))
	}
	type outcome struct {
		resp *http.Response
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		rec := httptest.NewRecorder()
		rec.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
		defer func() {
			if p := recover(); p != nil {
				done <- outcome{err: fmt.Errorf("connection reset: %v", p)}
			}
		}()
		h(rec, in)
		done <- outcome{resp: rec.Result()}
	}()
	select {
	case o := <-done:
		return o.resp, o.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// reply writes v as JSON; a string is written as it is.
func reply(w http.ResponseWriter, status int, v any) {
	text, raw := v.(string)
	if !raw {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		text = string(b)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// sheetLink and liveLink are the two dialects' successes.
func sheetLink(w http.ResponseWriter) {
	reply(w, 200, map[string]any{"object": "portal_link", "link": testLink, "expires_at": time.Now().Add(10 * time.Minute).UTC()})
}

func liveLink(w http.ResponseWriter) { reply(w, 201, map[string]any{"link": testLink}) }

const (
	contractNotFound = `{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`
	liveNotFound     = `{"message":"Organization not found: 'org_x'.","code":"entity_not_found","entity_id":"org_x"}`
)

// A tally counts requests by path.
type tally struct {
	mu   sync.Mutex
	seen map[string]int
	all  []seenRequest
}

type seenRequest struct {
	path   string
	header http.Header
	body   string
	at     time.Time
}

func (c *tally) note(r *http.Request) seenRequest {
	body, _ := io.ReadAll(r.Body)
	s := seenRequest{r.URL.Path, r.Header.Clone(), string(body), time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	c.seen[s.path]++
	c.all = append(c.all, s)
	return s
}

func (c *tally) of(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[path]
}

func (c *tally) requests() []seenRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]seenRequest(nil), c.all...)
}

func (c *tally) total() int { return len(c.requests()) }

// asError fails the test unless err is a *client.Error.
func asError(t testing.TB, err error) *client.Error {
	t.Helper()
	e := new(client.Error)
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a *client.Error", err, err)
	}
	return e
}

// generate makes a link and fails the test if that fails.
func generate(t testing.TB, portal *client.Client) *client.PortalLink {
	t.Helper()
	link, err := portal.GeneratePortalLink(context.Background(), sso)
	if err != nil {
		t.Fatalf("GeneratePortalLink: %v", err)
	}
	return link
}

var sentinels = map[string]error{
	"ErrInvalidRequest":       client.ErrInvalidRequest,
	"ErrUnauthorized":         client.ErrUnauthorized,
	"ErrOrganizationNotFound": client.ErrOrganizationNotFound,
	"ErrRateLimited":          client.ErrRateLimited,
	"ErrServer":               client.ErrServer,
	"ErrMalformedResponse":    client.ErrMalformedResponse,
}

// wantOnly checks that err matches want and no other sentinel; nil means none.
func wantOnly(t testing.TB, err, want error) {
	t.Helper()
	for name, s := range sentinels {
		if got := errors.Is(err, s); got != (s == want) {
			t.Errorf("errors.Is(%v, %s) = %v, want %v", err, name, got, s == want)
		}
	}
}

func contextWithin(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
