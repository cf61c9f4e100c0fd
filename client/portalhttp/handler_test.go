package portalhttp_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// The link is the session's, whatever else the click says.
func TestClickLeadsToThePortal(t *testing.T) {
	const forged = "organization=org_FORGED&intent=dsync&return_url=https://evil.example"
	portal := new(fake)
	srv, log := serve(t, portal, admin)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": forged,
		"application/json":                  `{"organization":"org_FORGED","intent":"dsync","return_url":"https://evil.example"}`,
	} {
		got := send(t, srv, http.MethodPost, body, "Content-Type", contentType, "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != linkURL || got.body != "" {
			t.Errorf("answer = %d to %q with body %q, want 303 to the link and no body", got.StatusCode, got.Header.Get("Location"), got.body)
		}
		if line := log.line(t); line["level"] != "INFO" || line["organization"] != organization || line["intent"] != "sso" {
			t.Errorf("log line = %v, want organization and intent, at level INFO", line)
		}
	}
	for _, r := range portal.requests() {
		if r.Organization != organization || r.Intent != client.IntentSSO || r.ReturnURL != settingsPage {
			t.Errorf("portal was asked for %+v, want what the function returned", r)
		}
	}
}

func TestBodyIsLimited(t *testing.T) {
	portal := new(fake)
	srv, log := serve(t, portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		if err := r.ParseForm(); err != nil {
			return client.PortalLinkRequest{}, err
		}
		return admin(r)
	})
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"}
	if got := send(t, srv, http.MethodPost, "token="+strings.Repeat("x", 60<<10), form...); got.StatusCode != http.StatusOK {
		t.Errorf("60 KiB of form = %d, want 200", got.StatusCode)
	}
	log.take()
	got := send(t, srv, http.MethodPost, "token="+strings.Repeat("x", 65<<10), form...)
	if got.StatusCode != http.StatusRequestEntityTooLarge || failureOf(t, got).Code != "too_large" {
		t.Errorf("65 KiB of form = %d %s, want 413 too_large", got.StatusCode, got.body)
	}
	if n := len(portal.requests()); n != 1 {
		t.Errorf("links made = %d, want 1", n)
	}
}

// A portal that is not the client may return anything. No browser is sent there.
func TestOddLinks(t *testing.T) {
	for name, link := range map[string]*client.PortalLink{
		"none":       nil,
		"empty":      {},
		"relative":   {URL: "/portal?secret=" + secret},
		"script":     {URL: "javascript:alert('" + secret + "')"},
		"plain http": {URL: "http://id.workos.com/?secret=" + secret},
		"header":     {URL: "https://id.workos.com/\r\nSet-Cookie: a=" + secret},
		"user":       {URL: "https://workos.com@evil.example/?secret=" + secret},
	} {
		srv, log := serve(t, answering(link, nil), admin)
		got := click(t, srv)
		if got.StatusCode != http.StatusBadGateway || got.Header.Get("Location") != "" || got.Header.Get("Set-Cookie") != "" || strings.Contains(got.body, secret) {
			t.Errorf("%s: answer = %d %v %s, want 502 without the link", name, got.StatusCode, got.Header, got.body)
		}
		if line := log.line(t); line["level"] != "ERROR" {
			t.Errorf("%s: log line = %v, want an error", name, line)
		}
	}
}

// A client that lets a sandbox have plain http links has checked them itself.
func TestPlainHTTPLinkOfTheClient(t *testing.T) {
	portal, err := client.New("sk_test_0123456789", client.WithBaseURL("http://sandbox:8700"), client.WithPlainHTTPForTests(),
		client.WithHTTPClient(&http.Client{Transport: sandbox{}}))
	if err != nil {
		t.Fatal(err)
	}
	srv, _ := serve(t, portal, admin)
	if got := click(t, srv); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "http://sandbox:8700/portal?secret=x" {
		t.Errorf("answer = %d to %q, want 303 to the sandbox", got.StatusCode, got.Header.Get("Location"))
	}
}

type sandbox struct{}

func (sandbox) RoundTrip(*http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	_, _ = rec.WriteString(`{"link":"http://sandbox:8700/portal?secret=x"}`)
	return rec.Result(), nil
}

// Only the portal's page knows whether a link is dead: the person is sent there, and the operator is told.
func TestLinkDeadOnArrival(t *testing.T) {
	for want, link := range map[string]*client.PortalLink{
		"portal link had expired when it came": {URL: linkURL, ExpiresAt: time.Now().Add(-time.Minute)},
		"portal link made":                     {URL: linkURL},
	} {
		srv, log := serve(t, answering(link, nil), admin)
		if got := click(t, srv); got.Header.Get("Location") != linkURL {
			t.Errorf("answer = %d to %q, want 303 to the link", got.StatusCode, got.Header.Get("Location"))
		}
		if line := log.line(t); line["msg"] != want {
			t.Errorf("log line = %v, want %q", line, want)
		}
	}
}

func TestNewHandlerPanicsOnMistakes(t *testing.T) {
	with := func(opt portalhttp.Option) func() { return func() { portalhttp.NewHandler(new(fake), admin, opt) } }
	for name, construct := range map[string]func(){
		"no portal":                 func() { portalhttp.NewHandler(nil, admin) },
		"no function":               func() { portalhttp.NewHandler(new(fake), nil) },
		"relative return URL":       with(portalhttp.WithReturnURL("/settings")),
		"empty return URL":          with(portalhttp.WithReturnURL("")),
		"plain http return URL":     with(portalhttp.WithReturnURL("http://example.com")),
		"script as return URL":      with(portalhttp.WithReturnURL("javascript:alert(1)")),
		"return URL with two lines": with(portalhttp.WithReturnURL("https://a.example/\r\nX: y")),
		"trusted origin with path":  with(portalhttp.WithTrustedOrigins("https://app.example.com/settings")),
		"trusted origin null":       with(portalhttp.WithTrustedOrigins("https://app.example.com", "null")),
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
		portalhttp.WithReturnURL("http://acme.localhost:3000/settings"), portalhttp.WithReturnURL("http://localhost.:3000/settings"))
}

func TestLogsToTheDefaultLogger(t *testing.T) {
	log, before := new(journal), slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	h := portalhttp.NewHandler(new(fake), admin)
	silent := portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil))
	slog.SetDefault(log.logger()) // after NewHandler, as a program may
	rec, req := newClick()
	silent.ServeHTTP(rec, req)
	if text := log.take(); text != "" {
		t.Errorf("log with a nil logger = %s, want nothing", text)
	}
	h.ServeHTTP(rec, req)
	if line := log.line(t); line["msg"] != "portal link made" {
		t.Errorf("log line = %v, want the link that was made", line)
	}
}

func TestErrorHandler(t *testing.T) {
	cause := &client.Error{StatusCode: 429, RetryAfter: 1500 * time.Millisecond}
	srv, log := serve(t, answering(nil, cause), admin, portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		var failure *portalhttp.Failure
		switch {
		case errors.As(err, &failure) && failure.Code == "method_not_allowed":
			failure.ServeHTTP(w, r)
		case !errors.Is(err, client.ErrRateLimited):
			t.Errorf("error handler got %v, want a *Failure that is ErrRateLimited", err)
		default:
			w.WriteHeader(failure.Status)
			_, _ = io.WriteString(w, strings.Join([]string{failure.Code, failure.ReturnURL, failure.RetryAfter.String(), failure.Title}, " "))
		}
	}))
	got := click(t, srv)
	if want := "rate_limited " + settingsPage + " 2s Many people are here right now"; got.body != want || got.StatusCode != 503 || got.Header.Get("Retry-After") != "2" {
		t.Errorf("answer = %d %q, Retry-After %q, want 503 %q and 2", got.StatusCode, got.body, got.Header.Get("Retry-After"), want)
	}
	if line := log.line(t); line["code"] != "rate_limited" {
		t.Errorf("log line = %v, want it whoever answers", line)
	}
	if got := send(t, srv, http.MethodGet, ""); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET = %d, Allow %q, want the failure to serve itself", got.StatusCode, got.Header.Get("Allow"))
	}
}

func TestFailureReads(t *testing.T) {
	var got []string
	h := portalhttp.WithErrorHandler(func(_ http.ResponseWriter, _ *http.Request, err error) { got = append(got, err.Error()) })
	for _, err := range []error{errors.New("database is away"), &client.Error{StatusCode: 500, Attempts: 4}} {
		rec, req := newClick()
		portalhttp.NewHandler(answering(nil, err), admin, h, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
	}
	got = append(got, (&portalhttp.Failure{Code: "internal"}).Error())
	for i, want := range []string{
		"adminportal: open portal: database is away",
		"adminportal: 500 Internal Server Error (after 4 attempts)",
		"adminportal: open portal: internal",
	} {
		if got[i] != want {
			t.Errorf("Failure.Error() = %q, want %q", got[i], want)
		}
	}
}

// A request that middleware made may have no body at all.
func TestNoBody(t *testing.T) {
	rec, req := newClick()
	req.Body = nil
	portalhttp.NewHandler(new(fake), func(r *http.Request) (client.PortalLinkRequest, error) {
		_ = r.ParseForm()
		return admin(r)
	}, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
	if rec.Code != http.StatusSeeOther || req.Body != nil {
		t.Errorf("answer = %d, want 303, and the caller's request as it was", rec.Code)
	}
}
