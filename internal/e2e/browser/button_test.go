package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/internal/require"
)

// A site has a page with a button, and the portal is another origin.
type site struct {
	url    string
	portal string
	links  atomic.Int32 // made
	opened atomic.Int32 // portal pages
}

// GeneratePortalLink refuses the organization "full".
func (s *site) GeneratePortalLink(_ context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	if req.Organization == "full" {
		return nil, &client.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: 12 * time.Second, Attempts: 1}
	}
	s.links.Add(1)
	return &client.PortalLink{URL: s.portal + "/launch?secret=abc&x=1"}, nil
}

// newSite serves body as the settings page, under a policy if there is one.
func newSite(t *testing.T, body, policy string) *site {
	t.Helper()
	s := new(site)
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/launch" {
			http.NotFound(w, r)
			return
		}
		s.opened.Add(1)
		if referer := r.Header.Get("Referer"); r.Method != http.MethodGet || strings.Count(referer, "/") > 3 { // more than http://host/
			t.Errorf("portal gets %s with Referer %q, want GET and the page's origin at most", r.Method, referer)
		}
		show(w, `<h1 id="portal">Portal</h1>`)
	}))
	t.Cleanup(portal.Close)
	s.portal = portal.URL

	mux := http.NewServeMux()
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, _ *http.Request) {
		if policy != "" {
			w.Header().Set("Content-Security-Policy", policy)
		}
		show(w, body)
	})
	for path, file := range libraries {
		if strings.Contains(body, path) {
			file := require.Module(t, file[0]) + file[1]
			mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
		}
	}
	// Only a POST with the page's token is let through.
	mux.Handle("POST /configure/{organization}", portalhttp.NewHandler(s, func(r *http.Request) (client.PortalLinkRequest, error) {
		if r.FormValue("token") != `a "token"` {
			return client.PortalLinkRequest{}, portalhttp.ErrForbidden
		}
		return client.PortalLinkRequest{Organization: r.PathValue("organization"), Intent: client.IntentSSO}, nil
	}, portalhttp.WithReturnURL("https://example.com/settings"), portalhttp.WithLogger(nil)))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func show(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Test</title><link rel="icon" href="data:,">`, body)
}

// libraries are what a page loads, by the path of its script: npm package and file.
var libraries = map[string][2]string{
	"/htmx1.js":  {"htmx1", "/dist/htmx.js"},
	"/htmx2.js":  {"htmx2", "/dist/htmx.js"},
	"/htmx4.js":  {"htmx.org", "/dist/htmx.js"},
	"/turbo7.js": {"turbo7", "/dist/turbo.es2017-umd.js"},
	"/turbo8.js": {"@hotwired/turbo", "/dist/turbo.es2017-umd.js"},
}

const (
	token = `<input type="hidden" name="token" value="a &quot;token&quot;">`
	goes  = `<button id="go">Configure SSO</button>`
	sends = `<script>document.getElementById("go").addEventListener("click", async () => {
		const body = new URLSearchParams({token: 'a "token"'})
		%s
		if (answer.url) location.assign(answer.url)
		else document.body.innerHTML = "<h1>" + answer.error.message + "</h1>"
	})</script>`
)

func withScript(src string) string { return `<script src="` + src + `"></script></head><body>` }

func form(attributes string) string {
	return `<form method="post" action="/configure/{organization}" ` + attributes + `>` + token + goes + `</form>`
}

// htmx2ShowsFailures is the line of portalhttp's documentation.
const htmx2ShowsFailures = `<meta name="htmx-config" content='{"responseHandling":[{"code":"204","swap":false},{"code":".*","swap":true}]}'>`

var pages = []struct {
	name, body, policy string
	presses            int  // of buttons, one after the other; 0 is 1
	fails              bool // shown a failure, too
}{
	{name: "form", body: form(""), fails: true},
	{name: "form under a policy", body: form(""), policy: "default-src 'self'"},
	{name: "htmx 1", body: withScript("/htmx1.js") + form(`hx-post="/configure/{organization}"`)},
	{name: "htmx 1, boosted", body: withScript("/htmx1.js") + form(`hx-boost="true"`)},
	{name: "htmx 2", body: htmx2ShowsFailures + withScript("/htmx2.js") + form(`hx-post="/configure/{organization}"`), fails: true},
	{name: "htmx 2, boosted", body: withScript("/htmx2.js") + form(`hx-boost="true"`)},
	{name: "htmx 2, switched off", body: withScript("/htmx2.js") + `<div hx-boost="true">` + form(`hx-boost="false"`) + `</div>`},
	{name: "htmx 4", body: withScript("/htmx4.js") + form(`hx-post="/configure/{organization}"`), fails: true},
	{name: "htmx 4, boosted", body: withScript("/htmx4.js") + form(`hx-boost="true"`)},
	{name: "Turbo 7", body: withScript("/turbo7.js") + form("")},
	{name: "Turbo 8", body: withScript("/turbo8.js") + form(""), fails: true},
	{name: "Turbo 8 in a frame", body: withScript("/turbo8.js") + `<turbo-frame id="sso">` + form("") + `</turbo-frame>`, fails: true},
	{name: "Turbo 8 that forbids inline scripts", body: withScript("/turbo8.js") + form(""), policy: "default-src 'self'; style-src 'unsafe-inline'", presses: 2},
	{name: "Turbo 8, switched off", body: withScript("/turbo8.js") + form(`data-turbo="false"`), policy: "default-src 'self'"},
	{name: "fetch", body: "</head><body>" + goes + fmt.Sprintf(sends, `const answer = await (await fetch("/configure/{organization}", {method: "POST", body})).json()`), fails: true},
	{name: "XMLHttpRequest", body: "</head><body>" + goes + fmt.Sprintf(sends, `const answer = await new Promise(resolve => {
		const request = new XMLHttpRequest()
		request.open("POST", "/configure/{organization}")
		request.responseType = "json"
		request.onload = () => resolve(request.response)
		request.send(body)
	})`)},
}

// Whatever sends the click, the browser gets to the portal, with one link. Where there is none, the person reads what to do.
func TestEveryPageGetsToThePortal(t *testing.T) {
	for _, p := range pages {
		for _, organization := range []string{"org_1", "full"} {
			if organization == "full" && !p.fails {
				continue
			}
			t.Run(p.name+"/"+organization, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, strings.ReplaceAll(p.body, "{organization}", organization), p.policy)
				b := openTab(t, chromedp.WithNewBrowserContext())
				b.open(s.url + "/settings")
				b.do("press the button", chromedp.Click(chromedp.CSS("#go")))
				if organization == "full" {
					b.do("read the failure", chromedp.WaitVisible(chromedp.Search(`//*[contains(text(), "try again in 12 seconds")]`)))
					return
				}
				if p.presses == 2 {
					b.do("press the second button", chromedp.Click(chromedp.CSS(`form[data-turbo="false"] button`)))
				}
				b.do("reach the portal", chromedp.WaitVisible(chromedp.CSS("#portal")))
				if made, opened := s.links.Load(), s.opened.Load(); made != 1 || opened != 1 {
					t.Errorf("links made = %d, portal pages opened = %d, want 1 and 1", made, opened)
				}
			})
		}
	}
}
