package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testKey    = "sk_test_0123456789"
	testSecret = "s3cr3t0fTheLink"
	testLink   = "https://id.workos.com/portal/launch?secret=" + testSecret

	liveSuccess = `{"link":"` + testLink + `"}`

	// The routes of the reference's dialect and of the live one.
	referencePath = "/portal_links"
	livePath      = "/portal/generate_link"

	incomplete       = `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`
	contractNotFound = `{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`
	liveNotFound     = `{"message":"Organization not found: 'org_x'.","code":"entity_not_found","entity_id":"org_x"}`
)

var (
	sso       = client.PortalLinkRequest{Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY", Intent: client.IntentSSO, ReturnURL: "https://example.com/settings"}
	dialects  = []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink}
	reference = client.WithDialect(client.DialectPortalLinks)
	oneTry    = client.WithRetry(client.RetryPolicy{MaxAttempts: 1})
)

// serve starts a server on loopback and returns a client for it.
func serve(t testing.TB, h http.HandlerFunc, opts ...client.Option) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newClient(t, append([]client.Option{client.WithBaseURL(srv.URL)}, opts...)...)
}

// inMemory returns a client whose requests reach h without a socket, so that it works in a
// synctest bubble.
func inMemory(t testing.TB, h http.HandlerFunc, opts ...client.Option) *client.Client {
	t.Helper()
	return newClient(t, append([]client.Option{over(memory(h))}, opts...)...)
}

func newClient(t testing.TB, opts ...client.Option) *client.Client {
	t.Helper()
	portal, err := client.New(testKey, opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return portal
}

func over(transport http.RoundTripper) client.Option {
	return client.WithHTTPClient(&http.Client{Transport: transport})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// memory is a transport that calls a handler. A handler that panics with http.ErrAbortHandler cuts
// the connection, as it does in net/http.
func memory(h http.HandlerFunc) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		in := req.Clone(req.Context())
		if in.Body == nil {
			in.Body = http.NoBody
		}
		rec := httptest.NewRecorder()
		rec.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
		done := make(chan error, 1)
		go func() {
			defer func() {
				if p := recover(); p != nil {
					done <- fmt.Errorf("connection reset: %v: %w", p, io.ErrUnexpectedEOF)
				}
			}()
			h(rec, in)
			done <- nil
		}()
		select {
		case err := <-done:
			return rec.Result(), err
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// answer is a handler with one answer.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

// status is an error answer with headers, given as names and values.
func status(code int, header ...string) http.HandlerFunc {
	return with(answer(code, `{"error":"e","error_description":"d","code":"c"}`), header...)
}

// with adds headers, given as names and values, to what h answers. It replaces the Date.
func with(h http.HandlerFunc, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			if header[i] == "Date" {
				w.Header().Del("Date")
			}
			w.Header().Add(header[i], header[i+1])
		}
		h(w, r)
	}
}

// slow answers as h after a while.
func slow(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		h(w, r)
	}
}

// succeed and succeedLive are the two dialects' successes.
func succeed(w http.ResponseWriter, _ *http.Request) {
	expires := time.Now().Add(10 * time.Minute).UTC().Format(time.RFC3339Nano)
	reply(w, 200, fmt.Sprintf(`{"object":"portal_link","link":%q,"expires_at":%q}`, testLink, expires))
}

var succeedLive = answer(201, liveSuccess)

// cut closes the connection without an answer. stall answers nothing until the client leaves.
func cut(http.ResponseWriter, *http.Request)       { panic(http.ErrAbortHandler) }
func stall(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// A tally keeps the requests that a server got.
type tally struct {
	mu  sync.Mutex
	all []seenRequest
}

type seenRequest struct {
	url, path, body string
	header          http.Header
	at              time.Time
}

func (c *tally) note(r *http.Request) seenRequest {
	body, _ := io.ReadAll(r.Body)
	s := seenRequest{r.URL.String(), r.URL.Path, string(body), r.Header.Clone(), time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, s)
	return s
}

func (c *tally) requests() []seenRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

func (c *tally) total() int { return len(c.requests()) }

func (c *tally) of(path string) int {
	return len(slices.DeleteFunc(c.requests(), func(r seenRequest) bool { return r.path != path }))
}

// want checks how many requests there were for links in each dialect.
func (c *tally) want(t testing.TB, reference, live int) {
	t.Helper()
	gotReference, gotLive := c.of(referencePath), c.of(livePath)
	errorIf(t, gotReference != reference || gotLive != live, "%d requests to %s and %d to %s, want %d and %d", gotReference, referencePath, gotLive, livePath, reference, live)
}

// steps answer the nth request with the nth step, and every later one with the last.
type steps []http.HandlerFunc

// scripted returns a client whose requests are answered by steps, and what was requested.
func scripted(t testing.TB, answers steps, opts ...client.Option) (*client.Client, *tally) {
	t.Helper()
	seen := new(tally)
	return inMemory(t, script(seen, answers...), opts...), seen
}

func script(seen *tally, steps ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seen.note(r)
		steps[min(seen.total(), len(steps))-1](w, r)
	}
}

// liveOnly is a service that has the live route, and answers for all others with missing.
func liveOnly(seen *tally, missing http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r).path != livePath {
			missing(w, r)
			return
		}
		succeedLive(w, r)
	}
}

// record keeps every attempt that an observer hears of.
func record(into *[]client.Attempt) client.Option {
	return client.WithObserver(func(_ context.Context, a client.Attempt) { *into = append(*into, a) })
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

// lasting is a context that has so much time, or no deadline if that is 0. Less than none is over.
func lasting(t testing.TB, d time.Duration) context.Context {
	if d == 0 {
		return context.Background()
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// ask returns the error of a call that has so much time.
func ask(t testing.TB, portal *client.Client, within time.Duration) error {
	t.Helper()
	link, err := portal.GeneratePortalLink(lasting(t, within), sso)
	errorIf(t, (link == nil) == (err == nil), "GeneratePortalLink = %v, %v, want a link or an error", link, err)
	return err
}

// fails returns the error of such a call, and checks which sentinel it matches: nil is none.
func fails(t testing.TB, portal *client.Client, within time.Duration, want error) *client.Error {
	t.Helper()
	return wantOnly(t, ask(t, portal, within), want)
}

// once is the error of a call that gets one answer.
func once(t testing.TB, d client.Dialect, h http.HandlerFunc) *client.Error {
	t.Helper()
	return asError(t, ask(t, inMemory(t, h, client.WithDialect(d), oneTry), 0))
}

// errorIf calls t.Errorf if something is wrong.
func errorIf(t testing.TB, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}

// same checks that what, such as a call, is as it should be.
func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	errorIf(t, got != want, "%s = %v, want %v", what, got, want)
}

// together calls f so many times at once, and waits for all.
func together(n int, f func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(f)
	}
	wg.Wait()
}

// fromMany makes calls from so many goroutines.
func fromMany(t testing.TB, portal *client.Client, goroutines, callsOfEach int) {
	together(goroutines, func() {
		for range callsOfEach {
			same(t, "GeneratePortalLink's error", ask(t, portal, 0), nil)
		}
	})
}

// bubble is t.Run in a synctest bubble.
func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// timed is how long f takes.
func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// asError fails the test unless err is a *client.Error.
func asError(t testing.TB, err error) *client.Error {
	t.Helper()
	e := new(client.Error)
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a *client.Error", err, err)
	}
	return e
}

var sentinels = []error{client.ErrInvalidRequest, client.ErrUnauthorized, client.ErrOrganizationNotFound, client.ErrRateLimited, client.ErrServer, client.ErrMalformedResponse}

// wantOnly returns the *client.Error that err is, and checks that it matches want and no other
// sentinel; nil means none.
func wantOnly(t testing.TB, err, want error) *client.Error {
	t.Helper()
	for _, s := range sentinels {
		same(t, fmt.Sprintf("errors.Is(%v, %v)", err, s), errors.Is(err, s), s == want)
	}
	return asError(t, err)
}
