package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A browser keeps cookies and follows no redirects by itself.
type browser struct {
	*http.Client
	site string
}

// A world is the service, its portal, and the second customer's organization.
type world struct {
	portal *portaltest.Server
	site   string
	globex string
}

func newWorld(t *testing.T) world {
	t.Helper()
	portal := portaltest.NewServer(t)
	w := world{portal: portal, globex: portal.AddOrganization("Globex")}
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(portal.APIKey, client.WithBaseURL(portal.URL), client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 1})) // or icons would still be asked for when the test has ended
	if err != nil {
		t.Fatal(err)
	}
	var service http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { service.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	service = newService(c, srv.URL, [2]string{portal.Organization, w.globex})
	w.site = srv.URL
	return w
}

func (w world) signedIn(t *testing.T, name string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	b := browser{site: w.site, Client: &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
	if name != "" {
		if resp, _ := b.send(t, http.MethodPost, "/sign-in/"+name, ""); resp.StatusCode != http.StatusSeeOther {
			t.Fatalf("sign in as %s = %d, want 303", name, resp.StatusCode)
		}
	}
	return b
}

func (b browser) send(t *testing.T, method, address, body string, header ...string) (*http.Response, string) {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.site + address
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", b.site)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestEveryButtonLeadsToItsPortal(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn(t, "ada")
	_, page := ada.send(t, http.MethodGet, "/settings", "")
	for _, b := range buttons {
		if !strings.Contains(page, `action="/configure/`+b.Address+`"`) || !strings.Contains(page, "<button>"+b.Text+"</button>") {
			t.Errorf("page has no button %q:\n%s", b.Text, page)
		}
		resp, _ := ada.send(t, http.MethodPost, "/configure/"+b.Address, "")
		if resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s = %d, want 303", b.Text, resp.StatusCode)
			continue
		}
		if resp, portal := ada.send(t, http.MethodGet, resp.Header.Get("Location"), ""); resp.StatusCode != http.StatusOK || !strings.Contains(portal, "Acme") {
			t.Errorf("%s: the portal = %d:\n%s\nwant Acme's", b.Text, resp.StatusCode, portal)
		}
		links := w.portal.Links()
		last := links[len(links)-1]
		if last.Organization.ID != w.portal.Organization || last.Intent != string(features[b.Address]) ||
			last.ReturnURL != w.site+"/settings" || last.SuccessURL != w.site+"/settings?done="+b.Address {
			t.Errorf("%s: link = %+v, want one of Acme for %s and back", b.Text, last, features[b.Address])
		}
		if _, page := ada.send(t, http.MethodGet, last.SuccessURL, ""); !strings.Contains(page, b.Text+": done.") {
			t.Errorf("%s: page after it does not say that it is done:\n%s", b.Text, page)
		}
	}
	if len(features) != len(buttons) {
		t.Errorf("features = %d, buttons = %d, want a button for each", len(features), len(buttons))
	}
}

// Whatever a person sends, the link is for the organization of their session.
func TestForgedOrganization(t *testing.T) {
	w := newWorld(t)
	for name, own := range map[string]string{"ada": w.portal.Organization, "grit": w.globex} {
		other := w.globex
		if own == w.globex {
			other = w.portal.Organization
		}
		b := w.signedIn(t, name)
		form := url.Values{
			"organization": {other}, "intent": {"dsync"},
			"return_url": {"https://evil.example/"}, "success_url": {"https://evil.example/"},
		}.Encode()
		json := `{"organization":"` + other + `","intent":"dsync","return_url":"https://evil.example/"}`
		before := len(w.portal.Links())
		for _, send := range []func() (*http.Response, string){
			func() (*http.Response, string) { return b.send(t, http.MethodPost, "/configure/sso", form) },
			func() (*http.Response, string) { return b.send(t, http.MethodPost, "/configure/sso?"+form, "") },
			func() (*http.Response, string) {
				return b.send(t, http.MethodPost, "/configure/sso", json, "Content-Type", "application/json", "Accept", "application/json")
			},
			func() (*http.Response, string) {
				return b.send(t, http.MethodPost, "/configure/sso", "", "X-Organization", other, "Cookie", "organization="+other)
			},
		} {
			if resp, body := send(); resp.StatusCode != http.StatusSeeOther && resp.StatusCode != http.StatusOK {
				t.Errorf("%s: answer = %d %s, want a link", name, resp.StatusCode, body)
			}
		}
		made := w.portal.Links()[before:]
		if len(made) != 4 {
			t.Errorf("%s: links made = %d, want 4", name, len(made))
		}
		for _, l := range made {
			if l.Organization.ID != own || l.Intent != "sso" || l.ReturnURL != w.site+"/settings" || strings.Contains(l.SuccessURL, "evil") {
				t.Errorf("%s: link = %+v, want one of their own organization %s", name, l, own)
			}
		}
	}
}

func TestWhoGetsNoLink(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name    string
		who     string
		method  string
		address string
		header  []string
		want    int
	}{
		{"nobody", "", "POST", "/configure/sso", nil, 401},
		{"made-up session", "", "POST", "/configure/sso", []string{"Cookie", cookieName + "=ada"}, 401},
		{"no admin", "bob", "POST", "/configure/sso", nil, 403},
		{"no such feature", "ada", "POST", "/configure/everything", nil, 403},
		{"link scanner", "ada", "GET", "/configure/sso", nil, 405},
		{"prefetch", "ada", "GET", "/configure/sso", []string{"Sec-Purpose", "prefetch"}, 405},
		{"other site", "ada", "POST", "/configure/sso", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"other site signs them in", "", "POST", "/sign-in/ada", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if resp, _ := w.signedIn(t, c.who).send(t, c.method, c.address, "", c.header...); resp.StatusCode != c.want {
			t.Errorf("%s: %s %s = %d, want %d", c.name, c.method, c.address, resp.StatusCode, c.want)
		}
	}
	if n := len(w.portal.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn(t, "ada")
	at, _ := url.Parse(w.site)
	cookie := ada.Jar.Cookies(at)[0]
	if resp, _ := ada.send(t, http.MethodPost, "/sign-out", ""); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("sign out = %d, want 303", resp.StatusCode)
	}
	if resp, _ := ada.send(t, http.MethodPost, "/configure/sso", "", "Cookie", cookie.String()); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("click with the old cookie = %d, want 401", resp.StatusCode)
	}
}

// Signing in never adopts a session ID that somebody planted.
func TestSignInStartsANewSession(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn(t, "")
	b.send(t, http.MethodPost, "/sign-in/ada", "", "Cookie", cookieName+"=planted")
	if resp, _ := w.signedIn(t, "").send(t, http.MethodPost, "/configure/sso", "", "Cookie", cookieName+"=planted"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("click with a planted session = %d, want 401", resp.StatusCode)
	}
}

func TestPageHasIcons(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn(t, "ada")
	deadline, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for { // the catalog is warm as soon as the portal has answered
		_, page := ada.send(t, http.MethodGet, "/settings", "")
		if strings.Contains(page, ` alt="" width="24" height="24"`) && strings.Contains(page, "Okta") {
			return
		}
		if deadline.Err() != nil {
			t.Fatalf("page has no icons:\n%s", page)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("WORKOS_API_KEY", "sk_test_0123456789")
	t.Setenv("WORKOS_ORGANIZATION", "")
	if _, _, err := open(); err == nil || !strings.Contains(err.Error(), "WORKOS_ORGANIZATION") {
		t.Errorf("open with a key and no organization = %v, want an error that names WORKOS_ORGANIZATION", err)
	}
	t.Setenv("WORKOS_ORGANIZATION", "org_A")
	if portal, organizations, err := open(); err != nil || portal == nil || organizations != [2]string{"org_A", "org_A"} {
		t.Errorf("open on WorkOS = %v, %v, %v", portal, organizations, err)
	}
}

// ":8701" is every network of the host, and was a panic.
func TestListensOnLoopbackAlone(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, ":0": false, "0.0.0.0:0": false} {
		listener, err := listen(addr)
		if err == nil {
			_ = listener.Close()
		}
		if (err == nil) != want {
			t.Errorf("listen(%q) = %v, want it allowed: %t", addr, err, want)
		}
	}
}
