package browser

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// The example is a program of its own, built and run as its reader does.
func TestExample(t *testing.T) {
	b := newTab(t)
	program := filepath.Join(t.TempDir(), "settings")
	build := exec.Command("go", "build", "-o", program, "./examples/settings")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WORKOS_") })
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has ended it
	line, err := bufio.NewReader(out).ReadString('\n')
	_, site, found := strings.Cut(strings.TrimSpace(line), "settings page: ")
	if !found {
		t.Fatalf("the example prints %q, %v", line, err)
	}

	b.open(site)
	b.press(button("Sign in as Ada of Acme"))
	b.says("Ada of Acme")
	b.judge()
	for _, f := range features {
		b.press(button(f.button))
		b.find(heading(f.portal))
		b.press(link("Done"))
		b.says("Done: your changes")
	}
	b.press(button("Sign in as Bob of Acme"))
	b.press(button("Configure SSO"))
	b.find(heading("Your account may not open this"))
	b.judge()
	b.press(link("Back to " + strings.TrimPrefix(site, "http://")))
	b.says("Bob of Acme")
}
