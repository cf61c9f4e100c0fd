package portaltest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"html"
	"io"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
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

// Seven intents, seven pages, each with the two ways out.
func TestPages(t *testing.T) {
	c := serve(t)
	c.portal.SetClock(time.Date(2024, 1, 15, 11, 50, 0, 0, time.UTC))
	for intent, want := range map[string]string{
		"sso":                 "Configure Single Sign-On",
		"dsync":               "Configure Directory Sync",
		"audit_logs":          "Audit Logs",
		"log_streams":         "Configure Log Streams",
		"domain_verification": "Verify your domain",
		"certificate_renewal": "Renew your SAML certificate",
		"bring_your_own_key":  "Bring your own key",
	} {
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
			wellFormed(t, page)
			policy(t, page)
		})
	}
}

// wellFormed holds a page against XML's rules, which are stricter than a browser's.
func wellFormed(t testing.TB, page answer) {
	t.Helper()
	void := regexp.MustCompile(`<((?:meta|link|img|source) [^>]*)>`)
	dec := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(strings.TrimPrefix(page.body, "<!doctype html>"), "<$1/>")))
	dec.Entity = xml.HTMLEntity
	for {
		if _, err := dec.Token(); err != nil {
			if err != io.EOF {
				t.Errorf("%v in\n%s", err, page.body)
			}
			return
		}
	}
}

// policy checks that nothing but the page's own style sheet is allowed, and nothing
// from elsewhere is asked for.
func policy(t testing.TB, page answer) {
	t.Helper()
	_, rest, _ := strings.Cut(page.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := page.header.Get("Content-Security-Policy"); got != want || style == "" {
		t.Errorf("Content-Security-Policy = %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|srcset|<link[^>]*href)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		if strings.Contains(m[1], ":") || strings.HasPrefix(m[1], "/") {
			t.Errorf("the page loads %s, want addresses relative to its own alone", m[1])
		}
	}
	if no := regexp.MustCompile(`<script|<[^>]* (style|on[a-z]+)=|url\(|@import`).FindString(page.body); no != "" {
		t.Errorf("the page contains %q", no)
	}
}

// The page to set up SSO offers every provider of the list, with its icon, and shows
// what the chosen one needs.
func TestPageChoice(t *testing.T) {
	c := serve(t)
	path := c.link(sheetLinks, "sso", "return_url", "https://example.com/")
	page := c.send("GET", path, "").want(t, 200)
	out := summaries(page)
	var icons struct{ Data []struct{ ID, Name string } }
	decode(t, c.send("GET", sheetIcons, "").body, &icons)
	for _, icon := range icons.Data {
		if !slices.Contains(out, icon.Name) {
			t.Errorf("the page does not offer %s", icon.Name)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|srcset|<link[^>]*href)="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		base, _ := url.Parse(c.url + path)
		asset, err := base.Parse(m[1])
		if err != nil {
			t.Fatal(err)
		}
		c.send("GET", asset.Path, "").want(t, 200)
	}
	if n := strings.Count(page.body, "<dt>ACS URL</dt>"); n != len(icons.Data) {
		t.Errorf("%d of %d providers say what they must be told", n, len(icons.Data))
	}
}

// A link whose request had no intent offers all features, each with its providers.
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
	wellFormed(t, page)
	policy(t, page)
	if l := c.portal.Links()[0]; l.Intent != "" {
		t.Errorf("Links()[0].Intent = %q, want none", l.Intent)
	}
	c.send("POST", sheetLinks, `{"organization":"`+c.portal.Organization+`"}`).want(t, 400)

}

func TestExpiredPage(t *testing.T) {
	c := serve(t, portaltest.WithLinkLife(portaltest.DialectBoth, -time.Second))
	page := c.send("GET", c.link(sheetLinks, "sso", "return_url", "http://localhost:3000/settings", "success_url", "https://example.com/done"), "").want(t, 410)
	if got := title(page); got != "This link has expired · Acme · Admin Portal" {
		t.Errorf("title = %q", got)
	}
	if out := anchors(page); len(out) != 1 || out["Back to localhost:3000"] != "http://localhost:3000/settings" {
		t.Errorf("ways out = %v, want the way back alone", out)
	}
	wellFormed(t, page)
	policy(t, page)
}

func TestPageWithoutWays(t *testing.T) {
	c := serve(t)
	page := c.send("GET", c.link(sheetLinks, "audit_logs"), "").want(t, 200)
	if out := anchors(page); len(out) != 0 || !strings.Contains(page.body, "close this window") {
		t.Errorf("ways out = %v, want none and the advice to close the window", out)
	}
	page = c.send("GET", c.link(sheetLinks, "audit_logs", "success_url", "https://example.com/done"), "").want(t, 200)
	if out := anchors(page); len(out) != 1 || out["Done"] != "https://example.com/done" {
		t.Errorf("ways out = %v, want Done alone", out)
	}
	for _, path := range []string{"/portal/launch", "/portal/launch?secret=", "/portal/launch?secret=nope", "/portal/launch?%zz"} {
		page := c.send("GET", path, "").want(t, 404)
		if out := anchors(page); len(out) != 0 {
			t.Errorf("GET %s: ways out = %v, want none", path, out)
		}
		policy(t, page)
	}
	if a := c.send("HEAD", c.link(sheetLinks, "sso"), "").want(t, 200); a.body != "" {
		t.Error("HEAD was answered with a body")
	}
}

// A page leads nowhere that was not in the request for its link.
func TestPageIsNoOpenRedirect(t *testing.T) {
	c := serve(t)
	path := c.link(sheetLinks, "sso", "return_url", "https://example.com/")
	page := c.send("GET", path+"&return_url=https://evil.example/&success_url=https://evil.example/&choice=https://evil.example/&redirect=//evil.example", "", header("Referer", "https://evil.example/"), header("X-Forwarded-Host", "evil.example")).want(t, 200)
	if strings.Contains(page.body, "evil") {
		t.Errorf("the page took an address from its own:\n%s", page.body)
	}
	for text, target := range anchors(page) {
		if target != "https://example.com/" {
			t.Errorf("%q leads to %s", text, target)
		}
	}
}

// Every value is escaped, in text and in attributes.
func TestPageEscapes(t *testing.T) {
	c := serve(t)
	const name = `<script>alert("1")</script>'"&amp;`
	org := c.portal.AddOrganization(name)
	for _, intent := range []string{"sso", "audit_logs"} {
		page := c.send("GET", c.link(sheetLinks, intent, "organization", org,
			"return_url", `https://example.com/?a='onclick='alert(2)&amp;`,
			"success_url", `https://example.com/'onmouseover='alert(3)`)+`&choice="><script>`, "")
		page.want(t, 200)
		if strings.Contains(page.body, "<script") || regexp.MustCompile(`'on(click|mouseover)`).MatchString(page.body) {
			t.Errorf("a value stands in the page as it is:\n%s", page.body)
		}
		if got, want := title(page), name+" · Admin Portal"; !strings.HasSuffix(got, want) {
			t.Errorf("title = %q, want it to end in %q", got, want)
		}
		policy(t, page)
	}
}

// Words and edges stand out from what is behind them, by WCAG 2.2, in light and in
// dark.
func TestContrast(t *testing.T) {
	light, dark, ok := strings.Cut(portaltest.PageCSS, "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the style sheet has no dark half")
	}
	colors := func(css string) map[string]string {
		found := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
			found[m[1]] = m[2]
		}
		return found
	}
	for scheme, c := range map[string]map[string]string{"light": colors(light), "dark": colors(dark)} {
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "page", 7}, {"ink", "card", 7}, {"ink", "tint", 7},
			{"soft", "page", 4.5}, {"soft", "card", 4.5},
			{"accent", "card", 4.5}, {"accent", "page", 4.5}, {"on-accent", "accent", 4.5},
			{"edge", "card", 3},
		} {
			if got := contrast(t, c[pair.front], c[pair.back]); got < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
}

func contrast(t testing.TB, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a)+.05, luminance(t, b)+.05
	return max(x, y) / min(x, y)
}

// luminance is WCAG's relative luminance of #rrggbb.
func luminance(t testing.TB, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 24)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is no color", hex)
	}
	channel := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= .04045 {
			return c / 12.92
		}
		return math.Pow((c+.055)/1.055, 2.4)
	}
	return .2126*channel(n>>16) + .7152*channel(n>>8) + .0722*channel(n)
}

func TestIcons(t *testing.T) {
	c := serve(t)
	var list struct {
		Object string
		Data   []struct {
			ID, Name string
			IconURL  string `json:"icon_url"`
		}
	}
	decode(t, c.send("GET", sheetIcons, "").want(t, 200).body, &list)
	if list.Object != "list" || len(list.Data) < 20 || list.Data[0].ID != "okta" || list.Data[1].ID != "google-saml" || list.Data[1].Name != "Google" {
		t.Errorf("%s of %d, first %+v; want a list that begins as the reference's", list.Object, len(list.Data), list.Data[:2])
	}
	seen := map[string]bool{}
	for _, icon := range list.Data {
		path, ok := strings.CutPrefix(icon.IconURL, c.url)
		if !ok || seen[icon.ID] || icon.Name == "" {
			t.Errorf("icon %+v: its address is elsewhere, it is listed twice, or has no name", icon)
		}
		seen[icon.ID] = true
		checkIcon(t, c.send("GET", path, "", header("Authorization")).want(t, 200))
	}
	c.send("GET", sheetIcons, "", header("Authorization")).want(t, 401)
}

// The CDN needs no key, and slack has no dark icon.
func TestCDNIcons(t *testing.T) {
	c := serve(t)
	a := c.send("GET", liveIcons, "", header("Authorization")).want(t, 200)
	var list struct {
		Data []struct{ Slug, Name, Light, Dark string }
	}
	decode(t, a.body, &list)
	if len(list.Data) != 54 {
		t.Errorf("%d icons, want 54, those known to be on the CDN", len(list.Data))
	}
	for _, icon := range list.Data {
		for _, address := range []string{icon.Light, icon.Dark} {
			if address == "" && icon.Slug == "slack" {
				continue
			}
			checkIcon(t, c.send("GET", strings.TrimPrefix(address, c.url), "").want(t, 200))
		}
		if (icon.Dark == "") != (icon.Slug == "slack") {
			t.Errorf("dark icon of %s = %q", icon.Slug, icon.Dark)
		}
	}
	for _, path := range []string{"dark/slack.svg", "light/nobody.svg", "light/okta.png", "light/okta", "dim/okta.svg", "okta.svg", "", "light/../dark/okta.svg", "light/okta.svg/"} {
		c.send("GET", "/provider-icons/"+path, "").want(t, 404)
	}
}

// checkIcon checks that an icon is an SVG with a name, readable letters, and nothing
// that runs or loads.
func checkIcon(t testing.TB, a answer) {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("Content-Type = %q, want image/svg+xml", got)
	}
	var svg struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Label   string   `xml:"aria-label,attr"`
		Rect    struct {
			Fill string `xml:"fill,attr"`
		} `xml:"rect"`
		Text struct {
			Fill string `xml:"fill,attr"`
			Mark string `xml:",chardata"`
		} `xml:"text"`
	}
	if err := xml.Unmarshal([]byte(a.body), &svg); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	if svg.Label == "" || svg.Text.Mark == "" {
		t.Errorf("icon %s has no name or no letters", a.body)
	}
	if got := contrast(t, svg.Text.Fill, svg.Rect.Fill); got < 4.5 {
		t.Errorf("icon %s: contrast %.2f, want 4.5", svg.Label, got)
	}
	if a.header.Get("Content-Security-Policy") != "default-src 'none'" {
		t.Error("an icon has no policy")
	}
}
