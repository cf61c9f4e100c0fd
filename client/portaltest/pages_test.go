package portaltest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"html"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/gen"
)

var (
	anchors = regexp.MustCompile(`(?s)<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>`)
	assets  = regexp.MustCompile(`(?:src|srcset|<link[^>]*href)="([^"]*)"`)
)

// waysOut are the addresses to which a page leads, by their texts.
func (a answer) waysOut() map[string]string {
	found := map[string]string{}
	for _, m := range anchors.FindAllStringSubmatch(a.body, -1) {
		found[html.UnescapeString(m[2])] = html.UnescapeString(m[1])
	}
	return found
}

// check holds a page against XML's rules, which are stricter than a browser's, and
// checks that nothing but its own style sheet is allowed and nothing comes from elsewhere.
func (a answer) check(title string) {
	a.t.Helper()
	a.has("<title>" + html.EscapeString(title) + "</title>")
	void := regexp.MustCompile(`<((?:meta|link|img|source) [^>]*)>`)
	dec := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(strings.TrimPrefix(a.body, "<!doctype html>"), "<$1/>")))
	dec.Entity = xml.HTMLEntity
	for err := error(nil); err != io.EOF; {
		if _, err = dec.Token(); err != nil && err != io.EOF {
			a.t.Fatalf("%v in\n%s", err, a.body)
		}
	}
	_, rest, _ := strings.Cut(a.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		equal(a.t, name, a.header.Get(name), want)
	}
	for _, m := range assets.FindAllStringSubmatch(a.body, -1) {
		if strings.Contains(m[1], ":") || strings.HasPrefix(m[1], "/") {
			a.t.Errorf("the page loads %s, want addresses relative to its own alone", m[1])
		}
	}
	if no := regexp.MustCompile(`<script|<[^>]* (style|on[a-z]+)=|url\(|@import`).FindString(a.body); no != "" {
		a.t.Errorf("the page contains %q", no)
	}
}

// Every intent of the document has its page, with the two ways out.
func TestPages(t *testing.T) {
	c := serve(t)
	c.portal.SetClock(time.Date(2024, 1, 15, 11, 50, 0, 0, time.UTC))
	titles := map[string]string{
		"sso": "Configure Single Sign-On", "dsync": "Configure Directory Sync", "audit_logs": "Audit Logs", "log_streams": "Configure Log Streams",
		"domain_verification": "Verify your domain", "certificate_renewal": "Renew your SAML certificate", "bring_your_own_key": "Bring your own key",
	}
	for _, intent := range portaltest.Enum("LiveIntent") {
		if titles[intent] == "" {
			t.Errorf("openapi.yaml: the intent %s has no page in client/portaltest/pages.go, or no title in this test: give it both", intent)
			continue
		}
		page := c.get(c.link(liveLinks, intent, "return_url", "https://example.com/settings", "success_url", "https://example.com/done?a=1&b=2"), 200)
		page.check(titles[intent] + " · Acme · Admin Portal")
		equal(t, "ways out", page.waysOut(), map[string]string{"Done": "https://example.com/done?a=1&b=2", "Back to example.com": "https://example.com/settings"})
		page.has("<h1>"+titles[intent]+"</h1>", `<html lang="en">`, "<main>", "<header>", "<footer>", "11:55:0")
	}
	// A link whose request had no intent offers all features, each with its providers.
	page := c.get(c.post(liveLinks, `{"organization":"`+c.portal.Organization+`"}`, 201).link(c.url), 200)
	page.check("What do you want to configure? · Acme · Admin Portal")
	page.has(">Configure Single Sign-On</summary>", ">Bring your own key</summary>", ">Okta</summary>", ">Datadog</summary>")
}

// The ways out are those of the request for the link, and of an expired one the way back
// alone. Nothing that is in the page's own address leads anywhere.
func TestWaysOut(t *testing.T) {
	const evil = "&return_url=https://evil.example/&choice=https://evil.example/&redirect=//evil.example"
	const back, done = "http://localhost:3000/settings", "https://example.com/done"
	for _, tc := range []struct {
		back, done string
		life       time.Duration
		want       map[string]string
	}{
		{"", "", time.Minute, map[string]string{}},
		{"", done, time.Minute, map[string]string{"Done": done}},
		{back, "", time.Minute, map[string]string{"Done": back, "Back to localhost:3000": back}},
		{back, done, time.Minute, map[string]string{"Done": done, "Back to localhost:3000": back}},
		{back, done, -time.Second, map[string]string{"Back to localhost:3000": back}},
	} {
		c := serve(t, portaltest.WithLinkLife(portaltest.DialectBoth, tc.life))
		status, title := 200, "Audit Logs"
		if tc.life < 0 {
			status, title = 410, "This link has expired"
		}
		link := c.link(liveLinks, "audit_logs", "return_url", tc.back, "success_url", tc.done)
		page := c.get(link+evil, status, header("Referer", "https://evil.example/"), header("X-Forwarded-Host", "evil.example"))
		page.check(title + " · Acme · Admin Portal")
		equal(t, "ways out", page.waysOut(), tc.want)
		equal(t, "an address of the request is in the page", strings.Contains(page.body, "evil"), false)
		equal(t, "advice to close the window", strings.Contains(page.body, "close this window"), len(tc.want) == 0)
	}
	c := serve(t)
	for _, path := range []string{"/portal/launch", "/portal/launch?secret=", "/portal/launch?secret=nope", "/portal/launch?%zz"} {
		page := c.get(path, 404)
		page.check("This link is not valid · Admin Portal")
		equal(t, "ways out", page.waysOut(), map[string]string{})
	}
	equal(t, "the body for HEAD", c.send("HEAD", c.link(referenceLinks, "sso"), "").want(200).body, "")
}

// Every value is escaped, in text and in attributes.
func TestPageEscapes(t *testing.T) {
	c := serve(t)
	const name = `<script>alert("1")</script>'"&amp;`
	page := c.get(c.link(referenceLinks, "sso", "organization", c.portal.AddOrganization(name),
		"return_url", `https://example.com/?a='onclick='alert(2)&amp;`,
		"success_url", `https://example.com/'onmouseover='alert(3)`), 200)
	errorIf(t, regexp.MustCompile(`<script|'on(click|mouseover)`).MatchString(page.body), "a value is in the page as it is:\n%s", page.body)
	page.check("Configure Single Sign-On · " + name + " · Admin Portal")
}

// The reference's list needs a key, the CDN's none. Every icon is there, and slack has
// no dark one. The page to set up SSO offers the whole list.
func TestIcons(t *testing.T) {
	c := serve(t)
	var reference gen.ProviderIconList
	c.get(referenceIcons, 200).decode(&reference)
	if len(reference.Data) != 26 || reference.Data[0].ID != "okta" || reference.Data[1].ID != "google-saml" || reference.Data[1].Name != "Google" {
		t.Errorf("%d icons, first %+v; want a list that begins as the reference's", len(reference.Data), reference.Data[:2])
	}
	c.get(referenceIcons, 401, header("Authorization"))
	var cdn struct {
		Data []struct{ Slug, Name, Light, Dark string }
	}
	c.get(liveIcons, 200, header("Authorization")).decode(&cdn)
	equal(t, "number of icons that are known to be on the CDN", len(cdn.Data), 54)

	page := c.get(c.link(referenceLinks, "sso"), 200)
	addresses := map[string]bool{}
	for _, icon := range reference.Data {
		addresses[icon.IconURL] = true
		page.has(">" + icon.Name + "</summary>")
	}
	equal(t, "number of providers that say what they must be told", strings.Count(page.body, "<dt>ACS URL</dt>"), len(reference.Data))
	for _, m := range assets.FindAllStringSubmatch(page.body, -1) {
		c.get(path.Join("/portal", m[1]), 200)
	}
	for _, icon := range cdn.Data {
		if equal(t, icon.Slug+" without a dark icon", icon.Dark == "", icon.Slug == "slack"); icon.Dark != "" {
			addresses[icon.Dark] = true
		}
		addresses[icon.Light] = true
	}
	equal(t, "number of addresses of icons", len(addresses), 107)
	for address := range addresses {
		a := c.get(strings.TrimPrefix(address, c.url), 200, header("Authorization"))
		var svg struct {
			Label string `xml:"aria-label,attr"`
			Text  string `xml:"text"`
		}
		if err := xml.Unmarshal([]byte(a.body), &svg); err != nil || svg.Label == "" || len(svg.Text) != 2 {
			t.Errorf("%s = %s, %v; want an SVG with a name and two letters", address, a.body, err)
		}
		equal(t, address, a.header.Get("Content-Type")+" "+a.header.Get("Content-Security-Policy"), "image/svg+xml default-src 'none'")
	}
	for _, path := range []string{"dark/slack.svg", "light/nobody.svg", "light/okta.png", "dim/okta.svg", ""} {
		c.get("/provider-icons/"+path, 404)
	}
}
