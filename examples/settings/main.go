// Settings is an example of a service: a settings page whose buttons lead an admin to the WorkOS
// Admin Portal and back.
//
//	go run ./examples/settings
//
// Without a key it runs on the embedded sandbox. With WORKOS_API_KEY it runs on WorkOS, for the
// organizations in WORKOS_ORGANIZATION and WORKOS_ORGANIZATION_2, of which the second may be empty.
//
// Copy newService and settings.html. The sign-in is a toy.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed" // settings.html
	"errors"
	"flag"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8701", "where to listen; on loopback, since anyone may sign in as anyone")
	flag.Parse()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		log.Fatal("-addr must be on loopback, such as 127.0.0.1:8701: anyone may sign in as anyone")
	}
	portal, acme, globex, err := open()
	if err != nil {
		log.Fatal(err)
	}
	site := "http://" + listener.Addr().String()
	fmt.Println("settings page:", site)
	server := &http.Server{Handler: newService(portal, site, acme, globex), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// open returns WorkOS if there is a key for it, else a sandbox, and two customers' organizations.
func open() (portal *client.Client, acme, globex string, err error) {
	if os.Getenv("WORKOS_API_KEY") == "" {
		sandbox := portaltest.NewServer(nil)
		portal, err = client.New(sandbox.APIKey, client.WithBaseURL(sandbox.URL))
		return portal, sandbox.Organization, sandbox.AddOrganization("Globex"), err
	}
	if acme = os.Getenv("WORKOS_ORGANIZATION"); acme == "" {
		return nil, "", "", errors.New("set WORKOS_ORGANIZATION to the ID of an organization, org_…, from the WorkOS Dashboard")
	}
	portal, err = client.NewFromEnv()
	return portal, acme, cmp.Or(os.Getenv("WORKOS_ORGANIZATION_2"), acme), err
}

// intents are what an admin may configure, by the address of the button.
var intents = map[string]client.Intent{
	"sso":         client.IntentSSO,
	"dsync":       client.IntentDsync,
	"audit-logs":  client.IntentAuditLogs,
	"log-streams": client.IntentLogStreams,
}

//go:embed settings.html
var settingsHTML string

// newService returns the service for two customers. site is its address, for the way back to it.
func newService(portal *client.Client, site, acme, globex string) http.Handler {
	s := &sessions{people: map[string]person{
		"ada":  {"Ada", "Acme", acme, true},
		"bob":  {"Bob", "Acme", acme, false},
		"grit": {"Grit", "Globex", globex, true},
	}}
	icons := client.NewIconCatalog(portal)
	icons.Warm()
	page := template.Must(template.New("settings").Funcs(portalhttp.IconFuncs(icons)).Parse(settingsHTML))
	mux := http.NewServeMux()
	mux.Handle("/configure/{feature}", portalhttp.NewHandler(portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		p, ok := s.signedIn(r)
		if !ok {
			return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
		}
		intent, ok := intents[r.PathValue("feature")]
		if !ok || !p.Admin {
			return client.PortalLinkRequest{}, portalhttp.ErrForbidden
		}
		return client.PortalLinkRequest{
			Organization: p.Organization, // the session's, whatever the request says
			Intent:       intent,
			SuccessURL:   site + "/settings?done=" + r.PathValue("feature"),
		}, nil
	}, portalhttp.WithReturnURL(site+"/settings")))
	mux.HandleFunc("GET /settings", func(w http.ResponseWriter, r *http.Request) {
		p, _ := s.signedIn(r)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store") // the page is about one person
		_ = page.Execute(w, map[string]any{"Person": p, "People": s.people, "Done": r.FormValue("done")})
		go func() { // so that a click takes one round trip
			if err := portal.Warm(context.WithoutCancel(r.Context())); err != nil {
				log.Print(err)
			}
		}()
	})
	mux.Handle("GET /{$}", http.RedirectHandler("/settings", http.StatusSeeOther))
	own := http.NewCrossOriginProtection() // the portal's handler brings its own
	mux.Handle("POST /sign-in/{name}", own.Handler(http.HandlerFunc(s.signIn)))
	return mux
}

// A person is who is signed in. Organization is the one of their company at WorkOS.
type person struct {
	Name, Company, Organization string
	Admin                       bool
}

// sessions is a toy: anyone signs in as anyone. As in a real one, the browser has a number and no more.
type sessions struct {
	people map[string]person // by sign-in name
	open   sync.Map          // the number in the cookie: person
}

func (s *sessions) signedIn(r *http.Request) (person, bool) {
	cookie, err := r.Cookie("settings_session")
	if err != nil {
		return person{}, false
	}
	found, _ := s.open.Load(cookie.Value)
	p, ok := found.(person)
	return p, ok
}

func (s *sessions) signIn(w http.ResponseWriter, r *http.Request) {
	number := rand.Text()                               // a new one, never one that the browser brought
	s.open.Store(number, s.people[r.PathValue("name")]) // nobody for other names
	http.SetCookie(w, &http.Cookie{                     // plain http on loopback: a service sets Secure here
		Name: "settings_session", Value: number, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}
