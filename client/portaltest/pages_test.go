package portaltest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func title(a answer) string {
	m := regexp.MustCompile(`<title>([^<]*)</title>`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// anchors are a page's links by their text.
func anchors(a answer) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>`).FindAllStringSubmatch(a.body, -1) {
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[2], "")
		found[html.UnescapeString(text)] = html.UnescapeString(m[1])
	}
	return found
}

// summaries are what can be opened on a page.
func summaries(a answer) (found []string) {
	for _, m := range regexp.MustCompile(`(?s)<summary>(.*?)</summary>`).FindAllStringSubmatch(a.body, -1) {
		found = append(found, html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], "")))
	}
	return found
}

// Every intent of the document has its page, with the two ways out.
func TestPages(t *testing.T) {
	c := serve(t)
	c.portal.SetClock(time.Date(2024, 1, 15, 11, 50, 0, 0, time.UTC))
	titles := map[string]string{
		"sso":                 "Configure Single Sign-On",
		"dsync":               "Configure Directory Sync",
		"audit_logs":          "Audit Logs",
		"log_streams":         "Configure Log Streams",
		"domain_verification": "Verify your domain",
		"certificate_renewal": "Renew your SAML certificate",
		"bring_your_own_key":  "Bring your own key",
	}
	for _, v := range portaltest.Schema("LiveIntent").Enum {
		intent := fmt.Sprint(v)
		want := titles[intent]
		t.Run(intent, func(t *testing.T) {
			page := c.send("GET", c.link(liveLinks, intent, "return_url", "https://example.com/settings", "success_url", "https://example.com/done?a=1&b=2"), "").want(t, 200)
			if got := title(page); got != want+" · Acme · Admin Portal" {
				t.Errorf("title = %q, want %q", got, want+" · Acme · Admin Portal")
			}
			out := anchors(page)
			if out["Done"] != "https://example.com/done?a=1&b=2" || out["Back to example.com"] != "https://example.com/settings" {
				t.Errorf("ways out = %v", out)
			}
			for _, part := range []string{"<h1>" + want + "</h1>", `<html lang="en">`, "<main>", "<header>", "<footer>", "11:55:0"} {
				if !strings.Contains(page.body, part) {
					t.Errorf("the page has no %q", part)
				}
			}
			checkPage(t, page)
		})
	}
}

// assets are what a page loads.
var assets = regexp.MustCompile(`(?:src|srcset|<link[^>]*href)="([^"]*)"`)

// checkPage holds a page against XML's rules, which are stricter than a browser's, and
// checks that nothing but its own style sheet is allowed and nothing comes from elsewhere.
func checkPage(t testing.TB, page answer) {
	t.Helper()
	void := regexp.MustCompile(`<((?:meta|link|img|source) [^>]*)>`)
	dec := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(strings.TrimPrefix(page.body, "<!doctype html>"), "<$1/>")))
	dec.Entity = xml.HTMLEntity
	for err := error(nil); err != io.EOF; {
		if _, err = dec.Token(); err != nil && err != io.EOF {
			t.Fatalf("%v in\n%s", err, page.body)
		}
	}
	_, rest, _ := strings.Cut(page.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, m := range assets.FindAllStringSubmatch(page.body, -1) {
		if strings.Contains(m[1], ":") || strings.HasPrefix(m[1], "/") {
			t.Errorf("the page loads %s, want addresses relative to its own alone", m[1])
		}
	}
	if no := regexp.MustCompile(`<script|<[^>]* (style|on[a-z]+)=|url\(|@import`).FindString(page.body); no != "" {
		t.Errorf("the page contains %q", no)
	}
}

// The page to set up SSO offers every provider of the list, each with an icon and what it
// must be told.
func TestPageChoice(t *testing.T) {
	c := serve(t)
	page := c.send("GET", c.link(sheetLinks, "sso"), "").want(t, 200)
	var icons struct{ Data []struct{ ID, Name string } }
	decode(t, c.send("GET", sheetIcons, "").body, &icons)
	for _, icon := range icons.Data {
		if !slices.Contains(summaries(page), icon.Name) {
			t.Errorf("the page does not offer %s", icon.Name)
		}
	}
	for _, m := range assets.FindAllStringSubmatch(page.body, -1) {
		c.send("GET", path.Join("/portal", m[1]), "").want(t, 200)
	}
	if n := strings.Count(page.body, "<dt>ACS URL</dt>"); n != len(icons.Data) {
		t.Errorf("%d of %d providers say what they must be told", n, len(icons.Data))
	}
}

// A link whose request had no intent offers all features, each with its providers. The
// reference's dialect requires one.
func TestPageWithoutIntent(t *testing.T) {
	c := serve(t)
	var issued struct{ Link string }
	decode(t, c.send("POST", liveLinks, `{"organization":"`+c.portal.Organization+`"}`).want(t, 201).body, &issued)
	page := c.send("GET", strings.TrimPrefix(issued.Link, c.url), "").want(t, 200)
	if got := title(page); got != "What do you want to configure? · Acme · Admin Portal" {
		t.Errorf("title = %q", got)
	}
	for _, text := range []string{"Configure Single Sign-On", "Bring your own key", "Okta", "Datadog"} {
		if !slices.Contains(summaries(page), text) {
			t.Errorf("the page does not offer %s", text)
		}
	}
	checkPage(t, page)
}

// The ways out are those of the request for the link, and of an expired one the way back
// alone. Nothing that is in the page's own address leads anywhere.
func TestWaysOut(t *testing.T) {
	const evil = "&return_url=https://evil.example/&choice=https://evil.example/&redirect=//evil.example"
	back, done := []string{"return_url", "http://localhost:3000/settings"}, []string{"success_url", "https://example.com/done"}
	for _, tc := range []struct {
		fields []string
		life   time.Duration
		want   map[string]string
	}{
		{nil, time.Minute, map[string]string{}},
		{done, time.Minute, map[string]string{"Done": done[1]}},
		{back, time.Minute, map[string]string{"Done": back[1], "Back to localhost:3000": back[1]}},
		{append(done, back...), time.Minute, map[string]string{"Done": done[1], "Back to localhost:3000": back[1]}},
		{append(done, back...), -time.Second, map[string]string{"Back to localhost:3000": back[1]}},
	} {
		c := serve(t, portaltest.WithLinkLife(portaltest.DialectBoth, tc.life))
		page := c.send("GET", c.link(sheetLinks, "audit_logs", tc.fields...)+evil, "", header("Referer", "https://evil.example/"), header("X-Forwarded-Host", "evil.example"))
		if tc.life < 0 {
			if page.want(t, 410); title(page) != "This link has expired · Acme · Admin Portal" {
				t.Errorf("title = %q", title(page))
			}
		}
		if got := anchors(page); !maps.Equal(got, tc.want) || strings.Contains(page.body, "evil") {
			t.Errorf("with %v: ways out = %v, want %v", tc.fields, got, tc.want)
		}
		if advice := strings.Contains(page.body, "close this window"); advice != (len(tc.want) == 0) {
			t.Errorf("with %v: the advice to close the window is shown: %v", tc.fields, advice)
		}
		checkPage(t, page)
	}
	c := serve(t)
	for _, path := range []string{"/portal/launch", "/portal/launch?secret=", "/portal/launch?secret=nope", "/portal/launch?%zz"} {
		page := c.send("GET", path, "").want(t, 404)
		if out := anchors(page); len(out) != 0 {
			t.Errorf("GET %s: ways out = %v, want none", path, out)
		}
		checkPage(t, page)
	}
	if a := c.send("HEAD", c.link(sheetLinks, "sso"), "").want(t, 200); a.body != "" {
		t.Error("HEAD was answered with a body")
	}
}

// Every value is escaped, in text and in attributes.
func TestPageEscapes(t *testing.T) {
	c := serve(t)
	const name = `<script>alert("1")</script>'"&amp;`
	org := c.portal.AddOrganization(name)
	page := c.send("GET", c.link(sheetLinks, "sso", "organization", org,
		"return_url", `https://example.com/?a='onclick='alert(2)&amp;`,
		"success_url", `https://example.com/'onmouseover='alert(3)`), "").want(t, 200)
	if strings.Contains(page.body, "<script") || regexp.MustCompile(`'on(click|mouseover)`).MatchString(page.body) {
		t.Errorf("a value is in the page as it is:\n%s", page.body)
	}
	if got, want := title(page), name+" · Admin Portal"; !strings.HasSuffix(got, want) {
		t.Errorf("title = %q, want it to end in %q", got, want)
	}
	checkPage(t, page)
}

// The reference's list needs a key, the CDN's none. Every icon is there, and slack has
// no dark one.
func TestIcons(t *testing.T) {
	c := serve(t)
	var sheet struct {
		Data []struct {
			ID, Name string
			IconURL  string `json:"icon_url"`
		}
	}
	decode(t, c.send("GET", sheetIcons, "").want(t, 200).body, &sheet)
	if len(sheet.Data) != 26 || sheet.Data[0].ID != "okta" || sheet.Data[1].ID != "google-saml" || sheet.Data[1].Name != "Google" {
		t.Errorf("%d icons, first %+v; want a list that begins as the reference's", len(sheet.Data), sheet.Data[:2])
	}
	c.send("GET", sheetIcons, "", header("Authorization")).want(t, 401)
	var cdn struct {
		Data []struct{ Slug, Name, Light, Dark string }
	}
	decode(t, c.send("GET", liveIcons, "", header("Authorization")).want(t, 200).body, &cdn)
	if len(cdn.Data) != 54 {
		t.Errorf("%d icons, want 54, those known to be on the CDN", len(cdn.Data))
	}
	addresses := map[string]bool{}
	for _, icon := range sheet.Data {
		addresses[icon.IconURL] = true
	}
	for _, icon := range cdn.Data {
		addresses[icon.Light] = true
		if icon.Slug == "slack" {
			icon.Dark = icon.Light
		}
		addresses[icon.Dark] = true
	}
	if len(addresses) != 107 {
		t.Errorf("%d addresses of icons, want 107", len(addresses))
	}
	for address := range addresses {
		a := c.send("GET", strings.TrimPrefix(address, c.url), "", header("Authorization")).want(t, 200)
		var svg struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			Label   string   `xml:"aria-label,attr"`
			Text    string   `xml:"text"`
		}
		if err := xml.Unmarshal([]byte(a.body), &svg); err != nil || svg.Label == "" || len(svg.Text) != 2 {
			t.Errorf("%s = %s, %v; want an SVG with a name and two letters", address, a.body, err)
		}
		if a.header.Get("Content-Type") != "image/svg+xml" || a.header.Get("Content-Security-Policy") != "default-src 'none'" {
			t.Errorf("%s: header = %v", address, a.header)
		}
	}
	for _, path := range []string{"dark/slack.svg", "light/nobody.svg", "light/okta.png", "dim/okta.svg", ""} {
		c.send("GET", "/provider-icons/"+path, "").want(t, 404)
	}
}
