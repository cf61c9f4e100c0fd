package portalhttp_test

import (
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

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestClickLeadsToThePortal(t *testing.T) {
	portal := new(fake)
	srv, log := serve(t, portal, admin)
	got := click(t, srv)
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != linkURL {
		t.Errorf("answer = %d to %q, want 303 to the link", got.StatusCode, got.Header.Get("Location"))
	}
	if got.body != "" {
		t.Errorf("body = %q, want none: the link is in Location alone", got.body)
	}
	wantPrivate(t, got)
	want := client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: settingsPage}
	if seen := portal.requests(); len(seen) != 1 || seen[0].Organization != want.Organization || seen[0].Intent != want.Intent || seen[0].ReturnURL != want.ReturnURL {
		t.Errorf("portal was asked for %+v, want %+v", seen, want)
	}
	line := log.line(t)
	if line["level"] != "INFO" || line["organization"] != organization || line["intent"] != "sso" {
		t.Errorf("log line = %v, want who went where, at level INFO", line)
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log has the link: %s", log)
	}
}

func TestJSONForThoseWhoAsk(t *testing.T) {
	srv, log := serve(t, new(fake), admin)
	got := clickJSON(t, srv)
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log has the link: %s", log)
	}
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answer = %d %s, want 200 application/json", got.StatusCode, got.Header.Get("Content-Type"))
	}
	if want := `{"url":"` + linkURL + `","expires_at":"2124-01-15T12:00:00Z"}` + "\n"; got.body != want {
		t.Errorf("body = %q, want %q", got.body, want)
	}
	wantPrivate(t, got)
}

func TestJSONDoesNotInventAnExpiry(t *testing.T) {
	portal := &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) {
		return &client.PortalLink{URL: linkURL}, nil
	}}
	srv, _ := serve(t, portal, admin)
	if got := clickJSON(t, srv); strings.Contains(got.body, "expires_at") {
		t.Errorf("body = %q, want no expires_at", got.body)
	}
}

// wantPrivate checks what keeps an answer out of caches and Referers.
func wantPrivate(t testing.TB, a answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control":          "no-store",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := a.Header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// What a person sends decides nothing: only the function does.
func TestForgedOrganizationIsNotSeen(t *testing.T) {
	const forged = "org_FORGED"
	portal := new(fake)
	srv, _ := serve(t, portal, admin)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/?organization="+forged+"&intent=dsync", strings.NewReader("organization="+forged+"&intent=dsync&return_url=https://evil.example"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for range 2 {
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		req.Body = io.NopCloser(strings.NewReader(`{"organization":"` + forged + `","intent":"dsync"}`))
		req.Header.Set("Content-Type", "application/json")
	}
	for _, r := range portal.requests() {
		if r.Organization != organization || r.Intent != client.IntentSSO || r.ReturnURL != settingsPage {
			t.Errorf("portal was asked for %+v, want the session's", r)
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
	*log = journal{}
	got := send(t, srv, http.MethodPost, "token="+strings.Repeat("x", 65<<10), form...)
	if got.StatusCode != http.StatusRequestEntityTooLarge || failureOf(t, got).Code != "too_large" {
		t.Errorf("65 KiB of form = %d %s, want 413 too_large", got.StatusCode, got.body)
	}
	if n := len(portal.requests()); n != 1 {
		t.Errorf("links made = %d, want 1", n)
	}
}

func TestPanicsAreTheServers(t *testing.T) {
	h := portalhttp.NewHandler(new(fake), func(*http.Request) (client.PortalLinkRequest, error) { panic("a bug") })
	defer func() {
		if p := recover(); p != "a bug" {
			t.Errorf("recovered %v, want the function's panic", p)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
}

// A fake's answer may be anything; no browser is sent there.
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
		t.Run(name, func(t *testing.T) {
			srv, log := serve(t, &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) {
				return link, nil
			}}, admin)
			got := click(t, srv)
			if got.StatusCode != http.StatusBadGateway || got.Header.Get("Location") != "" || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("answer = %d %v, want 502 and a way to nowhere", got.StatusCode, got.Header)
			}
			if strings.Contains(got.body+log.String(), secret) {
				t.Errorf("the link is told:\n%s\n%s", got.body, log)
			}
		})
	}
}

func TestNewHandlerPanicsOnMistakes(t *testing.T) {
	for name, construct := range map[string]func(){
		"no portal":               func() { portalhttp.NewHandler(nil, admin) },
		"no function":             func() { portalhttp.NewHandler(new(fake), nil) },
		"relative return URL":     func() { portalhttp.NewHandler(new(fake), admin, portalhttp.WithReturnURL("/settings")) },
		"empty return URL":        func() { portalhttp.NewHandler(new(fake), admin, portalhttp.WithReturnURL("")) },
		"plain http return URL":   func() { portalhttp.NewHandler(new(fake), admin, portalhttp.WithReturnURL("http://example.com")) },
		"script for a return URL": func() { portalhttp.NewHandler(new(fake), admin, portalhttp.WithReturnURL("javascript:alert(1)")) },
		"return URL with two lines": func() {
			portalhttp.NewHandler(new(fake), admin, portalhttp.WithReturnURL("https://a.example/\r\nX: y"))
		},
		"trusted origin with path": func() {
			portalhttp.NewHandler(new(fake), admin, portalhttp.WithTrustedOrigins("https://app.example.com/settings"))
		},
		"trusted origin null": func() { portalhttp.NewHandler(new(fake), admin, portalhttp.WithTrustedOrigins("null")) },
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
	portalhttp.NewHandler(new(fake), admin, nil, portalhttp.WithErrorHandler(nil), portalhttp.WithLogger(nil), portalhttp.WithTrustedOrigins())
}

func TestExpiresAtIsTheLinks(t *testing.T) {
	at := time.Date(2030, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	srv, _ := serve(t, &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) {
		return &client.PortalLink{URL: linkURL, ExpiresAt: at}, nil
	}}, admin)
	var body struct {
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(clickJSON(t, srv).body), &body); err != nil || !body.ExpiresAt.Equal(at) {
		t.Errorf("expires_at = %v (%v), want %v", body.ExpiresAt, err, at)
	}
}

// Only the portal's page knows whether a link is dead: the person is sent there, and
// the operator told.
func TestLinkDeadOnArrival(t *testing.T) {
	for name, c := range map[string]struct {
		link *client.PortalLink
		want string
	}{
		"dead":         {&client.PortalLink{URL: linkURL, ExpiresAt: time.Now().Add(-time.Minute)}, "portal link had expired when it came"},
		"tells no end": {&client.PortalLink{URL: linkURL}, "portal link made"},
	} {
		srv, log := serve(t, &fake{answer: func(context.Context, client.PortalLinkRequest) (*client.PortalLink, error) {
			return c.link, nil
		}}, admin)
		if got := click(t, srv); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != linkURL {
			t.Errorf("%s: answer = %d to %q, want 303 to the link", name, got.StatusCode, got.Header.Get("Location"))
		}
		if line := log.line(t); line["msg"] != c.want {
			t.Errorf("%s: log line = %v, want %q", name, line, c.want)
		}
	}
}

// A failure that nobody returns must not go unheard; who wants silence says so.
func TestLogsToTheDefaultUnlessTold(t *testing.T) {
	log, before := new(journal), slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	h := portalhttp.NewHandler(new(fake), admin)
	silent := portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil))
	slog.SetDefault(log.logger()) // after NewHandler, as a program may
	rec, req := newClick()
	silent.ServeHTTP(rec, req)
	if log.String() != "" {
		t.Errorf("log without a logger = %s, want nothing", log)
	}
	h.ServeHTTP(rec, req)
	if line := log.line(t); line["msg"] != "portal link made" {
		t.Errorf("log line = %v, want the link that was made", line)
	}
}
