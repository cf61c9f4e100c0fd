package demo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestEachSessionHasItsOrganization(t *testing.T) {
	w := newWorld(t)
	ada, grit := w.visitor(t), w.visitor(t)
	grit.post(t, "/organization", "organization", w.globex)
	has(t, "Ada's page", ada.page(t, "/settings").text, "administrators of Acme", `value="`+w.acme+`" aria-current="true"`)
	has(t, "Grit's page", grit.page(t, "/settings").text, "administrators of Globex", `value="`+w.globex+`" aria-current="true"`)

	ada.click(t, "sso")
	grit.click(t, "dsync")
	links := w.sandbox.Links()
	if len(links) != 2 || links[0].Organization.ID != w.acme || links[1].Organization.ID != w.globex {
		t.Errorf("links = %v, want one of Acme's and one of Globex's", links)
	}
	hasNot(t, "Ada's page", ada.page(t, "/settings").text, "Globex, ")
	hasNot(t, "Grit's page", grit.page(t, "/settings").text, "Acme, ")

	// What happened stays with the person who switches, and the way back of a link
	// is of the organization that it was for.
	grit.post(t, "/organization", "organization", w.acme)
	has(t, "Grit's page", grit.page(t, "/settings?done=dsync").text, "administrators of Acme", "Globex, ")
	hasNot(t, "Grit's page", grit.page(t, "/settings").text, "and came back")
}

// Whatever a person sends, the link is for the organization of their session.
func TestForgedOrganization(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	form := url.Values{
		"organization": {w.globex}, "intent": {"dsync"},
		"return_url": {"https://evil.example/"}, "success_url": {"https://evil.example/\r\nX-Evil: 1"},
	}.Encode()
	json := `{"organization":"` + w.globex + `","intent":"dsync","return_url":"https://evil.example/"}`
	for _, got := range []answer{
		b.send(t, http.MethodPost, "/configure/sso", form),
		b.send(t, http.MethodPost, "/configure/sso?"+form, ""),
		b.send(t, http.MethodPost, "/configure/sso", json, "Content-Type", "application/json", "Accept", "application/json"),
		b.click(t, "sso", "X-Organization", w.globex, "Cookie", "organization="+w.globex),
		b.click(t, "sso", "Referer", "https://evil.example/"),
	} {
		if got.StatusCode != http.StatusSeeOther && got.StatusCode != http.StatusOK {
			t.Errorf("answer = %d %s, want a link", got.StatusCode, got.text)
		}
		if got.Header.Get("X-Evil") != "" {
			t.Error("a header was injected")
		}
	}
	links := w.sandbox.Links()
	if len(links) != 5 {
		t.Errorf("links made = %d, want 5", len(links))
	}
	for _, l := range links {
		if l.Organization.ID != w.acme || l.Intent != "sso" || l.ReturnURL != w.site+"/settings?left=sso" || l.SuccessURL != w.site+"/settings?done=sso" {
			t.Errorf("link = %s for %s, back to %s or %s; want Acme's, and back here", l.Intent, l.Organization.Name, l.ReturnURL, l.SuccessURL)
		}
	}
}

func TestWhoGetsNothing(t *testing.T) {
	w := newWorld(t)
	visitor, stranger := w.visitor(t), w.browser(t)
	crossSite := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	for _, c := range []struct {
		name    string
		browser browser
		method  string
		address string
		form    string
		header  []string
		want    int
	}{
		{"nobody", stranger, "POST", "/configure/sso", "", nil, 401},
		{"made-up session", stranger, "POST", "/configure/sso", "", []string{"Cookie", "adminportal_demo=1"}, 401},
		{"no such feature", visitor, "POST", "/configure/everything", "", nil, 403},
		{"link scanner", visitor, "GET", "/configure/sso", "", nil, 405},
		{"head", visitor, "HEAD", "/configure/sso", "", nil, 405},
		{"prefetch", visitor, "POST", "/configure/sso", "", []string{"Sec-Purpose", "prefetch"}, 403},
		{"click from another site", visitor, "POST", "/configure/sso", "", crossSite, 403},
		{"click from another origin", visitor, "POST", "/configure/sso", "", []string{"Origin", w.sandbox.URL, "Sec-Fetch-Site", "same-site"}, 403},
		{"click from a sandboxed frame", visitor, "POST", "/configure/sso", "", []string{"Origin", "null", "Sec-Fetch-Site", ""}, 403},
		{"switch from another site", visitor, "POST", "/organization", "organization=" + w.globex, crossSite, 403},
		{"switch by a link", visitor, "GET", "/organization?organization=" + w.globex, "", nil, 404},
		{"switch to what is not theirs", visitor, "POST", "/organization", "organization=org_other", nil, 403},
		{"switch to nothing", visitor, "POST", "/organization", "", nil, 403},
		{"fault from another site", visitor, "POST", "/sandbox", "fault=gone", crossSite, 403},
		{"fault by nobody", stranger, "POST", "/sandbox", "fault=gone", nil, 401},
		{"fault that there is not", visitor, "POST", "/sandbox", "fault=everything", nil, 400},
	} {
		got := c.browser.send(t, c.method, c.address, c.form, c.header...)
		if got.StatusCode != c.want {
			t.Errorf("%s: %s %s = %d, want %d", c.name, c.method, c.address, got.StatusCode, c.want)
		}
		if c.method != http.MethodHead && !strings.Contains(got.text, `href="`+w.site+`/settings"`) {
			t.Errorf("%s: no way back:\n%s", c.name, got.text)
		}
	}
	if n := len(w.sandbox.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
	has(t, "page", visitor.page(t, "/settings").text, "administrators of Acme", `value="none" checked`)
}

// A page under a name that somebody points at loopback would be of our own origin.
func TestOtherNames(t *testing.T) {
	w := newWorld(t)
	port := w.site[strings.LastIndex(w.site, ":"):]
	b := w.visitor(t)
	for _, c := range []struct {
		method, host string
		want         int
	}{
		{"GET", "evil.example" + port, 421},
		{"GET", "evil.example", 421},
		{"GET", "127.0.0.1.evil.example" + port, 421},
		{"GET", "192.0.2.1" + port, 421},
		{"POST", "evil.example" + port, 421},
		{"POST", "localhost" + port, 421},
		{"GET", "localhost" + port, 303},
		{"GET", "LOCALHOST" + port, 303},
		{"GET", "[::1]" + port, 303},
		{"HEAD", "127.0.0.2" + port, 303},
	} {
		address := "/settings?done=sso"
		if c.method == http.MethodPost {
			address = "/configure/sso"
		}
		got := b.send(t, c.method, address, "", "Host", c.host, "Origin", "http://"+c.host)
		if got.StatusCode != c.want {
			t.Errorf("%s to %s = %d, want %d", c.method, c.host, got.StatusCode, c.want)
		}
		if to := got.Header.Get("Location"); c.want == 303 && to != w.site+"/settings?done=sso" {
			t.Errorf("%s to %s leads to %q, want the page's own address", c.method, c.host, to)
		}
		if len(got.Cookies()) > 0 {
			t.Errorf("%s to %s begins a session", c.method, c.host)
		}
	}
	if n := len(w.sandbox.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

// To switch ends the session: its number is of no use to whoever saw it.
func TestSwitchBeginsAnotherSession(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	at, err := url.Parse(w.site)
	if err != nil {
		t.Fatal(err)
	}
	old := b.Jar.Cookies(at)[0]
	b.post(t, "/organization", "organization", w.globex)
	if now := b.Jar.Cookies(at)[0]; now.Value == old.Value {
		t.Error("the session is the same")
	}
	if got := w.browser(t).click(t, "sso", "Cookie", old.String()); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("click with the old cookie = %d, want 401", got.StatusCode)
	}
	planted := w.browser(t)
	planted.send(t, http.MethodGet, "/settings", "", "Cookie", old.Name+"=planted")
	if got := w.browser(t).click(t, "sso", "Cookie", old.Name+"=planted"); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("click with a planted session = %d, want 401", got.StatusCode)
	}
}
