package portalhttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	organization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	settingsPage = "https://app.example.com/settings"
	secret       = "s3cr3t0fTheLink"
	linkURL      = "https://id.workos.com/portal/launch?intent=sso&secret=" + secret

	acceptPage  = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" // browsers
	acceptTurbo = "text/vnd.turbo-stream.html, text/html, application/xhtml+xml"    // @hotwired/turbo 7 and 8
)

var linkExpires = time.Date(2124, 1, 15, 12, 0, 0, 0, time.UTC)

// admin lets everyone in.
func admin(*http.Request) (client.PortalLinkRequest, error) {
	return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: settingsPage}, nil
}

// A fake is a portal that keeps what it is asked for. Without answer it makes links.
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
	return slices.Clone(f.seen)
}

// answering is a portal that always answers the same.
func answering(link *client.PortalLink, err error) *fake {
	return &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) { return link, err }}
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

// take empties the journal.
func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.buf.Reset()
	return j.buf.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// line takes the one line that was logged. No line may hold a link.
func (j *journal) line(t testing.TB) map[string]any {
	t.Helper()
	text := j.take()
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil || strings.Contains(text, secret) {
		t.Fatalf("log = %q, want one line without the link (%v)", text, err)
	}
	return line
}

// serve puts a handler on a real socket, with a log of its own.
func serve(t testing.TB, portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), opts ...portalhttp.Option) (*httptest.Server, *journal) {
	t.Helper()
	log := new(journal)
	srv := httptest.NewServer(portalhttp.NewHandler(portal, who, append(opts, portalhttp.WithLogger(log.logger()))...))
	t.Cleanup(srv.Close)
	srv.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return srv, log
}

// An answer has its body read.
type answer struct {
	*http.Response
	body string
}

// send makes a request; header is name, value, name, value, … It checks what keeps every answer out of caches and
// Referers.
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
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if got := resp.Header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	return answer{resp, string(text)}
}

// click is what a browser sends for a button on a page of the handler's own.
func click(t testing.TB, srv *httptest.Server, header ...string) answer {
	t.Helper()
	return send(t, srv, http.MethodPost, "", append([]string{
		"Accept", acceptPage, "Content-Type", "application/x-www-form-urlencoded",
		"Origin", srv.URL, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate",
	}, header...)...)
}

func clickJSON(t testing.TB, srv *httptest.Server) answer {
	t.Helper()
	return send(t, srv, http.MethodPost, "", "Accept", "application/json", "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")
}

// newClick is a click without a socket.
func newClick() (*httptest.ResponseRecorder, *http.Request) {
	return httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/configure/sso", nil)
}

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
