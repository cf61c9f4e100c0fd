package browser

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A failing is a site on which every button fails in a way of its own.
type failing struct {
	url  string
	mu   sync.Mutex
	made int // links
}

// failures are all that a person may meet, by what the page says.
var failures = map[string]struct {
	who    error // of the function that says who may go where
	portal error
	reads  bool // the function reads the whole form
}{
	"You are signed out":                     {who: portalhttp.ErrUnauthenticated},
	"Your account may not open this":         {who: portalhttp.ErrForbidden},
	"The portal cannot be opened":            {who: errors.New("the session store is away")},
	"Too much was sent":                      {reads: true},
	"Your organization is not connected yet": {portal: &client.Error{StatusCode: http.StatusNotFound, Attempts: 1}},
	"Many people are here right now":         {portal: &client.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: 12 * time.Second, Attempts: 1}},
	"The admin portal does not answer":       {portal: &client.Error{StatusCode: http.StatusBadGateway, Attempts: 4}},
	"The admin portal takes too long":        {portal: context.DeadlineExceeded},
}

func (f *failing) GeneratePortalLink(_ context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := failures[req.Organization].portal; err != nil {
		return nil, err
	}
	f.made++
	return &client.PortalLink{URL: f.url + "/portal"}, nil
}

func (f *failing) links() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made
}

func newFailing(t *testing.T) *failing {
	t.Helper()
	f := new(failing)
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	mux.Handle("/open/{name}", portalhttp.NewHandler(f, func(r *http.Request) (client.PortalLinkRequest, error) {
		name := r.PathValue("name")
		if failures[name].reads {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return client.PortalLinkRequest{}, fmt.Errorf("read the form: %w", err)
			}
		}
		return client.PortalLinkRequest{Organization: name, Intent: client.IntentSSO}, failures[name].who
	}, portalhttp.WithReturnURL(f.url+"/settings"), portalhttp.WithLogger(slog.New(slog.DiscardHandler))))
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, _ *http.Request) {
		var forms strings.Builder
		for name, failure := range failures {
			field := ""
			if failure.reads {
				field = strings.Repeat("x", 100_000)
			}
			forms.WriteString(form(f.url, name, field))
		}
		forms.WriteString(form(f.url, "good", ""))
		servePage(w, "Settings", forms.String())
	})
	mux.HandleFunc("GET /portal", func(w http.ResponseWriter, _ *http.Request) { servePage(w, "Portal", "") })
	return f
}

func (f *failing) address(name string) string { return f.url + "/open/" + url.PathEscape(name) }

// form is one button and a field that is sent with it.
func form(site, name, field string) string {
	f := failing{url: site}
	return `<form method="post" action="` + html.EscapeString(f.address(name)) + `"><input type="hidden" name="field" value="` + field + `">` +
		`<button>` + html.EscapeString(name) + `</button></form>`
}

func servePage(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, bare(title, body)) // the browser has gone
}

func bare(title, body string) string {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>` + title + `</title><link rel="icon" href="data:,"><h1>` + title + `</h1>` + body
}

// Whatever fails, the person gets a page that is whole, and from there back.
func TestFailurePageLeadsBack(t *testing.T) {
	f := newFailing(t)
	for name := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newTab(t)
			b.open(f.url + "/settings")
			b.press(button(name))
			b.find(way{"heading", name})
			b.inEveryLight()
			b.press(link("Back to " + hostOf(t, f.url)))
			if got := b.title(); got != "Settings" {
				t.Errorf("the way back leads to %q, want Settings", got)
			}
		})
	}
}

// Who types the button's address, or comes back to it, makes nothing.
func TestTypedAddressMakesNoLink(t *testing.T) {
	t.Parallel()
	f := newFailing(t)
	b := newTab(t)
	b.open(f.address("good"))
	b.find(way{"heading", "The portal opens with its button"})
	b.inEveryLight()
	b.press(link("Back to " + hostOf(t, f.url)))
	if n := f.links(); n != 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

// A page of another origin, and one of none, cannot press the button for somebody.
func TestOtherSitesPressNoButton(t *testing.T) {
	t.Parallel()
	f := newFailing(t)
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		servePage(w, "Another site", form(f.url, "good", ""))
	}))
	t.Cleanup(own.Close)
	for name, address := range map[string]string{
		"another origin": own.URL,
		"no origin":      "data:text/html," + url.PathEscape(bare("No site", form(f.url, "good", ""))),
	} {
		b := newTab(t)
		b.open(address)
		b.press(button("good"))
		if !b.has(way{"heading", "Start from the settings page"}) {
			t.Errorf("%s: the answer is %q", name, b.text())
		}
		b.inEveryLight()
		b.press(link("Back to " + hostOf(t, f.url)))
		if got := b.title(); got != "Settings" {
			t.Errorf("%s: the way back leads to %q, want Settings", name, got)
		}
	}
	if n := f.links(); n != 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

// The same button on the site's own page leads on, or the test above says nothing.
func TestOwnPagePressesTheButton(t *testing.T) {
	t.Parallel()
	f := newFailing(t)
	b := newTab(t)
	b.open(f.url + "/settings")
	b.press(button("good"))
	if got := b.title(); got != "Portal" || f.links() != 1 {
		t.Errorf("the button leads to %q, and made %d links; want the portal, and 1", got, f.links())
	}
}
