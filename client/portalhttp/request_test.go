package portalhttp_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestOnlyPostMakesALink(t *testing.T) {
	portal := new(fake)
	srv, _ := serve(t, portal, admin)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "post"} {
		for _, header := range [][]string{{"Accept", acceptPage}, {"HX-Request", "true"}, {"Accept", acceptTurbo}} {
			got := send(t, srv, method, "", append(header, "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")...)
			if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
				t.Errorf("%s %q = %d, Allow %q, want 405, Allow POST", method, header, got.StatusCode, got.Header.Get("Allow"))
			}
			if method != "HEAD" && !strings.Contains(got.body, `href="`+srv.URL+`/"`) {
				t.Errorf("%s %q: page has no way back:\n%s", method, header, got.body)
			}
		}
	}
	if n := len(portal.requests()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

func TestPrefetchesMakeNoLink(t *testing.T) {
	portal := new(fake)
	srv, _ := serve(t, portal, admin)
	for _, header := range [][]string{
		{"Sec-Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"Sec-Purpose", "Prefetch"},
		{"Purpose", "prefetch"},
		{"X-Purpose", "preview"},
		{"X-Moz", "prefetch"},
	} {
		if got := click(t, srv, header...); got.StatusCode != http.StatusForbidden {
			t.Errorf("%q = %d, want 403", header, got.StatusCode)
		}
	}
	if n := len(portal.requests()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

func TestCrossOrigin(t *testing.T) {
	const host = "app.example.com"
	for _, c := range []struct {
		name, host, origin, site string // empty: host is app.example.com, the headers are not sent
		passes                   bool
	}{
		{name: "page of our own", origin: "https://" + host, site: "same-origin", passes: true},
		{name: "page of our own with no-referrer", origin: "null", site: "same-origin", passes: true},
		{name: "no browser", passes: true},
		{name: "browser that sends no Origin", site: "same-origin", passes: true},
		{name: "typed, not linked", site: "none", passes: true},
		{name: "behind a proxy that rewrites Host", host: "10.0.0.7:8080", origin: "https://" + host, site: "same-origin", passes: true},
		{name: "over http", origin: "http://" + host, passes: true},
		{name: "over http on a port", host: "intranet:8080", origin: "http://intranet:8080", passes: true},

		// WebKit says cross-site of a click into a new tab.
		{name: "new tab", origin: "https://" + host, site: "cross-site", passes: true},
		{name: "new tab, host in capitals", host: "App.Example.com", origin: "https://" + host, site: "cross-site", passes: true},
		{name: "new tab on loopback", host: "localhost:3000", origin: "http://localhost:3000", site: "cross-site", passes: true},
		{name: "new tab on loopback by address", host: "127.0.0.1:3000", origin: "http://127.0.0.1:3000", site: "cross-site", passes: true},
		{name: "new tab on loopback by IPv6", host: "[::1]:3000", origin: "http://[::1]:3000", site: "cross-site", passes: true},
		{name: "new tab on a name below localhost", host: "acme.localhost:3000", origin: "http://acme.localhost:3000", site: "cross-site", passes: true},
		{name: "own page over http, which an attacker can make", origin: "http://" + host, site: "cross-site"},
		{name: "new tab, other port", origin: "https://" + host + ":8443", site: "cross-site"},
		{name: "new tab on loopback, other port", host: "localhost:3000", origin: "http://localhost:3001", site: "cross-site"},
		{name: "new tab without Origin", site: "cross-site"},

		{name: "other site", origin: "https://evil.example", site: "cross-site"},
		{name: "other site without Sec-Fetch-Site", origin: "https://evil.example"},
		{name: "null from another site", origin: "null", site: "cross-site"},
		{name: "null without Sec-Fetch-Site", origin: "null"},
		{name: "null that nobody linked", origin: "null", site: "none"},
		{name: "null from the same site", origin: "null", site: "same-site"},
		{name: "subdomain", origin: "https://blog." + host, site: "same-site"},
		{name: "other port", origin: "https://" + host + ":1", site: "same-site"},
		{name: "Sec-Fetch-Site of the future", origin: "https://blog." + host, site: "sideways"},
		{name: "not an origin", origin: "%zz"},
		{name: "host as a prefix", origin: "https://" + host + ".evil.example", site: "cross-site"},
		{name: "host as a user", origin: "https://" + host + "@evil.example", site: "cross-site"},
		{name: "other scheme", origin: "chrome-extension://" + host, site: "cross-site"},
		{name: "http, behind a proxy that rewrites Host", host: "10.0.0.7:8080", origin: "http://intranet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := new(journal)
			for _, accept := range []string{acceptPage, "application/json"} {
				portal := new(fake)
				h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger()))
				rec, req := newClick()
				req.Host = host
				if c.host != "" {
					req.Host = c.host
				}
				for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site, "Accept": accept} {
					if value != "" {
						req.Header.Set(name, value)
					}
				}
				h.ServeHTTP(rec, req)
				line := log.line(t)
				if made := len(portal.requests()); made > 0 != c.passes || rec.Code == http.StatusForbidden == c.passes {
					t.Errorf("answer = %d, links made = %d, want a link: %v", rec.Code, made, c.passes)
				}
				if !c.passes && (line["level"] != "WARN" || line["code"] != "cross_origin") {
					t.Errorf("log line = %v, want a warning of cross_origin", line)
				}
			}
		})
	}
}

// HTTP/1.0 knows requests without a host, which null must not match.
func TestOriginWithoutAHost(t *testing.T) {
	for _, origin := range []string{"null", "https://", "https:"} {
		portal := new(fake)
		rec, req := newClick()
		req.Host = ""
		req.Header.Set("Origin", origin)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
		if rec.Code != http.StatusForbidden || len(portal.requests()) > 0 {
			t.Errorf("Origin %q: answer = %d, links made = %d, want 403 and none", origin, rec.Code, len(portal.requests()))
		}
	}
}

// The operator behind a proxy reads which header is missing, and what to do where it cannot come.
func TestRewrittenHostIsExplained(t *testing.T) {
	log := new(journal)
	rec, req := newClick()
	req.Host = "10.0.0.7:8080"
	req.Header.Set("Origin", "http://intranet")
	portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(log.logger())).ServeHTTP(rec, req)
	text, _ := log.line(t)["error"].(string)
	for _, part := range []string{"Host header", `"http://intranet"`, `"10.0.0.7:8080"`, "WithTrustedOrigins"} {
		if !strings.Contains(text, part) {
			t.Errorf("error = %s, want %q in it", text, part)
		}
	}
	req.Header.Set("Origin", "http://"+strings.Repeat("x", 10_000))
	portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(log.logger())).ServeHTTP(rec, req)
	if text := log.take(); len(text) > 2000 {
		t.Errorf("an Origin of 10,000 bytes makes a log line of %d", len(text))
	}
}

func TestTrustedOrigins(t *testing.T) {
	srv, _ := serve(t, new(fake), admin, portalhttp.WithTrustedOrigins("https://app.example.com", "http://intranet:8080"),
		portalhttp.WithTrustedOrigins("capacitor://localhost"))
	for origin, want := range map[string]int{
		"https://app.example.com":      http.StatusSeeOther,
		"http://intranet:8080":         http.StatusSeeOther,
		"capacitor://localhost":        http.StatusSeeOther,
		"http://app.example.com":       http.StatusForbidden,
		"https://app.example.com:8443": http.StatusForbidden,
		"http://intranet":              http.StatusForbidden,
		"ionic://localhost":            http.StatusForbidden,
		"https://evil.example":         http.StatusForbidden,
		"null":                         http.StatusForbidden,
	} {
		for _, site := range []string{"cross-site", ""} {
			if got := send(t, srv, http.MethodPost, "", "Origin", origin, "Sec-Fetch-Site", site); got.StatusCode != want {
				t.Errorf("click on a page of %s (Sec-Fetch-Site %q) = %d, want %d", origin, site, got.StatusCode, want)
			}
		}
	}
}

// returning lets everyone in, with addresses to return to.
func returning(returnURL, successURL string) func(*http.Request) (client.PortalLinkRequest, error) {
	return func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: returnURL, SuccessURL: successURL}, nil
	}
}

func TestThereIsAlwaysAWayBack(t *testing.T) {
	for _, c := range []struct {
		name                         string
		function, option             string
		host, referer, origin, fetch string
		tls                          bool
		want                         string
	}{
		{name: "the function's", function: settingsPage, option: "https://example.com/other", referer: "https://example.com/page", want: settingsPage},
		{name: "the option's", option: settingsPage, referer: "https://example.com/page", want: settingsPage},
		{name: "the page of the button", referer: "https://example.com/settings/sso?token=x#here", want: "https://example.com/settings/sso"},
		{name: "the page, behind a proxy", host: "10.0.0.7:8080", referer: "https://example.com/settings", fetch: "same-origin", want: "https://example.com/settings"},
		{name: "its origin", origin: "https://example.com", want: "https://example.com/"},
		{name: "its origin, behind a proxy", host: "10.0.0.7:8080", origin: "https://example.com", fetch: "same-origin", want: "https://example.com/"},
		{name: "not a page of others", referer: "https://evil.example/settings", want: "https://example.com/"},
		{name: "not a page over http", referer: "http://example.com/settings", want: "https://example.com/"},
		{name: "not a page with a user", referer: "https://a:b@example.com/settings", want: "https://example.com/settings"},
		{name: "front page on loopback", host: "127.0.0.1:8700", want: "http://127.0.0.1:8700/"},
		{name: "front page on a name below localhost", host: "acme.localhost:8700", want: "http://acme.localhost:8700/"},
		{name: "front page on loopback with TLS", host: "localhost.:8700", tls: true, want: "https://localhost.:8700/"},
		{name: "front page on IPv6", host: "[::1]:8700", want: "http://[::1]:8700/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := new(journal)
			opts := []portalhttp.Option{portalhttp.WithLogger(log.logger())}
			if c.option != "" {
				opts = append(opts, portalhttp.WithReturnURL(c.option))
			}
			portal := new(fake)
			h := portalhttp.NewHandler(portal, returning(c.function, ""), opts...)
			for range 2 {
				rec, req := newClick()
				if c.host != "" {
					req.Host = c.host
				}
				if c.tls {
					req.TLS = new(tls.ConnectionState)
				}
				for name, value := range map[string]string{"Referer": c.referer, "Origin": c.origin, "Sec-Fetch-Site": c.fetch} {
					if value != "" {
						req.Header.Set(name, value)
					}
				}
				h.ServeHTTP(rec, req)
			}
			if seen := portal.requests(); len(seen) != 2 || seen[0].ReturnURL != c.want || seen[1].ReturnURL != c.want {
				t.Errorf("portal was asked for %+v, want return_url %q", seen, c.want)
			}
			guessed, text := c.function == "" && c.option == "", log.take()
			if n := strings.Count(text, "WithReturnURL"); guessed != (n == 1) || n > 1 || strings.Contains(text, "token=x") {
				t.Errorf("log of two clicks = %s, want WithReturnURL named once for a guess", text)
			}
		})
	}
}

// A function may pass on what a person sent. It goes nowhere unless it is an address, and never into the page.
func TestOddReturnURLs(t *testing.T) {
	for _, odd := range []string{
		"/settings",
		"//evil.example/settings",
		"javascript:alert(1)",
		"data:text/html,hello",
		"http://example.com/settings",
		"https://example.com/\r\nSet-Cookie: a=b",
		"https://example.com/\nX: y",
		"https://example.com/#a\nb",
		"https://example.com/\xff",
		"https://example.com\\@evil.example",
		"https://user:password@evil.example/",
		"https://",
		`https://example.com/"><script>alert(1)</script> `,
		"https://evil'", "https://evil;x/", "https://evil,example/settings", // no host has such signs
	} {
		for _, who := range []func(*http.Request) (client.PortalLinkRequest, error){returning(odd, ""), returning(settingsPage, odd)} {
			portal := new(fake)
			srv, _ := serve(t, portal, who, portalhttp.WithReturnURL("https://example.com/home"))
			got := click(t, srv)
			if got.StatusCode != http.StatusInternalServerError || len(portal.requests()) > 0 {
				t.Errorf("%q: answer = %d, links made = %d, want 500 and none", odd, got.StatusCode, len(portal.requests()))
			}
			if got.Header.Get("Set-Cookie") != "" || got.Header.Get("X") != "" || strings.Contains(got.body, "alert") || strings.Contains(got.body, "evil") {
				t.Errorf("%q is in the answer:\n%v\n%s", odd, got.Header, got.body)
			}
			if !strings.Contains(got.body, `href="https://example.com/home"`) && !strings.Contains(got.body, `href="`+settingsPage+`"`) {
				t.Errorf("%q: page has no way back:\n%s", odd, got.body)
			}
		}
	}
}

// The function's way back holds for a refusal, too.
func TestWayBackOfARefusal(t *testing.T) {
	srv, _ := serve(t, new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{ReturnURL: settingsPage}, portalhttp.ErrForbidden
	}, portalhttp.WithReturnURL("https://example.com/home"))
	if got := click(t, srv); !strings.Contains(got.body, `href="`+settingsPage+`"`) {
		t.Errorf("page does not lead to %s:\n%s", settingsPage, got.body)
	}
}
