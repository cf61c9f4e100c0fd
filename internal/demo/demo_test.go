package demo_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/internal/demo"
)

func TestPageShowsWhatHappened(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	before := b.page(t, "/settings").text
	has(t, "page before a click", before, "Nothing yet.")
	hasNot(t, "page before a click", before, `role="status"`)
	b.click(t, "sso")
	page := b.page(t, "/settings").text
	has(t, "page", page, fmt.Sprintf(`curl %s/portal_links \
  -H "Authorization: Bearer $WORKOS_API_KEY" \
  -H 'Content-Type: application/json' \
  -d '{
    "intent": "sso",
    "organization": "%s",
    "return_url": "%[3]s/settings?left=sso",
    "success_url": "%[3]s/settings?done=sso"
  }'`, w.Sandbox.URL, w.Acme, w.Site),
		"<b>200</b> OK, in ", "was sent on to the portal, with status 303.", `level=INFO msg="portal link made" organization=`+w.Acme+" intent=sso ttl=")
	if life := regexp.MustCompile(`Life left: <time datetime="PT5\d\dS" data-left="5\d\d">[89] min \d+ s</time>`); !life.MatchString(page) {
		t.Errorf("page does not say that the link lives for most of ten minutes:\n%s", page)
	}
	has(t, "log", w.Log.String(), `msg="portal link made" organization=`+w.Acme)

	for range 9 {
		b.click(t, "dsync")
	}
	page = b.page(t, "/settings").text
	if all, open := strings.Count(page, "<details"), strings.Count(page, "<details open>\n<summary><span class=\"what\">Configure Directory Sync"); all != 8 || open != 1 {
		t.Errorf("page shows %d clicks and %d open, want the last 8 and the latest open", all, open)
	}
}

// The page opens the connection that a click uses, once.
func TestPageWarmsThePortal(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	warmed := 0
	for deadline := time.Now().Add(time.Minute); warmed == 0 && time.Now().Before(deadline); {
		b.page(t, "/settings")
		for _, r := range w.Sandbox.Requests() {
			if r.Method == http.MethodPost {
				warmed++
			}
		}
	}
	if warmed != 1 {
		t.Errorf("requests of a page = %d, want 1", warmed)
	}
	has(t, "page", b.page(t, "/settings").text, "Nothing yet.")
}

// Whoever chooses a fault sees it on the page that a person gets, in what happened, and in the log.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault  string
		status int
		person string   // on the page that they get
		shown  []string // the first for each click
		log    []string
	}{
		{"429", 503, "try again in ", []string{"saw a page, with status 503: “Many people are here right now.", "<b>429</b> Too Many Requests",
			"None: nothing was sent. The client remembers that the rate limit is spent."}, // the second click
			[]string{"level=WARN msg=\"portal link not made\"", "code=rate_limited", "retry_after=20s"}},
		{"500", 502, "The admin portal does not answer", []string{"<b>500</b> Internal Server Error", "Answers", ", after a wait of ",
			"saw a page, with status 502"}, []string{"attempt=4", "code=unavailable"}},
		{"500-once", 303, "", []string{"<b>500</b> Internal Server Error", "<b>200</b> OK", "was sent on to the portal"},
			[]string{"attempt=1", "msg=\"portal link made\""}},
		{"gone", 500, "Your organization is not connected yet", []string{"<b>404</b> Not Found", "saw a page, with status 500", "Now: Globex."},
			[]string{"level=ERROR", "code=organization_not_found", "reference="}},
		{"expired", 303, "", []string{"<b>200</b> OK", "none, it has expired"}, []string{"msg=\"portal link made\""}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.visitor(t)
			b.choose(t, "/organization", "organization", w.Globex)
			b.choose(t, "/sandbox", "fault", c.fault)
			has(t, "page", b.page(t, "/settings").text, `value="`+c.fault+`" checked`, "The sandbox is set to fail")
			for range 2 { // until another is chosen
				got := b.click(t, "sso")
				if got.StatusCode != c.status {
					t.Fatalf("click = %d, want %d", got.StatusCode, c.status)
				}
				if c.person != "" {
					has(t, "page for the person", got.text, c.person, `href="`+w.Site+`/settings"`)
				}
				if c.fault == "expired" {
					portal := b.send(t, http.MethodGet, got.Header.Get("Location"), "")
					has(t, "portal", portal.text, "This link has expired", `href="`+w.Site+`/settings?left=sso"`)
				}
			}
			page := b.page(t, "/settings").text
			has(t, "page", page, c.shown...)
			if n := strings.Count(page, c.shown[0]); n < 2 {
				t.Errorf("page has %q for %d click, want 2", c.shown[0], n)
			}
			has(t, "log", w.Log.String(), c.log...)
			if got := w.visitor(t).click(t, "sso"); c.fault == "gone" && got.StatusCode != http.StatusSeeOther {
				t.Errorf("click for Acme = %d, want 303: Globex alone is gone", got.StatusCode)
			}

			b.choose(t, "/sandbox", "fault", "none")
			hasNot(t, "page", b.page(t, "/settings").text, "The sandbox is set to fail")
			b.page(t, b.click(t, "sso").Header.Get("Location"))
			if off := time.Until(w.Sandbox.Now()); off.Abs() > time.Minute {
				t.Errorf("the sandbox's clock is off by %v", off)
			}
		})
	}
}

func TestEachSessionHasItsOrganization(t *testing.T) {
	w := newWorld(t)
	ada, grit := w.visitor(t), w.visitor(t)
	grit.choose(t, "/organization", "organization", w.Globex)
	ada.click(t, "sso")
	grit.click(t, "dsync")
	adas, grits := ada.page(t, "/settings").text, grit.page(t, "/settings").text
	has(t, "Ada's page", adas, "administrators of Acme", `value="`+w.Acme+`" aria-current="true"`)
	has(t, "Grit's page", grits, "administrators of Globex", `value="`+w.Globex+`" aria-current="true"`)
	hasNot(t, "Ada's page", adas, "Globex, ")
	hasNot(t, "Grit's page", grits, "Acme, ")

	// What happened stays with a person who switches, and the way back belongs to the organization
	// that the link was for.
	grit.choose(t, "/organization", "organization", w.Acme)
	has(t, "Grit's page", grit.page(t, "/settings?done=dsync").text, "administrators of Acme", "Globex, ")
	hasNot(t, "Grit's page", grit.page(t, "/settings").text, "and came back")

	planted := "adminportal_demo_" + w.port() + "=planted"
	w.browser(t).page(t, "/settings", "Cookie", planted)
	if got := w.browser(t).click(t, "sso", "Cookie", planted); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("click with a planted session = %d, want 401", got.StatusCode)
	}
}

// Whatever a person sends, the link is for the organization of their session.
func TestForgedOrganization(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	form := url.Values{"organization": {w.Globex}, "intent": {"dsync"}, "return_url": {"https://evil.example/"}, "success_url": {"https://evil.example/"}}.Encode()
	b.send(t, http.MethodPost, "/configure/sso", form)
	b.send(t, http.MethodPost, "/configure/sso?"+form, "")
	b.send(t, http.MethodPost, "/configure/sso", `{"organization":"`+w.Globex+`","intent":"dsync"}`, "Content-Type", "application/json")
	var got []string
	for _, l := range w.Sandbox.Links() {
		got = append(got, strings.Join([]string{l.Organization.ID, l.Intent, l.ReturnURL, l.SuccessURL}, " "))
	}
	want := w.Acme + " sso " + w.Site + "/settings?left=sso " + w.Site + "/settings?done=sso"
	if !slices.Equal(got, []string{want, want, want}) {
		t.Errorf("links = %q, want three times %q", got, want)
	}
}

func TestRefused(t *testing.T) {
	w := newWorld(t)
	visitor, stranger := w.visitor(t), w.browser(t)
	port := ":" + w.port()
	evil := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
	for _, c := range []struct {
		name                  string
		browser               browser
		method, address, form string
		header                []string
		want                  int
	}{
		{"nothing there", visitor, "GET", "/elsewhere", "", nil, 404},
		{"no session", stranger, "POST", "/configure/sso", "", nil, 401},
		{"no such feature", visitor, "POST", "/configure/everything", "", nil, 403},
		{"link scanner", visitor, "GET", "/configure/sso", "", nil, 405},
		{"click from another site", visitor, "POST", "/configure/sso", "", evil, 403},
		{"switch from another site", visitor, "POST", "/organization", "organization=" + w.Globex, evil, 403},
		{"switch by a link", visitor, "GET", "/organization?organization=" + w.Globex, "", nil, 404},
		{"switch to an organization that is not theirs", visitor, "POST", "/organization", "organization=org_other", nil, 403},
		{"switch without a session", stranger, "POST", "/organization", "organization=" + w.Globex, nil, 403},
		{"fault from another site", visitor, "POST", "/sandbox", "fault=gone", evil, 403},
		{"fault without a session", stranger, "POST", "/sandbox", "fault=gone", nil, 400},
		{"fault that does not exist", visitor, "POST", "/sandbox", "fault=everything", nil, 400},
		{"page under another name", visitor, "GET", "/settings", "", []string{"Host", "evil.example" + port}, 421},
		{"click under another name", visitor, "POST", "/configure/sso", "", []string{"Host", "evil.example" + port, "Origin", "http://evil.example" + port}, 421},
		{"click under another name of loopback", visitor, "POST", "/configure/sso", "", []string{"Host", "localhost" + port, "Origin", "http://localhost" + port}, 421},
	} {
		got := c.browser.send(t, c.method, c.address, c.form, c.header...)
		if got.StatusCode != c.want || !strings.Contains(got.text, `href="`+w.Site+`/settings"`) {
			t.Errorf("%s: %s %s = %d, want %d and a way back:\n%s", c.name, c.method, c.address, got.StatusCode, c.want, got.text)
		}
	}
	if n := len(w.Sandbox.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
	has(t, "page", visitor.page(t, "/settings").text, "administrators of Acme", `value="none" checked`, "Nothing yet.")
}

func TestRedirectedToThePage(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ host, address, want string }{
		{"127.0.0.1", "/", "/settings"},
		{"localhost", "/settings?done=sso", w.Site + "/settings?done=sso"},
		{"[::1]", "/settings", w.Site + "/settings"},
	} {
		got := w.browser(t).send(t, http.MethodGet, c.address, "", "Host", c.host+":"+w.port())
		if to := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || to != c.want || len(got.Cookies()) > 0 {
			t.Errorf("GET %s%s = %d to %q, want 303 to %s and no session", c.host, c.address, got.StatusCode, to, c.want)
		}
	}
}

// The link is in the Location of the answer, and nowhere else. The key is nowhere.
func TestLinkAndKeyAreNowhere(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	var shown strings.Builder
	secrets := []string{w.Sandbox.APIKey, "secret=", "sk_"}
	for _, fault := range []string{"none", "429", "500-once", "gone"} {
		b.choose(t, "/sandbox", "fault", fault)
		for _, got := range []answer{b.click(t, "sso"), b.page(t, "/settings")} {
			if u, err := url.Parse(got.Header.Get("Location")); err == nil && u.Query().Has("secret") {
				secrets = append(secrets, u.Query().Get("secret"))
			}
			got.Header.Del("Location")
			_ = got.Header.Write(&shown)
			shown.WriteString(got.text)
		}
	}
	if len(secrets) != 5 {
		t.Fatalf("links = %d, want 2", len(secrets)-3)
	}
	for _, secret := range secrets {
		if strings.Contains(shown.String(), secret) || strings.Contains(w.Log.String(), secret) {
			t.Error("a page, a header or the log has a secret")
		}
	}
}

// The page may ask for nothing but what the demo and the sandbox have.
func TestPageAsksForNothingElsewhere(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	page := b.page(t, "/settings")
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " + w.Sandbox.URL +
			"; form-action 'self' " + w.Sandbox.URL + "; base-uri 'none'; frame-ancestors 'none'"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if c := page.Cookies()[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie = %v, want HttpOnly and SameSite=Lax", c.Raw)
	}
	if n := strings.Count(page.text, w.Sandbox.URL+"/provider-icons/"); n != 24 {
		t.Errorf("page has %d pictures of providers, want 12, light and dark:\n%s", n, page.text)
	}
}

// On WorkOS there is nothing to break.
func TestOnWorkOS(t *testing.T) {
	w := newWorld(t, func(c *demo.Config) { c.Sandbox, c.UserAgent = nil, "a-demo/1" })
	b := w.visitor(t)
	b.click(t, "sso")
	page := b.page(t, "/settings").text
	hasNot(t, "page", page, "What goes wrong")
	hasNot(t, "page", page, "sandbox")
	has(t, "page", page, w.Sandbox.URL, "is real", "9 min 5")
	if got := b.send(t, http.MethodPost, "/sandbox", "fault=gone"); got.StatusCode != http.StatusNotFound {
		t.Errorf("POST /sandbox = %d, want 404", got.StatusCode)
	}
	for _, r := range w.Sandbox.Requests() {
		if got := r.Header.Get("User-Agent"); got != "a-demo/1" {
			t.Errorf("User-Agent = %q, want a-demo/1", got)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for _, c := range []demo.Config{
		{Log: io.Discard, Site: "http://127.0.0.1:1", BaseURL: "https://api.example", APIKey: "pk_wrong"},
		{Log: io.Discard, Site: "http://127.0.0.1:1", BaseURL: "http://api.example", APIKey: "sk_test_1"},
		{Log: io.Discard, Site: "http://127.0.0.1:port", BaseURL: "https://api.example", APIKey: "sk_test_1"},
	} {
		if _, err := demo.New(c); err == nil {
			t.Errorf("New(%s, %s) = nil, want an error", c.Site, c.BaseURL)
		}
	}
}
