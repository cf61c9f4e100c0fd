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

// admin lets everyone in.
func admin(*http.Request) (client.PortalLinkRequest, error) {
	return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: settingsPage}, nil
}

// A fake is a portal that keeps what it is asked for. Without answer it makes links. Tests click one at a time.
type fake struct {
	answer func(context.Context) (*client.PortalLink, error)
	seen   []client.PortalLinkRequest
}

func (f *fake) GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	f.seen = append(f.seen, req)
	if f.answer != nil {
		return f.answer(ctx)
	}
	return &client.PortalLink{URL: linkURL, ExpiresAt: time.Date(2124, 1, 15, 12, 0, 0, 0, time.UTC)}, nil
}

// answering is a portal that always answers the same.
func answering(link *client.PortalLink, err error) *fake {
	return &fake{answer: func(context.Context) (*client.PortalLink, error) { return link, err }}
}

// A wire answers every request of a client, without a socket.
type wire func(http.ResponseWriter)

func (f wire) RoundTrip(*http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	f(rec)
	return rec.Result(), nil
}

// A journal is a log that a test reads.
type journal struct{ bytes.Buffer }

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// take empties the journal.
func (j *journal) take() string {
	defer j.Reset()
	return j.String()
}

// line takes the one line that was logged. No line may hold a link.
func (j *journal) line(t testing.TB) (line map[string]any) {
	t.Helper()
	text := j.take()
	if err := json.Unmarshal([]byte(text), &line); err != nil || strings.Contains(text, secret) {
		t.Fatalf("log = %q, want one line without the link (%v)", text, err)
	}
	return line
}

// A button is a handler on a real socket, with a log of its own.
type button struct {
	*httptest.Server
	log journal
}

func serve(t testing.TB, portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), opts ...portalhttp.Option) *button {
	t.Helper()
	b := new(button)
	b.Server = httptest.NewServer(portalhttp.NewHandler(portal, who, append(opts, portalhttp.WithLogger(b.log.logger()))...))
	t.Cleanup(b.Close)
	b.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// An answer has its body read.
type answer struct {
	*http.Response
	body string
}

// send makes a request and checks what keeps every answer out of caches and Referers.
func (b *button) send(t testing.TB, method, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+"/configure/sso", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.Client().Do(set(req, header))
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

// click is what a browser sends for a button on a page of the handler's own; header may replace some of it.
func (b *button) click(t testing.TB, header ...string) answer {
	t.Helper()
	return b.send(t, http.MethodPost, "", append([]string{"Accept", acceptPage, "Origin", b.URL, "Sec-Fetch-Site", "same-origin"}, header...)...)
}

// newClick is a click without a socket.
func newClick(target string, header ...string) (*httptest.ResponseRecorder, *http.Request) {
	return httptest.NewRecorder(), set(httptest.NewRequest(http.MethodPost, target, nil), header)
}

// set sets header fields: name, value, name, value, … An empty value means that the field is not sent.
func set(req *http.Request, header []string) *http.Request {
	for pair := range slices.Chunk(header, 2) {
		if req.Header.Del(pair[0]); pair[1] != "" {
			req.Header.Set(pair[0], pair[1])
		}
	}
	return req
}

// failureOf is the failure in an answer in JSON.
func failureOf(t testing.TB, a answer) map[string]any {
	t.Helper()
	var body struct{ Error map[string]any }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Error == nil {
		t.Fatalf("body = %q, want {\"error\":{…}} (%v)", a.body, err)
	}
	return body.Error
}
