package portalhttp_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func newClick() (*httptest.ResponseRecorder, *http.Request) {
	return httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/configure/sso", nil)
}

// returning lets everyone in, with an address to return to.
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
		{name: "front page on loopback with TLS", host: "localhost:8700", tls: true, want: "https://localhost:8700/"},
		{name: "front page on IPv6", host: "[::1]:8700", want: "http://[::1]:8700/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := []portalhttp.Option{portalhttp.WithLogger(nil)}
			if c.option != "" {
				opts = append(opts, portalhttp.WithReturnURL(c.option))
			}
			portal := new(fake)
			h := portalhttp.NewHandler(portal, returning(c.function, ""), opts...)
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
			if seen := portal.requests(); len(seen) != 1 || seen[0].ReturnURL != c.want {
				t.Errorf("portal was asked for %+v (answer %d), want return_url %q", seen, rec.Code, c.want)
			}
		})
	}
}

// A function may pass on what a person sent; it goes nowhere unless it is an
// address, and never into the page.
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

// What the function knows of the way back holds where it says no, too.
func TestWayBackOfARefusal(t *testing.T) {
	srv, _ := serve(t, new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{ReturnURL: settingsPage}, portalhttp.ErrForbidden
	}, portalhttp.WithReturnURL("https://example.com/home"))
	if got := click(t, srv); !strings.Contains(got.body, `href="`+settingsPage+`"`) {
		t.Errorf("page does not lead to %s:\n%s", settingsPage, got.body)
	}
}
