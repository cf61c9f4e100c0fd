package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// serve starts a site whose pages are what page returns for their paths.
func serve(t *testing.T, page func(path string) string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page(r.URL.Path))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// Every page of the sandbox's portal, and the two ways out of it.
func TestPortalPages(t *testing.T) {
	b := newTab(t)
	srv := portaltest.NewServer(t)
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	site := serve(t, func(path string) string {
		return `<!doctype html><html lang="en"><title>Customer</title><link rel="icon" href="data:,"><h1>` + path[1:] + `</h1>`
	})
	back := link("Back to " + strings.TrimPrefix(site, "http://"))
	for intent, title := range map[client.Intent]string{
		client.IntentSSO:                "Configure Single Sign-On",
		client.IntentDsync:              "Configure Directory Sync",
		client.IntentAuditLogs:          "Audit Logs",
		client.IntentLogStreams:         "Configure Log Streams",
		client.IntentDomainVerification: "Verify your domain",
		client.IntentCertificateRenewal: "Renew your SAML certificate",
		client.IntentBringYourOwnKey:    "Bring your own key",
	} {
		l, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
			Organization: srv.Organization, Intent: intent, ReturnURL: site + "/left", SuccessURL: site + "/done",
		})
		if err != nil {
			t.Fatal(err)
		}
		b.open(l.URL)
		b.find(heading(title))
		b.judge()
		b.press(link("Done"))
		b.find(heading("done"))
		b.back()
		if intent == client.IntentSSO {
			b.do("choose a provider", b.click(b.named("DisclosureTriangleGrouped", "Okta")))
			b.says("ACS URL", "SP entity ID")
			b.judge()
		}
		srv.Advance(time.Hour)
		b.reload()
		b.find(heading("This link has expired"))
		b.press(back)
		b.find(heading("left"))
	}
	b.open(srv.URL + "/portal/launch?secret=none")
	b.says("This link is not valid", "ask for a new one")
	b.judge()
}
