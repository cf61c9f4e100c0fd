package portalhttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestOnlyPostMakesALink(t *testing.T) {
	portal := new(fake)
	b := serve(t, portal, admin)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "post"} {
		for _, header := range [][]string{{"Accept", acceptPage}, {"HX-Request", "true"}, {"Accept", acceptTurbo}} {
			got := b.send(t, method, "", append(header, "Origin", b.URL, "Sec-Fetch-Site", "same-origin")...)
			if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" || len(portal.seen) > 0 {
				t.Errorf("%s %q = %d, Allow %q, want 405, Allow POST, and no link", method, header, got.StatusCode, got.Header.Get("Allow"))
			}
			if method != "HEAD" && !strings.Contains(got.body, `href="`+b.URL+`/"`) {
				t.Errorf("%s %q: page has no way back:\n%s", method, header, got.body)
			}
		}
	}
	for _, header := range [][2]string{
		{"Sec-Purpose", "prefetch;prerender"}, {"Sec-Purpose", "Prefetch"}, {"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "prefetch"},
	} {
		if got := b.click(t, header[:]...); got.StatusCode != http.StatusForbidden || len(portal.seen) > 0 {
			t.Errorf("%q = %d, want 403 and no link", header, got.StatusCode)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	const host, own, evil = "app.example.com", "https://app.example.com", "https://evil.example"
	for _, c := range []struct {
		name, host, origin, site string // an empty header is not sent
		passes                   bool
	}{
		{"page of our own", host, own, "same-origin", true},
		{"page of our own with no-referrer", host, "null", "same-origin", true},
		{"no browser", host, "", "", true},
		{"browser that sends no Origin", host, "", "same-origin", true},
		{"typed, not linked", host, "", "none", true},
		{"behind a proxy that rewrites Host", "10.0.0.7:8080", own, "same-origin", true},
		{"over http", host, "http://" + host, "", true},

		// WebKit says cross-site of a click into a new tab.
		{"new tab", host, own, "cross-site", true},
		{"new tab, host in capitals", "App.Example.com", own, "cross-site", true},
		{"new tab on loopback", "acme.localhost:3000", "http://acme.localhost:3000", "cross-site", true},
		{"new tab on loopback by IPv6", "[::1]:3000", "http://[::1]:3000", "cross-site", true},
		{"own page over http, which an attacker can make", host, "http://" + host, "cross-site", false},
		{"new tab, other port", host, own + ":8443", "cross-site", false},
		{"new tab on loopback, other port", "localhost:3000", "http://localhost:3001", "cross-site", false},
		{"new tab without Origin", host, "", "cross-site", false},

		{"other site", host, evil, "cross-site", false},
		{"other site without Sec-Fetch-Site", host, evil, "", false},
		{"null from another site", host, "null", "cross-site", false},
		{"null without Sec-Fetch-Site", host, "null", "", false},
		{"null that nobody linked", host, "null", "none", false},
		{"null to a request without a host, as HTTP/1.0 has", "", "null", "cross-site", false},
		{"no host in both", "", "https://", "cross-site", false},
		{"subdomain", host, "https://blog." + host, "same-site", false},
		{"not an origin", host, "%zz", "", false},
		{"host as a prefix", host, own + ".evil.example", "cross-site", false},
		{"host as a user", host, own + "@evil.example", "cross-site", false},
		{"other scheme", host, "chrome-extension://" + host, "cross-site", false},
		{"http, behind a proxy that rewrites Host", "10.0.0.7:8080", "http://intranet", "", false},
	} {
		portal, log := new(fake), new(journal)
		rec, req := newClick("/", "Origin", c.origin, "Sec-Fetch-Site", c.site)
		req.Host = c.host
		portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger())).ServeHTTP(rec, req)
		line := log.line(t)
		if made := len(portal.seen); made > 0 != c.passes || rec.Code == http.StatusForbidden == c.passes {
			t.Errorf("%s: answer = %d, links made = %d, want a link: %v", c.name, rec.Code, made, c.passes)
		}
		if !c.passes && (line["level"] != "WARN" || line["code"] != "cross_origin") {
			t.Errorf("%s: log line = %v, want a warning of cross_origin", c.name, line)
		}
	}
}

// The operator behind a proxy reads which header is missing, and what to do where it cannot come.
func TestRewrittenHostIsExplained(t *testing.T) {
	b := serve(t, new(fake), admin)
	host := fmt.Sprintf("%q", strings.TrimPrefix(b.URL, "http://"))
	b.click(t, "Origin", "http://intranet", "Sec-Fetch-Site", "")
	text, _ := b.log.line(t)["error"].(string)
	for _, part := range []string{"Host header", `"http://intranet"`, host, "WithTrustedOrigins"} {
		if !strings.Contains(text, part) {
			t.Errorf("error = %s, want %q in it", text, part)
		}
	}
	b.click(t, "Origin", "http://"+strings.Repeat("x", 10_000), "Sec-Fetch-Site", "")
	if text := b.log.take(); len(text) > 2000 {
		t.Errorf("an Origin of 10,000 bytes makes a log line of %d", len(text))
	}
}

func TestTrustedOrigins(t *testing.T) {
	b := serve(t, new(fake), admin, portalhttp.WithTrustedOrigins("https://app.example.com", "http://intranet:8080"),
		portalhttp.WithTrustedOrigins("capacitor://localhost"))
	for origin, want := range map[string]int{
		"https://app.example.com": 303, "http://intranet:8080": 303, "capacitor://localhost": 303,
		"http://app.example.com": 403, "http://intranet": 403, "ionic://localhost": 403, "null": 403,
	} {
		for _, site := range []string{"cross-site", ""} {
			if got := b.click(t, "Origin", origin, "Sec-Fetch-Site", site); got.StatusCode != want {
				t.Errorf("click on a page of %s (Sec-Fetch-Site %q) = %d, want %d", origin, site, got.StatusCode, want)
			}
		}
	}
}

func TestThereIsAlwaysAWayBack(t *testing.T) {
	const own, proxied = "http://example.com/", "http://10.0.0.7:8080/"
	for _, c := range []struct {
		name, function, option, target string
		header                         []string
		want                           string
	}{
		{"the function's", settingsPage, "https://example.com/other", own, []string{"Referer", "https://example.com/page"}, settingsPage},
		{"the option's", "", settingsPage, own, []string{"Referer", "https://example.com/page"}, settingsPage},
		{"the page of the button", "", "", own, []string{"Referer", "https://example.com/sso?token=x#here"}, "https://example.com/sso"},
		{"the page, behind a proxy", "", "", proxied, []string{"Referer", "https://example.com/sso", "Sec-Fetch-Site", "same-origin"}, "https://example.com/sso"},
		{"its origin", "", "", own, []string{"Origin", "https://example.com"}, "https://example.com/"},
		{"its origin, behind a proxy", "", "", proxied, []string{"Origin", "https://example.com", "Sec-Fetch-Site", "same-origin"}, "https://example.com/"},
		{"not a page of others", "", "", own, []string{"Referer", "https://evil.example/sso"}, "https://example.com/"},
		{"not a page over http", "", "", own, []string{"Referer", "http://example.com/sso"}, "https://example.com/"},
		{"not a page with a user", "", "", own, []string{"Referer", "https://a:b@example.com/sso"}, "https://example.com/sso"},
		{"front page on loopback", "", "", "http://acme.localhost:8700/x", nil, "http://acme.localhost:8700/"},
		{"front page on loopback with TLS", "", "", "https://localhost.:8700/x", nil, "https://localhost.:8700/"},
		{"front page on IPv6", "", "", "http://[::1]:8700/x", nil, "http://[::1]:8700/"},
	} {
		portal, log := new(fake), new(journal)
		opts := []portalhttp.Option{portalhttp.WithLogger(log.logger())}
		if c.option != "" {
			opts = append(opts, portalhttp.WithReturnURL(c.option))
		}
		h := portalhttp.NewHandler(portal, func(*http.Request) (client.PortalLinkRequest, error) {
			return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: c.function}, nil
		}, opts...)
		for range 2 {
			h.ServeHTTP(newClick(c.target, c.header...))
		}
		if len(portal.seen) != 2 || portal.seen[0].ReturnURL != c.want || portal.seen[1].ReturnURL != c.want {
			t.Errorf("%s: portal was asked for %+v, want return_url %q", c.name, portal.seen, c.want)
		}
		guessed, text := c.function == "" && c.option == "", log.take()
		if n := strings.Count(text, "WithReturnURL"); guessed != (n == 1) || n > 1 || strings.Contains(text, "token=x") {
			t.Errorf("%s: log of two clicks = %s, want WithReturnURL named once for a guess", c.name, text)
		}
	}
}

// A function may pass on what a person sent. It goes nowhere unless it is an address, and never into the page.
func TestOddReturnURLs(t *testing.T) {
	var req client.PortalLinkRequest
	portal := new(fake)
	b := serve(t, portal, func(*http.Request) (client.PortalLinkRequest, error) { return req, nil }, portalhttp.WithReturnURL("https://example.com/home"))
	for _, odd := range []string{
		"/settings", "//evil.example/settings", "javascript:alert(1)", "http://example.com/settings", "https://example.com/\r\nSet-Cookie: a=b",
		"https://example.com\\@evil.example", "https://user:password@evil.example/", `https://example.com/"><script>alert(1)</script> `,
	} {
		for way, r := range map[string]client.PortalLinkRequest{
			"https://example.com/home": {ReturnURL: odd},
			settingsPage:               {ReturnURL: settingsPage, SuccessURL: odd},
		} {
			req = r
			got := b.click(t)
			if got.StatusCode != http.StatusInternalServerError || len(portal.seen) > 0 || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("%q: answer = %d %v, links made = %d, want 500 and none", odd, got.StatusCode, got.Header, len(portal.seen))
			}
			if strings.Contains(got.body, "alert") || strings.Contains(got.body, "evil") || !strings.Contains(got.body, `href="`+way+`"`) {
				t.Errorf("%q: page = %s, want a way back to %s alone", odd, got.body, way)
			}
		}
	}
}

// The function's way back holds for a refusal, too.
func TestWayBackOfARefusal(t *testing.T) {
	b := serve(t, new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{ReturnURL: settingsPage}, portalhttp.ErrForbidden
	}, portalhttp.WithReturnURL("https://example.com/home"))
	if got := b.click(t); !strings.Contains(got.body, `href="`+settingsPage+`"`) {
		t.Errorf("page does not lead to %s:\n%s", settingsPage, got.body)
	}
}
