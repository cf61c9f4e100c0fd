package portalhttp_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
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

// A fake is a portal that keeps what it is asked for. Without answer it makes links.
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

// A button is a handler, for clicks on pages of example.com, with a log that the test reads.
type button struct {
	http.Handler
	log bytes.Buffer
}

func newButton(portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), opts ...portalhttp.Option) *button {
	b := new(button)
	logger := slog.New(slog.NewJSONHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.Handler = portalhttp.NewHandler(portal, who, append(opts, portalhttp.WithLogger(logger))...)
	return b
}

// line takes the one line that was logged. No line may hold a link.
func (b *button) line(t testing.TB) (line map[string]any) {
	t.Helper()
	defer b.log.Reset()
	if err := json.Unmarshal(b.log.Bytes(), &line); err != nil || strings.Contains(b.log.String(), secret) {
		t.Fatalf("log = %s, want one line without the link (%v)", &b.log, err)
	}
	return line
}

// An answer has its body read.
type answer struct {
	*http.Response
	body string
}

// send makes a request and checks what keeps every answer out of caches and Referers.
func (b *button) send(t testing.TB, method, body string, header ...string) answer {
	t.Helper()
	rec, req := httptest.NewRecorder(), httptest.NewRequest(method, "/configure/sso", strings.NewReader(body))
	b.ServeHTTP(rec, set(req, header))
	got := answer{rec.Result(), rec.Body.String()}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if values := got.Header.Values(name); !slices.Equal(values, []string{want}) {
			t.Errorf("%s = %q, want %q", name, values, want)
		}
	}
	return got
}

// click is what a browser sends for a button on a page of the handler's own; header may replace some of it.
func (b *button) click(t testing.TB, header ...string) answer {
	t.Helper()
	own := []string{"Accept", acceptPage, "Origin", "https://example.com", "Sec-Fetch-Site", "same-origin"}
	return b.send(t, http.MethodPost, "", append(own, header...)...)
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

// An outcome is what the person and the operator learn of a failure.
type outcome struct {
	status                        int
	code, level, title, says, log string // says is in the message, log in the line
	retryAfter                    string
}

// private is what no person should read: names of services, addresses, secrets, causes, and what an attacker sent.
var private = regexp.MustCompile(`WorkOS|adminportal:|org_|sk_|req_|API key|vault|127\.0\.0\.1|alert|evil|` + secret)

// fails clicks, and checks the log line, the page and the JSON.
func (b *button) fails(t testing.TB, name string, want outcome) {
	t.Helper()
	got := b.click(t)
	logged := b.log.String()
	line, asJSON := b.line(t), b.click(t, "Accept", "application/json")
	b.log.Reset()
	retryAfter, signIn := got.Header.Get("Retry-After"), got.Header.Get("WWW-Authenticate") != ""
	if got.StatusCode != want.status || asJSON.StatusCode != want.status || retryAfter != want.retryAfter || signIn != (want.status == 401) {
		t.Errorf("%s: answers = %d and %d, %v, want %+v", name, got.StatusCode, asJSON.StatusCode, got.Header, want)
	}
	reference, _ := line["reference"].(string)
	if line["status"] != float64(want.status) || line["code"] != want.code || line["level"] != want.level || (reference != "") != (want.status == 500) ||
		!strings.Contains(logged, `"error":"adminportal: `) || !strings.Contains(logged, want.log) || strings.Contains(logged, "sk_") {
		t.Errorf("%s: log line = %s, want %+v, with 500 a reference, and no API key", name, logged, want)
	}
	for _, part := range []string{"<h1>" + want.title + "</h1>", want.says, `href="` + settingsPage + `"`, reference} {
		errorIf(t, !strings.Contains(got.body, part), "%s: page lacks %q:\n%s", name, part, got.body)
	}
	var in struct{ Error map[string]any }
	_ = json.Unmarshal([]byte(asJSON.body), &in) // what is not JSON has no code
	other, _ := in.Error["reference"].(string)
	if in.Error["code"] != want.code || !strings.Contains(fmt.Sprint(in.Error["message"]), want.says) || in.Error["return_url"] != settingsPage ||
		fmt.Sprint(in.Error["retry_after"]) != cmp.Or(retryAfter, "<nil>") || (other != "") != (want.status == 500) || other == reference && reference != "" {
		t.Errorf("%s: JSON = %s, want %+v, with 500 a reference of its own", name, asJSON.body, want)
	}
	if text := fmt.Sprint(got.Header, got.body, asJSON.body); private.MatchString(text) {
		t.Errorf("%s: a person is told of %q:\n%s", name, private.FindString(text), text)
	}
}

// errorIf calls t.Errorf if something is wrong.
func errorIf(t testing.TB, wrong bool, format string, args ...any) {
	t.Helper()
	if wrong {
		t.Errorf(format, args...)
	}
}
