package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const testKey = "sk_test_0123456789"

var sso = client.PortalLinkRequest{
	Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
	Intent:       client.IntentSSO,
	ReturnURL:    "https://example.com/settings",
}

// A line is the way from the client to Prism. It tells Prism what to answer, and
// keeps what was sent.
type line struct {
	// prefer is what to ask of Prism for the nth request, from 1 on; empty leaves it to
	// Prism. Nil asks for nothing.
	prefer func(n int, r *http.Request) string
	// alter changes a request on its way. Nil changes none.
	alter func(*http.Request)

	mu   sync.Mutex
	sent []sent
}

// A sent is a request as the client sent it, and what Prism answered.
type sent struct {
	method, path string
	header       http.Header
	body         string
	status       int
	answer       string
}

// connections gives up an idle one before Prism does, after 5 s: a request would
// else be sent into one that Prism is closing.
var connections = &http.Transport{IdleConnTimeout: 2 * time.Second, MaxIdleConnsPerHost: 32}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	s := sent{method: r.Method, path: r.URL.Path, header: r.Header.Clone()}
	r = r.Clone(r.Context())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.body, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
	}
	l.mu.Lock()
	l.sent = append(l.sent, s)
	n := len(l.sent)
	l.mu.Unlock()
	if l.prefer != nil {
		if preference := l.prefer(n, r); preference != "" {
			r.Header.Set("Prefer", preference)
		}
	}
	if l.alter != nil {
		l.alter(r)
	}
	resp, err := connections.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[n-1].status, l.sent[n-1].answer = resp.StatusCode, string(body)
	return resp, nil
}

// requests are those that were sent.
func (l *line) requests() []sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]sent(nil), l.sent...)
}

// forget begins anew.
func (l *line) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = nil
}

// paths are those of the requests that were sent, in order.
func (l *line) paths() string {
	var paths []string
	for _, s := range l.requests() {
		paths = append(paths, s.path)
	}
	return strings.Join(paths, " ")
}

// always asks for the same answer each time.
func always(a answer) func(int, *http.Request) string {
	return func(_ int, r *http.Request) string { return a.ask(r) }
}

// inTurn asks for one answer after the other, and for the last from then on.
func inTurn(answers ...answer) func(int, *http.Request) string {
	return func(n int, r *http.Request) string { return answers[min(n, len(answers))-1].ask(r) }
}

// ask asks for the answer, but of no other operation.
func (a answer) ask(r *http.Request) string {
	if r.URL.Path != a.path {
		return ""
	}
	if a.media != "application/json" {
		// Prism withholds plain text from one who asks for JSON alone; the CDN does not.
		r.Header.Set("Accept", "*/*")
	}
	return a.prefer()
}

// dial returns a client that calls Prism by that line. It attempts each call once, since the
// document's Retry-After is honoured, and waits long: Prism is slow on a busy machine.
func dial(t *testing.T, l *line, opts ...client.Option) *client.Client {
	t.Helper()
	return dialTo(t, mock(t), l, opts...)
}

func dialTo(t *testing.T, url string, l *line, opts ...client.Option) *client.Client {
	t.Helper()
	portal, err := client.New(testKey, append([]client.Option{
		client.WithBaseURL(url),
		client.WithHTTPClient(&http.Client{Transport: l}),
		client.WithRetry(attempts(1)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return portal
}

// attempts is a policy without backoff.
func attempts(n int) client.RetryPolicy {
	return client.RetryPolicy{MaxAttempts: n, BaseDelay: -1, AttemptTimeout: time.Minute}
}

// A result is what a call brought.
type result struct {
	link  *client.PortalLink
	icons []client.ProviderIcon
	err   error
}

// call has the client call an operation.
func (op operation) call(ctx context.Context, portal *client.Client) (r result) {
	if op.links {
		r.link, r.err = portal.GeneratePortalLink(ctx, sso)
	} else {
		r.icons, r.err = portal.ListProviderIcons(ctx)
	}
	return r
}

// name is what the client calls an operation in its errors.
func (op operation) name() string {
	if op.links {
		return "generate portal link"
	}
	return "list provider icons"
}

// A watcher keeps what observers and loggers are told.
type watcher struct {
	mu       sync.Mutex
	attempts []client.Attempt
	log      bytes.Buffer
}

func (w *watcher) options() []client.Option {
	return []client.Option{
		client.WithObserver(func(_ context.Context, a client.Attempt) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.attempts = append(w.attempts, a)
		}),
		client.WithLogger(slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
}

func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

func (w *watcher) seen() (attempts []client.Attempt, log string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]client.Attempt(nil), w.attempts...), w.log.String()
}

// asError fails the test unless err is a *client.Error.
func asError(t *testing.T, err error) *client.Error {
	t.Helper()
	e := new(client.Error)
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a *client.Error", err, err)
	}
	return e
}

// wantOnly checks that err matches want and no other sentinel; nil means none.
func wantOnly(t *testing.T, err, want error) {
	t.Helper()
	for _, s := range []error{
		client.ErrInvalidRequest, client.ErrUnauthorized, client.ErrOrganizationNotFound,
		client.ErrRateLimited, client.ErrServer, client.ErrMalformedResponse,
	} {
		if got := errors.Is(err, s); got != (s == want) {
			t.Errorf("errors.Is(%v, %v) = %v, want %v", err, s, got, s == want)
		}
	}
}

// wantSecret checks that no print form of v has the secret in it.
func wantSecret(t *testing.T, v any, secret string) {
	t.Helper()
	forms := []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%q", v), fmt.Sprintf("%s", v)}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "v", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "v", v)
	data, _ := json.Marshal(v)
	for _, form := range append(forms, log.String(), string(data)) {
		if strings.Contains(form, secret) {
			t.Errorf("a print form of a %T has a secret in it", v) // which not even a test may print
		}
	}
}

// keyOf is a source of one key.
func keyOf(key string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return key, nil }
}
