package portalhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

const (
	organization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	settingsPage = "https://app.example.com/settings"
	secret       = "s3cr3t0fTheLink"
	linkURL      = "https://id.workos.com/portal/launch?intent=sso&secret=" + secret
)

// admin lets everyone in.
func admin(*http.Request) (client.PortalLinkRequest, error) {
	return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: settingsPage}, nil
}

// linkExpires is when a fake's links end.
var linkExpires = time.Date(2124, 1, 15, 12, 0, 0, 0, time.UTC)

// A fake is a portal that notes what it is asked for. Without answer it makes
// links.
type fake struct {
	answer func(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error)

	mu   sync.Mutex
	seen []client.PortalLinkRequest
}

func (f *fake) GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	f.mu.Lock()
	f.seen = append(f.seen, req)
	f.mu.Unlock()
	if f.answer != nil {
		return f.answer(ctx, req)
	}
	return &client.PortalLink{URL: linkURL, ExpiresAt: linkExpires}, nil
}

func (f *fake) requests() []client.PortalLinkRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]client.PortalLinkRequest(nil), f.seen...)
}

// failing is a portal that always fails with err.
func failing(err error) *fake {
	return &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) { return nil, err }}
}

// A journal is a log that a test reads.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// line is the one line that was logged.
func (j *journal) line(t testing.TB) map[string]any {
	t.Helper()
	text := strings.TrimSpace(j.String())
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("log = %q, want one line: %v", text, err)
	}
	return line
}

// serve puts a handler on a real socket, with a log of its own.
func serve(t testing.TB, portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), opts ...portalhttp.Option) (*httptest.Server, *journal) {
	t.Helper()
	log := new(journal)
	opts = append([]portalhttp.Option{portalhttp.WithLogger(log.logger())}, opts...)
	srv := httptest.NewServer(portalhttp.NewHandler(portal, who, opts...))
	t.Cleanup(srv.Close)
	srv.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return srv, log
}

// An answer is what a browser has in hand: the body is read.
type answer struct {
	*http.Response
	body string
}

// send makes a request; header is name, value, name, value, …
func send(t testing.TB, srv *httptest.Server, method, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/configure/sso", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

// click is what a browser sends for a button on a page of the handler's own.
func click(t testing.TB, srv *httptest.Server, header ...string) answer {
	t.Helper()
	return send(t, srv, http.MethodPost, "", append([]string{
		"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Content-Type", "application/x-www-form-urlencoded",
		"Origin", srv.URL,
		"Sec-Fetch-Site", "same-origin",
	}, header...)...)
}

func clickJSON(t testing.TB, srv *httptest.Server, header ...string) answer {
	t.Helper()
	return send(t, srv, http.MethodPost, "", append([]string{
		"Accept", "application/json", "Origin", srv.URL, "Sec-Fetch-Site", "same-origin",
	}, header...)...)
}

// failureOf reads a failure's JSON.
type failureJSON struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retry_after"`
	ReturnURL  string `json:"return_url"`
	Reference  string `json:"reference"`
}

func failureOf(t testing.TB, a answer) failureJSON {
	t.Helper()
	var body struct {
		Error *failureJSON `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Error == nil {
		t.Fatalf("body = %q, want {\"error\":{…}} (%v)", a.body, err)
	}
	return *body.Error
}
