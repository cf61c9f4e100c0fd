package portalhttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestOnlyPostMakesALink(t *testing.T) {
	portal := new(fake)
	srv, _ := serve(t, portal, admin)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "post"} {
		got := send(t, srv, method, "", "Accept", "text/html", "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")
		if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
			t.Errorf("%s = %d, Allow %q, want 405, Allow POST", method, got.StatusCode, got.Header.Get("Allow"))
		}
		if method != "HEAD" && !strings.Contains(got.body, `href="`+srv.URL+`/"`) {
			t.Errorf("%s: page has no way back:\n%s", method, got.body)
		}
		wantPrivate(t, got)
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
		for _, method := range []string{"GET", "HEAD", "POST"} {
			got := send(t, srv, method, "", append(header, "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")...)
			if got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %q = %d, want 403 or 405", method, header, got.StatusCode)
			}
		}
	}
	if n := len(portal.requests()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

func TestCrossOrigin(t *testing.T) {
	const own = "{own}" // the handler's origin
	for _, c := range []struct {
		name         string
		origin, site string // headers; empty: not sent
		passes       bool
	}{
		{"page of our own", own, "same-origin", true},
		{"page of our own with no-referrer", "null", "same-origin", true},
		{"old browser on our own page", own, "", true},
		{"no browser", "", "", true},
		{"browser that sends no Origin", "", "same-origin", true},
		{"typed, not linked", "", "none", true},

		{"other site", "https://evil.example", "cross-site", false},
		{"other site without Sec-Fetch-Site", "https://evil.example", "", false},
		{"other site that hides its Origin", "", "cross-site", false},
		{"null from another site", "null", "cross-site", false},
		{"null without Sec-Fetch-Site", "null", "", false},
		{"null that nobody linked", "null", "none", false},
		{"null from the same site", "null", "same-site", false},
		{"subdomain", "https://blog.example.com", "same-site", false},
		{"other port", "http://127.0.0.1:1", "same-site", false},
		{"other port in an old browser", "http://127.0.0.1:1", "", false},
		{"Sec-Fetch-Site of the future", own, "sideways", false},
		{"not an origin", "%zz", "", false},
		{"host as a prefix", own + ".evil.example", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			portal := new(fake)
			srv, log := serve(t, portal, admin)
			var header []string
			if c.origin != "" {
				header = append(header, "Origin", strings.Replace(c.origin, own, srv.URL, 1))
			}
			if c.site != "" {
				header = append(header, "Sec-Fetch-Site", c.site)
			}
			for _, accept := range []string{"text/html", "application/json"} {
				*log = journal{}
				got := send(t, srv, http.MethodPost, "organization=org_FORGED", append(header, "Accept", accept)...)
				if c.passes {
					if got.StatusCode >= 400 {
						t.Errorf("answer = %d %s, want a link", got.StatusCode, got.body)
					}
					continue
				}
				if got.StatusCode != http.StatusForbidden || got.Header.Get("Location") != "" {
					t.Errorf("answer = %d to %q, want 403", got.StatusCode, got.Header.Get("Location"))
				}
				if line := log.line(t); line["level"] != "WARN" || line["code"] != "cross_origin" {
					t.Errorf("log line = %v, want a warning of cross_origin", line)
				}
			}
			if n := len(portal.requests()); !c.passes && n > 0 {
				t.Errorf("links made = %d, want none", n)
			}
		})
	}
}

// HTTP/1.0 knows requests without a host, which must not pass for null's.
func TestNullOriginWithoutAHost(t *testing.T) {
	portal := new(fake)
	h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(nil))
	rec, req := newClick()
	req.Host = ""
	req.Header.Set("Origin", "null")
	h.ServeHTTP(rec, req)
	if rec.Code != http.StatusForbidden || len(portal.requests()) > 0 {
		t.Errorf("answer = %d, links made = %d, want 403 and none", rec.Code, len(portal.requests()))
	}
}

func TestTrustedOrigins(t *testing.T) {
	portal := new(fake)
	srv, _ := serve(t, portal, admin, portalhttp.WithTrustedOrigins("https://app.example.com", "https://beta.example.com"))
	for origin, want := range map[string]int{
		"https://app.example.com":      http.StatusSeeOther,
		"https://beta.example.com":     http.StatusSeeOther,
		"http://app.example.com":       http.StatusForbidden,
		"https://app.example.com:8443": http.StatusForbidden,
		"https://evil.example":         http.StatusForbidden,
		"null":                         http.StatusForbidden,
	} {
		if got := send(t, srv, http.MethodPost, "", "Origin", origin, "Sec-Fetch-Site", "same-site"); got.StatusCode != want {
			t.Errorf("click on a page of %s = %d, want %d", origin, got.StatusCode, want)
		}
	}
}
