package browser

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A customer is a site that the portal leads back to, with nothing else on it.
func customer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, title := range map[string]string{"/settings": "Settings", "/done": "It is done"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>` + title + `</title><link rel="icon" href="data:,"><h1>` + title + `</h1>`))
		})
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func newClient(t *testing.T, srv *portaltest.Server) *client.Client {
	t.Helper()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	return portal
}

func linkTo(t *testing.T, srv *portaltest.Server, req client.PortalLinkRequest) string {
	t.Helper()
	if req.Organization == "" {
		req.Organization = srv.Organization
	}
	l, err := newClient(t, srv).GeneratePortalLink(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return l.URL
}

// inEveryLight holds the page that the tab is on against what every page must be, at
// a desk by day and on a phone by night.
func (b *tab) inEveryLight() {
	b.t.Helper()
	b.desk()
	b.light()
	b.accessible()
	b.phone()
	b.dark()
	b.fits()
	b.accessible()
	b.desk()
	b.light()
}

// Each page of the sandbox's portal, and the two ways out of it.
func TestPortalPages(t *testing.T) {
	srv := portaltest.NewServer(t)
	site := customer(t)
	back := "Back to " + hostOf(t, site)
	for intent, heading := range map[client.Intent]string{
		client.IntentSSO:                "Configure Single Sign-On",
		client.IntentDsync:              "Configure Directory Sync",
		client.IntentAuditLogs:          "Audit Logs",
		client.IntentLogStreams:         "Configure Log Streams",
		client.IntentDomainVerification: "Verify your domain",
		client.IntentCertificateRenewal: "Renew your SAML certificate",
		client.IntentBringYourOwnKey:    "Bring your own key",
	} {
		t.Run(string(intent), func(t *testing.T) {
			t.Parallel()
			b := newTab(t)
			b.open(linkTo(t, srv, client.PortalLinkRequest{Intent: intent, ReturnURL: site + "/settings", SuccessURL: site + "/done"}))
			b.find(way{"heading", heading})
			b.inEveryLight()
			b.press(link(back))
			if got := b.title(); got != "Settings" {
				t.Errorf("Back leads to %q, want Settings", got)
			}
			b.back()
			b.press(link("Done"))
			if got := b.title(); got != "It is done" {
				t.Errorf("Done leads to %q, want It is done", got)
			}
		})
	}
}

// A provider is picked, looked at and put back.
func TestPortalPageOfAProvider(t *testing.T) {
	t.Parallel()
	srv := portaltest.NewServer(t)
	b := newTab(t)
	b.open(linkTo(t, srv, client.PortalLinkRequest{Intent: client.IntentSSO}))
	okta := way{"DisclosureTriangleGrouped", "Okta"}
	b.click(okta, 1)
	b.says("Okta", "ACS URL", "SP entity ID", "close this window")
	b.inEveryLight()
	b.click(okta, 1)
	b.find(okta)
}

func TestExpiredPageLeadsBack(t *testing.T) {
	t.Parallel()
	srv := portaltest.NewServer(t)
	site := customer(t)
	address := linkTo(t, srv, client.PortalLinkRequest{Intent: client.IntentDsync, ReturnURL: site + "/settings"})
	srv.Advance(time.Hour)
	b := newTab(t)
	b.open(address)
	b.find(way{"heading", "This link has expired"})
	b.inEveryLight()
	b.press(link("Back to " + hostOf(t, site)))
	if got := b.title(); got != "Settings" {
		t.Errorf("Back leads to %q, want Settings", got)
	}
}

func TestUnknownLinkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	srv := portaltest.NewServer(t)
	b := newTab(t)
	b.open(srv.URL + portalPath + "?secret=none")
	b.says("This link is not valid", "ask for a new one", "close this window")
	b.inEveryLight()
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
