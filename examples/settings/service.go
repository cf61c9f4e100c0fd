package main

import (
	"bytes"
	_ "embed" // settings.html
	"html/template"
	"net/http"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// newService is all of the service: sessions first, then the pages. site is its
// own address, where the portal sends people back to.
func newService(portal *client.Client, site string, organizations [2]string) http.Handler {
	s := &sessions{
		people: map[string]person{
			"ada":  {Name: "Ada", Company: "Acme", Organization: organizations[0], Admin: true},
			"bob":  {Name: "Bob", Company: "Acme", Organization: organizations[0]},
			"grit": {Name: "Grit", Company: "Globex", Organization: organizations[1], Admin: true},
		},
		open: map[string]person{},
	}
	icons := client.NewIconCatalog(portal)
	icons.Warm()

	mux := http.NewServeMux()
	mux.Handle("/configure/{feature}", configure(portal, site))
	mux.Handle("GET /settings", settingsPage(s.people, icons))
	own := http.NewCrossOriginProtection() // the portal's handler brings its own
	mux.Handle("POST /sign-in/{name}", own.Handler(http.HandlerFunc(s.signIn)))
	mux.Handle("POST /sign-out", own.Handler(http.HandlerFunc(s.signOut)))
	mux.Handle("GET /{$}", http.RedirectHandler("/settings", http.StatusSeeOther))
	return s.load(mux)
}

//go:embed settings.html
var settingsHTML string

// A button is one feature on the page.
type button struct{ Address, Text string }

var buttons = []button{
	{"sso", "Configure SSO"},
	{"dsync", "Configure Directory Sync"},
	{"audit-logs", "Configure Audit Logs"},
	{"log-streams", "Configure Log Streams"},
}

func settingsPage(people map[string]person, icons *client.IconCatalog) http.Handler {
	page := template.Must(template.New("settings").Funcs(portalhttp.IconFuncs(icons)).Parse(settingsHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		view := struct {
			People    map[string]person
			Person    *person
			Buttons   []button
			Providers []client.ProviderIcon
			Done      string // the feature that the portal has just set up
		}{People: people, Buttons: buttons}
		if p, ok := signedIn(r); ok {
			view.Person = &p
			for _, b := range buttons {
				if b.Address == r.URL.Query().Get("done") {
					view.Done = b.Text
				}
			}
			if _, listed := icons.Age(); listed { // a page waits for no icon
				view.Providers, _ = icons.All(r.Context())
			}
		}
		var body bytes.Buffer
		if err := page.Execute(&body, view); err != nil {
			http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store") // it is about one person
		_, _ = w.Write(body.Bytes())                // the client has gone
	})
}
