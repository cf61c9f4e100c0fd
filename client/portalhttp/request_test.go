package portalhttp_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestOnlyPostMakesALink(t *testing.T) {
	portal := new(fake)
	b := newButton(portal, admin)
	for _, c := range [][]string{ // the method, and what the header has besides a click's
		{"GET"}, {"HEAD"}, {"OPTIONS"}, {"PUT"}, {"post"}, {"GET", "HX-Request", "true"}, {"GET", "Accept", acceptTurbo},
		{"POST", "Sec-Purpose", "prefetch;prerender"}, {"POST", "Sec-Purpose", "Prefetch"}, {"POST", "Purpose", "prefetch"},
		{"POST", "X-Purpose", "preview"}, {"POST", "X-Moz", "prefetch"},
	} {
		status, allow := http.StatusForbidden, ""
		if c[0] != "POST" {
			status, allow = http.StatusMethodNotAllowed, "POST"
		}
		got := b.send(t, c[0], "", append([]string{"Accept", acceptPage, "Sec-Fetch-Site", "same-origin"}, c[1:]...)...)
		back := strings.Contains(got.body, `href="https://example.com/"`)
		if got.StatusCode != status || got.Header.Get("Allow") != allow || !back || len(portal.seen) > 0 {
			t.Errorf("%q = %d, Allow %q, %s, want %d, %q, a way back, and no link", c, got.StatusCode, got.Header.Get("Allow"), got.body, status, allow)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	const host, own, evil, proxied = "app.example.com", "https://app.example.com", "https://evil.example", "10.0.0.7:8080"
	for want, clicks := range map[int][][3]string{ // host, Origin, Sec-Fetch-Site; an empty header is not sent
		http.StatusSeeOther: {
			{host, own, "same-origin"}, {host, "", "same-origin"}, {host, "null", "same-origin"}, // the last with no-referrer
			{host, "", ""}, {host, "", "none"}, // a program; typed, not linked
			{proxied, own, "same-origin"}, {host, "http://" + host, ""}, // the proxy rewrites Host; over http
			// WebKit says cross-site of a click into a new tab.
			{host, own, "cross-site"}, {"App.Example.com", own, "cross-site"}, {host + ":443", own, "cross-site"}, {"[::1]:3000", "http://[::1]:3000", "cross-site"},
			{"acme.localhost:3000", "http://acme.localhost:3000", "cross-site"},
			// trusted by the options
			{host, "https://trusted.example", "cross-site"}, {host, "http://intranet:8080", ""}, {host, "capacitor://localhost", "cross-site"},
		},
		http.StatusForbidden: {
			{host, evil, "cross-site"}, {host, evil, ""}, {host, "", "cross-site"}, {host, "https://blog." + host, "same-site"},
			{host, "http://" + host, "cross-site"}, // an attacker on the network can make up this page
			{host, own + ":8443", "cross-site"}, {"localhost:3000", "http://localhost:3001", "cross-site"},
			{host, "null", "cross-site"}, {host, "null", "none"}, {host, "null", ""},
			{"", "null", "cross-site"}, {"", "https://", "cross-site"}, // HTTP/1.0 knows requests without a host
			{host, "%zz", ""}, {host, own + ".evil.example", "cross-site"}, {host, own + "@evil.example", "cross-site"},
			{host, "chrome-extension://" + host, "cross-site"}, {proxied, "http://intranet", ""},
			{host, "http://trusted.example", "cross-site"}, {host, "ionic://localhost", ""}, // not what the options say
		},
	} {
		for _, c := range clicks {
			portal := new(fake)
			b := newButton(portal, admin, portalhttp.WithTrustedOrigins("https://trusted.example", "http://intranet:8080"),
				portalhttp.WithTrustedOrigins("capacitor://localhost"))
			rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
			req.Host = c[0]
			b.ServeHTTP(rec, set(req, []string{"Origin", c[1], "Sec-Fetch-Site", c[2]}))
			line := b.line(t)
			if rec.Code != want || (len(portal.seen) > 0) != (want == 303) || want == 403 && (line["level"] != "WARN" || line["code"] != "cross_origin") {
				t.Errorf("%q = %d, links made = %d, logged %v, want %d", c, rec.Code, len(portal.seen), line, want)
			}
		}
	}
}

// The operator behind a proxy reads which header is missing, and what to do where it cannot come.
func TestRewrittenHostIsExplained(t *testing.T) {
	b := newButton(new(fake), admin)
	b.click(t, "Origin", "http://intranet", "Sec-Fetch-Site", "")
	text := fmt.Sprint(b.line(t)["error"])
	for _, part := range []string{"Host header", `"http://intranet"`, `"example.com"`, "WithTrustedOrigins"} {
		errorIf(t, !strings.Contains(text, part), "error = %s, want %q in it", text, part)
	}
	b.click(t, "Origin", "http://"+strings.Repeat("x", 10_000), "Sec-Fetch-Site", "")
	if n := b.log.Len(); n > 2000 {
		t.Errorf("an Origin of 10,000 bytes makes a log line of %d", n)
	}
}

func TestThereIsAlwaysAWayBack(t *testing.T) {
	const front, sso, proxied = "https://example.com/", "https://example.com/sso", "http://10.0.0.7:8080/"
	for _, c := range []struct {
		name, function string
		option         portalhttp.Option
		target         string // if not http://example.com/
		header         []string
		want           string
	}{
		{"the function's", settingsPage, portalhttp.WithReturnURL(front), "", []string{"Referer", sso}, settingsPage},
		{"the option's", "", portalhttp.WithReturnURL(settingsPage), "", []string{"Referer", sso}, settingsPage},
		{"the page of the button", "", nil, "", []string{"Referer", sso + "?token=x#here"}, sso},
		{"a page with an escaped slash", "", nil, "", []string{"Referer", "https://example.com/a%2Fb"}, "https://example.com/a%2Fb"},
		{"the page, behind a proxy", "", nil, proxied, []string{"Referer", sso, "Sec-Fetch-Site", "same-origin"}, sso},
		{"its origin", "", nil, "", []string{"Origin", "https://example.com"}, front},
		{"its origin, behind a proxy", "", nil, proxied, []string{"Origin", "https://example.com", "Sec-Fetch-Site", "same-origin"}, front},
		{"not a page of others", "", nil, "", []string{"Referer", "https://evil.example/sso"}, front},
		{"not a page over http", "", nil, "", []string{"Referer", "http://example.com/sso"}, front},
		{"not a page with a user", "", nil, "", []string{"Referer", "https://a:b@example.com/sso"}, sso},
		{"front page on loopback", "", nil, "http://acme.localhost:8700/x", nil, "http://acme.localhost:8700/"},
		{"front page on loopback with TLS", "", nil, "https://localhost.:8700/x", nil, "https://localhost.:8700/"},
		{"front page on IPv6", "", nil, "http://[::1]:8700/x", nil, "http://[::1]:8700/"},
	} {
		portal := new(fake)
		b := newButton(portal, func(*http.Request) (client.PortalLinkRequest, error) {
			return client.PortalLinkRequest{ReturnURL: c.function}, nil
		}, c.option)
		req := set(httptest.NewRequest(http.MethodPost, cmp.Or(c.target, "http://example.com/"), nil), c.header)
		for range 2 {
			b.ServeHTTP(httptest.NewRecorder(), req)
		}
		errorIf(t, len(portal.seen) != 2 || portal.seen[0].ReturnURL != c.want || portal.seen[1].ReturnURL != c.want, "%s: portal was asked for %+v, want return_url %q", c.name, portal.seen, c.want)
		guessed, log := c.function == "" && c.option == nil, b.log.String()
		if n := strings.Count(log, "WithReturnURL"); guessed != (n == 1) || n > 1 || strings.Contains(log, "token=x") {
			t.Errorf("%s: log of two clicks = %s, want WithReturnURL named once for a guess", c.name, log)
		}
	}
}

// A function may pass on what a person sent. It goes nowhere unless it is an address, and never into the page.
func TestOddReturnURLs(t *testing.T) {
	for _, odd := range []string{
		"/settings", "//evil.example/settings", "javascript:alert(1)", "http://example.com/settings", "https://example.com/\r\nSet-Cookie: a=b",
		"https://example.com\\@evil.example", "https://user:password@evil.example/", `https://example.com/"><script>alert(1)</script> `,
	} {
		for _, req := range []client.PortalLinkRequest{{ReturnURL: odd}, {ReturnURL: settingsPage, SuccessURL: odd}} {
			who := func(*http.Request) (client.PortalLinkRequest, error) { return req, nil }
			newButton(new(fake), who, portalhttp.WithReturnURL(settingsPage)).fails(t, odd, internal)
		}
	}
}
