package portalhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// The link is the session's, whatever else the click says.
func TestClickLeadsToThePortal(t *testing.T) {
	portal := new(fake)
	b := newButton(portal, admin)
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "organization=org_FORGED&intent=dsync&return_url=https://evil.example",
		"application/json":                  `{"organization":"org_FORGED","intent":"dsync","return_url":"https://evil.example"}`,
	} {
		if got := b.send(t, http.MethodPost, body, "Content-Type", contentType); got.StatusCode != 303 || got.Header.Get("Location") != linkURL {
			t.Errorf("answer = %d to %q, want 303 to the link", got.StatusCode, got.Header.Get("Location"))
		}
		if line := b.line(t); line["level"] != "INFO" || line["organization"] != organization || line["intent"] != "sso" {
			t.Errorf("log line = %v, want organization and intent, at level INFO", line)
		}
	}
	if want, _ := admin(nil); !reflect.DeepEqual(portal.seen, []client.PortalLinkRequest{want, want}) {
		t.Errorf("portal was asked for %+v, want twice %+v", portal.seen, want)
	}
}

func TestBodyIsLimited(t *testing.T) {
	portal := new(fake)
	b := newButton(portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		if err := r.ParseForm(); err != nil && r.Body != nil {
			return client.PortalLinkRequest{}, err
		}
		return admin(r)
	})
	for size, want := range map[int]int{60 << 10: http.StatusSeeOther, 65 << 10: http.StatusRequestEntityTooLarge} {
		got := b.send(t, http.MethodPost, "token="+strings.Repeat("x", size), "Content-Type", "application/x-www-form-urlencoded")
		if line := b.line(t); got.StatusCode != want || (line["code"] == "too_large") != (want == 413) {
			t.Errorf("%d bytes of form = %d, logged %v, want %d", size, got.StatusCode, line, want)
		}
	}
	rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	req.Body = nil // as middleware may make it
	if b.ServeHTTP(rec, req); rec.Code != http.StatusSeeOther || req.Body != nil || len(portal.seen) != 2 {
		t.Errorf("answer = %d without a body, links in all = %d, want 303, 2, and the caller's request as it was", rec.Code, len(portal.seen))
	}
}

// A client that lets a sandbox have plain http links has checked them itself.
func TestPlainHTTPLinkOfTheClient(t *testing.T) {
	sandbox := portaltest.NewHandler(portaltest.WithExamples())
	portal, err := client.New(sandbox.APIKey, client.WithBaseURL("http://sandbox:8700"), client.WithPlainHTTPForTests(),
		client.WithHTTPClient(&http.Client{Transport: sandbox.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	if got := newButton(portal, admin).click(t); !strings.HasPrefix(got.Header.Get("Location"), "http://sandbox:8700/") {
		t.Errorf("answer = %d to %q, want 303 to the sandbox", got.StatusCode, got.Header.Get("Location"))
	}
}

func TestNewHandlerPanicsOnMistakes(t *testing.T) {
	with := func(opt portalhttp.Option) func() { return func() { newButton(new(fake), admin, opt) } }
	for i, construct := range []func(){
		func() { newButton(nil, admin) }, func() { newButton((*client.Client)(nil), admin) }, func() { newButton(new(fake), nil) },
		with(portalhttp.WithReturnURL("")), with(portalhttp.WithReturnURL("http://example.com")),
		with(portalhttp.WithTrustedOrigins("https://app.example.com/settings")), // a path
		with(portalhttp.WithTrustedOrigins("https://app.example.com", "null")),
	} {
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "portalhttp: ") {
					t.Errorf("mistake %d: panic = %v, want one that names the package", i, p)
				}
			}()
			construct()
		}()
	}
	newButton(new(fake), admin, nil, portalhttp.WithErrorHandler(nil), portalhttp.WithTrustedOrigins(),
		portalhttp.WithReturnURL("http://acme.localhost:3000/settings"))
}

func TestLogsToTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	h, silent := portalhttp.NewHandler(new(fake), admin), portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil))
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil))) // after NewHandler, as a program may
	rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	silent.ServeHTTP(rec, req)
	h.ServeHTTP(rec, req)
	if n := strings.Count(log.String(), "portal link made"); n != 1 {
		t.Errorf("log = %s, want one line, of the handler without WithLogger(nil)", &log)
	}
}

func TestErrorHandler(t *testing.T) {
	cause := &client.Error{StatusCode: 429, RetryAfter: 1500 * time.Millisecond, Attempts: 4}
	b := newButton(answering(nil, cause), admin, portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		failure, ok := err.(*portalhttp.Failure)
		if !ok || failure.Code == "method_not_allowed" {
			failure.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(failure.Status)
		fmt.Fprint(w, failure.Code, " ", failure.ReturnURL, " ", failure.RetryAfter, " ", errors.Is(err, client.ErrRateLimited), " ", err)
	}))
	got := b.click(t)
	want := "rate_limited " + settingsPage + " 2s true adminportal: 429 Too Many Requests; try again in 2s (after 4 attempts)"
	if line := b.line(t); got.body != want || got.StatusCode != 503 || got.Header.Get("Retry-After") != "2" || line["code"] != "rate_limited" {
		t.Errorf("answer = %d %q %v, logged %v, want 503 %q, Retry-After 2, and a line", got.StatusCode, got.body, got.Header, line, want)
	}
	if got := b.send(t, http.MethodGet, ""); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET = %d, Allow %q, want the failure to serve itself", got.StatusCode, got.Header.Get("Allow"))
	}
	if got := (&portalhttp.Failure{Code: "internal"}).Error(); got != "adminportal: open portal: internal" {
		t.Errorf("Failure.Error() without a cause = %q", got)
	}
}

// patient never answers before the context ends.
func patient(ctx context.Context) (*client.PortalLink, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeoutBoundsTheWholeClick(t *testing.T) {
	slow := func(r *http.Request) (client.PortalLinkRequest, error) {
		select {
		case <-time.After(4 * time.Second):
			return admin(r)
		case <-r.Context().Done():
			return client.PortalLinkRequest{}, errors.New("a driver does not say why")
		}
	}
	for _, c := range []struct {
		name string
		who  func(*http.Request) (client.PortalLinkRequest, error)
		opt  portalhttp.Option
		want time.Duration
	}{
		{"by default, with a slow function", slow, nil, 10 * time.Second},
		{"zero", admin, portalhttp.WithTimeout(0), 10 * time.Second},
		{"shorter than the function", slow, portalhttp.WithTimeout(3 * time.Second), 3 * time.Second},
		{"set", admin, portalhttp.WithTimeout(time.Minute), time.Minute},
		{"the request's own, none here", admin, portalhttp.WithTimeout(-1), time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			b := newButton(&fake{answer: patient}, c.who, c.opt, portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
				w.WriteHeader(err.(*portalhttp.Failure).Status)
				if err := r.Context().Err(); err != nil && ctx.Err() == nil {
					t.Errorf("%s: error handler's context = %v, want time left to make a page", c.name, err)
				}
			}))
			rec, start := httptest.NewRecorder(), time.Now()
			b.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
			if got := time.Since(start); got != c.want || rec.Code != http.StatusGatewayTimeout {
				t.Errorf("%s: answer = %d after %v, want 504 after %v", c.name, rec.Code, got, c.want)
			}
		})
	}
}

// Somebody who clicks twice leaves the first request, here with a form that nobody reads.
func TestNothingIsWrittenToThoseWhoLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	portal := &fake{answer: func(ctx context.Context) (*client.PortalLink, error) {
		leave()
		return patient(ctx)
	}}
	called := false
	b := newButton(portal, admin, portalhttp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) { called = true }))
	rec := httptest.NewRecorder()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { b.ServeHTTP(rec, r) }))
	if req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, strings.NewReader("token=x")); err == nil {
		_, _ = srv.Client().Do(req)
	}
	srv.Close() // waits for the handler
	if line := b.line(t); rec.Body.Len() > 0 || rec.Code < 400 || called || line["level"] != "DEBUG" {
		t.Errorf("answer = %d %q, logged %v (error handler called: %v), want no page, no success, DEBUG, no call", rec.Code, rec.Body, line, called)
	}
}
