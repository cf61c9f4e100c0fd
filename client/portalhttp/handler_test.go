package portalhttp_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// The link is the session's, whatever else the click says.
func TestClickLeadsToThePortal(t *testing.T) {
	portal := new(fake)
	b := serve(t, portal, admin)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "organization=org_FORGED&intent=dsync&return_url=https://evil.example",
		"application/json":                  `{"organization":"org_FORGED","intent":"dsync","return_url":"https://evil.example"}`,
	} {
		got := b.send(t, http.MethodPost, body, "Content-Type", contentType)
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != linkURL {
			t.Errorf("answer = %d to %q, want 303 to the link", got.StatusCode, got.Header.Get("Location"))
		}
		if line := b.log.line(t); line["level"] != "INFO" || line["organization"] != organization || line["intent"] != "sso" {
			t.Errorf("log line = %v, want organization and intent, at level INFO", line)
		}
	}
	for _, got := range portal.seen {
		if want, _ := admin(nil); !reflect.DeepEqual(got, want) {
			t.Errorf("portal was asked for %+v, want %+v", got, want)
		}
	}
}

func TestBodyIsLimited(t *testing.T) {
	portal := new(fake)
	b := serve(t, portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		if err := r.ParseForm(); err != nil && r.Body != nil {
			return client.PortalLinkRequest{}, err
		}
		return admin(r)
	})
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"}
	if got := b.send(t, http.MethodPost, "token="+strings.Repeat("x", 60<<10), form...); got.StatusCode != http.StatusOK {
		t.Errorf("60 KiB of form = %d, want 200", got.StatusCode)
	}
	got := b.send(t, http.MethodPost, "token="+strings.Repeat("x", 65<<10), form...)
	if got.StatusCode != http.StatusRequestEntityTooLarge || failureOf(t, got)["code"] != "too_large" || len(portal.seen) != 1 {
		t.Errorf("65 KiB of form = %d %s, links made in all = %d, want 413 too_large and 1", got.StatusCode, got.body, len(portal.seen))
	}
	rec, req := newClick("/")
	req.Body = nil // as middleware may make it
	if b.Config.Handler.ServeHTTP(rec, req); rec.Code != http.StatusSeeOther || req.Body != nil {
		t.Errorf("answer = %d without a body, want 303, and the caller's request as it was", rec.Code)
	}
}

// A portal that is not the client may return anything. No browser is sent there.
func TestOddLinks(t *testing.T) {
	for name, link := range map[string]*client.PortalLink{
		"none":       nil,
		"empty":      {},
		"script":     {URL: "javascript:alert('" + secret + "')"},
		"plain http": {URL: "http://id.workos.com/?secret=" + secret},
		"header":     {URL: "https://id.workos.com/\r\nSet-Cookie: a=" + secret},
	} {
		b := serve(t, answering(link, nil), admin)
		got := b.click(t)
		if got.StatusCode != http.StatusBadGateway || strings.Contains(fmt.Sprint(got.Header, got.body), secret) {
			t.Errorf("%s: answer = %d %v %s, want 502 without the link", name, got.StatusCode, got.Header, got.body)
		}
		if line := b.log.line(t); line["level"] != "ERROR" {
			t.Errorf("%s: log line = %v, want an error", name, line)
		}
	}
}

// A client that lets a sandbox have plain http links has checked them itself.
func TestPlainHTTPLinkOfTheClient(t *testing.T) {
	sandbox := wire(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"link":"http://sandbox:8700/portal?secret=x"}`)
	})
	portal, err := client.New("sk_test_0123456789", client.WithBaseURL("http://sandbox:8700"), client.WithPlainHTTPForTests(),
		client.WithHTTPClient(&http.Client{Transport: sandbox}))
	if err != nil {
		t.Fatal(err)
	}
	if got := serve(t, portal, admin).click(t); got.Header.Get("Location") != "http://sandbox:8700/portal?secret=x" {
		t.Errorf("answer = %d to %q, want 303 to the sandbox", got.StatusCode, got.Header.Get("Location"))
	}
}

func TestNewHandlerPanicsOnMistakes(t *testing.T) {
	with := func(opt portalhttp.Option) func() { return func() { portalhttp.NewHandler(new(fake), admin, opt) } }
	for name, construct := range map[string]func(){
		"no portal":                func() { portalhttp.NewHandler(nil, admin) },
		"no function":              func() { portalhttp.NewHandler(new(fake), nil) },
		"empty return URL":         with(portalhttp.WithReturnURL("")),
		"plain http return URL":    with(portalhttp.WithReturnURL("http://example.com")),
		"trusted origin with path": with(portalhttp.WithTrustedOrigins("https://app.example.com/settings")),
		"trusted origin null":      with(portalhttp.WithTrustedOrigins("https://app.example.com", "null")),
	} {
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "portalhttp: ") {
					t.Errorf("%s: panic = %v, want one that names the package", name, p)
				}
			}()
			construct()
		}()
	}
	portalhttp.NewHandler(new(fake), admin, nil, portalhttp.WithErrorHandler(nil), portalhttp.WithLogger(nil), portalhttp.WithTrustedOrigins(),
		portalhttp.WithReturnURL("http://acme.localhost:3000/settings"))
}

func TestLogsToTheDefaultLogger(t *testing.T) {
	log, before := new(journal), slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	h, silent := portalhttp.NewHandler(new(fake), admin), portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil))
	slog.SetDefault(log.logger()) // after NewHandler, as a program may
	rec, req := newClick("/")
	silent.ServeHTTP(rec, req)
	h.ServeHTTP(rec, req)
	if line := log.line(t); line["msg"] != "portal link made" {
		t.Errorf("log line = %v, want one, of the handler without WithLogger(nil)", line)
	}
}

func TestErrorHandler(t *testing.T) {
	cause := &client.Error{StatusCode: 429, RetryAfter: 1500 * time.Millisecond}
	b := serve(t, answering(nil, cause), admin, portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		failure, ok := err.(*portalhttp.Failure)
		switch {
		case ok && failure.Code == "method_not_allowed":
			failure.ServeHTTP(w, r)
		case !ok || !errors.Is(err, client.ErrRateLimited):
			t.Errorf("error handler got %v, want a *Failure that is ErrRateLimited", err)
		default:
			w.WriteHeader(failure.Status)
			fmt.Fprint(w, failure.Code, " ", failure.ReturnURL, " ", failure.RetryAfter, " ", failure.Title)
		}
	}))
	got := b.click(t)
	if want := "rate_limited " + settingsPage + " 2s Many people are here right now"; got.body != want || got.StatusCode != 503 || got.Header.Get("Retry-After") != "2" {
		t.Errorf("answer = %d %q, Retry-After %q, want 503 %q and 2", got.StatusCode, got.body, got.Header.Get("Retry-After"), want)
	}
	if line := b.log.line(t); line["code"] != "rate_limited" {
		t.Errorf("log line = %v, want it whoever answers", line)
	}
	if got := b.send(t, http.MethodGet, ""); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET = %d, Allow %q, want the failure to serve itself", got.StatusCode, got.Header.Get("Allow"))
	}
}

func TestFailureReads(t *testing.T) {
	for err, want := range map[error]string{
		errors.New("database is away"):              "adminportal: open portal: database is away",
		&client.Error{StatusCode: 500, Attempts: 4}: "adminportal: 500 Internal Server Error (after 4 attempts)",
	} {
		b := serve(t, answering(nil, err), admin)
		b.click(t)
		if got := b.log.line(t)["error"]; got != want {
			t.Errorf("Failure.Error() = %q, want %q", got, want)
		}
	}
	if got := (&portalhttp.Failure{Code: "internal"}).Error(); got != "adminportal: open portal: internal" {
		t.Errorf("Failure.Error() without a cause = %q", got)
	}
}
