package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A world is the service, the sandbox behind it, and the organization of its second customer.
type world struct {
	portal *portaltest.Server
	srv    *httptest.Server
	globex string
}

func newWorld(t *testing.T) world {
	t.Helper()
	portal := portaltest.NewServer(t)
	w := world{portal, httptest.NewUnstartedServer(nil), portal.AddOrganization("Globex")}
	c, err := client.New(portal.APIKey, client.WithBaseURL(portal.URL))
	if err != nil {
		t.Fatal(err)
	}
	w.srv.Config.Handler = newService(c, "http://"+w.srv.Listener.Addr().String(), portal.Organization, w.globex)
	w.srv.Start()
	t.Cleanup(w.srv.Close)
	return w
}

// as returns what sends requests for a person, as a browser does for the service's own pages. Fields
// of the header replace a browser's.
func (w world) as(t *testing.T, name string) func(method, address, body string, header ...string) (*http.Response, string) {
	t.Helper()
	jar, _ := cookiejar.New(nil) // which never fails
	browser := &http.Client{Jar: jar, Transport: w.srv.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	send := func(method, address, body string, header ...string) (*http.Response, string) {
		t.Helper()
		if strings.HasPrefix(address, "/") {
			address = w.srv.URL + address
		}
		req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := browser.Do(req)
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
	if name != "" {
		send(http.MethodPost, "/sign-in/"+name, "")
	}
	return send
}

// Every button has its link. Whatever a person sends, it is for the organization of their session.
func TestForgedOrganization(t *testing.T) {
	w := newWorld(t)
	for name, other := range map[string]string{"ada": w.globex, "grit": w.portal.Organization} {
		person := w.as(t, name)
		_, page := person(http.MethodGet, "/settings", "")
		form := url.Values{"organization": {other}, "intent": {"dsync"}, "return_url": {"https://evil.example/"}}.Encode()
		for address, intent := range intents {
			button := `action="/configure/` + address + `" data-turbo="false"><button>Configure `
			if !strings.Contains(page, button) || strings.Contains(page, "Done:") {
				t.Errorf("page has no button for %s, or is done already:\n%s", address, page)
			}
			person(http.MethodPost, "/configure/"+address+"?"+form, form)
			links := w.portal.Links()
			l := links[len(links)-1]
			if l.Organization.ID == other || l.Intent != string(intent) || l.ReturnURL != w.srv.URL+"/settings" {
				t.Errorf("%s: link = %+v, want one for %s of their own organization", name, l, intent)
			}
		}
	}
}

func TestWhoGetsNoLink(t *testing.T) {
	w := newWorld(t)
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	for _, c := range []struct {
		name, who, method, address string
		header                     []string
		want                       int
	}{
		{"nobody", "", "POST", "/configure/sso", nil, 401},
		{"made-up session", "", "POST", "/configure/sso", []string{"Cookie", "settings_session=ada"}, 401},
		{"no admin", "bob", "POST", "/configure/sso", nil, 403},
		{"no such feature", "ada", "POST", "/configure/everything", nil, 403},
		{"link scanner", "ada", "GET", "/configure/sso", nil, 405},
		{"another site", "ada", "POST", "/configure/sso", evil, 403},
		{"another site signs them in", "", "POST", "/sign-in/ada", evil, 403},
		{"no such person", "eve", "POST", "/configure/sso", nil, 403},
	} {
		if resp, _ := w.as(t, c.who)(c.method, c.address, "", c.header...); resp.StatusCode != c.want {
			t.Errorf("%s: %s %s = %d, want %d", c.name, c.method, c.address, resp.StatusCode, c.want)
		}
	}
	if n := len(w.portal.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

func TestOpen(t *testing.T) {
	t.Setenv("WORKOS_API_KEY", "sk_test_0123456789")
	t.Setenv("WORKOS_ORGANIZATION", "")
	if _, _, _, err := open(); err == nil || !strings.Contains(err.Error(), "WORKOS_ORGANIZATION") {
		t.Errorf("open with a key and no organization = %v, want an error that names WORKOS_ORGANIZATION", err)
	}
	t.Setenv("WORKOS_ORGANIZATION", "org_A")
	if portal, acme, globex, err := open(); err != nil || portal == nil || acme != "org_A" || globex != "org_A" {
		t.Errorf("open on WorkOS = %v, %s, %s, %v", portal, acme, globex, err)
	}
}
