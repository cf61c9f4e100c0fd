// Package demo is what "adminportal demo" serves: the settings page of an invented product, whose
// buttons lead to the Admin Portal and back, and next to it what happened at each click.
//
// configure.go takes a click from the session to the portal, with package portalhttp. record.go
// records what the client sent, what came back, what the person saw and what the log got. page.go
// shows it, and faults.go makes the sandbox fail. examples/settings is such a page without the
// records, to copy from.
//
// The page is for loopback: whoever reaches it may act for every organization it knows.
package demo

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/loopback"
)

// An Organization is a customer of the invented product.
type Organization struct {
	ID   string // at WorkOS, org_…
	Name string // for people; the ID where there is no other
}

// A Config says where links are made, and for whom.
type Config struct {
	// Site is the demo's own address, such as http://127.0.0.1:8700.
	Site string

	BaseURL, APIKey string // of the API
	UserAgent       string // empty: the client's own

	// Organizations are the ones a person can switch between, the first to begin with. There is one
	// at least.
	Organizations []Organization

	// Sandbox is the server at BaseURL if it runs in this process: the page can make it fail.
	Sandbox *portaltest.Handler

	Log io.Writer // gets a line for every click
}

// A Demo is an http.Handler that serves the page. Make one with [New].
type Demo struct {
	http.Handler
	Config
	site      *url.URL
	transport *http.Transport
	portal    atomic.Pointer[client.Client]
	page      *template.Template
	logger    *slog.Logger

	mu       sync.Mutex // guards the fields below, sessions and clicks
	sessions map[string]*session
	fault    string // the Value of one of faults
	gone     string // the name of the organization that the sandbox does not know
	line     bytes.Buffer
}

// New makes a demo. Its errors are those of [client.New], about the key or the base URL.
func New(c Config) (*Demo, error) {
	site, err := url.Parse(c.Site)
	if err != nil {
		return nil, err
	}
	d := &Demo{
		Config:    c,
		site:      site,
		transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
		sessions:  map[string]*session{},
		fault:     "none",
	}
	d.logger = slog.New(clickLog{slog.NewTextHandler(&d.line, nil), d})
	if err := d.connect(); err != nil {
		return nil, err
	}
	// The live dialect's icon file has dark icons too, needs no key and uses no budget.
	source, err := d.newClient(client.WithDialect(client.DialectGenerateLink))
	if err != nil {
		return nil, err
	}
	icons := client.NewIconCatalog(source)
	icons.Warm()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = icons.All(ctx) // so that the first page has them; else it shows neutral ones
	d.page = d.newPage(icons)
	d.Handler = d.routes()
	return d, nil
}

// connect makes a new client, which knows nothing of the service yet, its rate limit included.
func (d *Demo) connect() error {
	portal, err := d.newClient(client.WithLogger(d.logger), client.WithObserver(func(ctx context.Context, a client.Attempt) {
		d.note(ctx, func(c *click) { c.Answers = append(c.Answers, a) })
	}))
	if err == nil {
		d.portal.Store(portal)
	}
	return err
}

// warm opens the connection to the portal while a person reads the page, so that a click takes one
// round trip. What the sandbox fails with is left for the click.
func (d *Demo) warm(ctx context.Context) {
	portal := d.portal.Load() // now: the fault that is chosen next is for the next client
	if d.is("none") {
		go func() { _ = portal.Warm(ctx) }() // the click says what is wrong
	}
}

func (d *Demo) newClient(opts ...client.Option) (*client.Client, error) {
	opts = append(opts, client.WithBaseURL(d.BaseURL), client.WithHTTPClient(&http.Client{Transport: recorder{d}}))
	if d.UserAgent != "" {
		opts = append(opts, client.WithUserAgent(d.UserAgent))
	}
	if d.Sandbox != nil { // a server in the same process recovers at once
		opts = append(opts, client.WithRetry(client.RetryPolicy{BaseDelay: 250 * time.Millisecond}))
	}
	return client.New(d.APIKey, opts...)
}

func (d *Demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/settings", http.StatusSeeOther))
	mux.HandleFunc("GET /settings", d.settings)
	mux.Handle("/configure/{feature}", d.configure())
	mux.Handle("GET /static/", http.FileServerFS(files))
	own := http.NewCrossOriginProtection() // portalhttp does the same for the buttons
	own.SetDenyHandler(d.refuse(http.StatusForbidden, "Start from the settings page", "Another site tried to change something here, so nothing was changed. Go back and do it there."))
	mux.Handle("POST /organization", own.Handler(http.HandlerFunc(d.switchOrganization)))
	if d.Sandbox != nil {
		mux.Handle("POST /sandbox", own.Handler(http.HandlerFunc(d.setFault)))
	}
	mux.Handle("/", d.refuse(http.StatusNotFound, "There is nothing here", "The settings page is all that this demo has."))
	return d.atHome(mux)
}

// atHome serves only requests that were sent to the demo's own address. Otherwise a site whose
// name points at loopback would share an origin with the demo, and could ask for links. Other
// names of loopback are redirected to the one that has the cookie.
func (d *Demo) atHome(next http.Handler) http.Handler {
	elsewhere := d.refuse(http.StatusMisdirectedRequest, "This page has another address", "It is served under its own address only.")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		sentTo := url.URL{Scheme: d.site.Scheme, Host: r.Host}
		switch {
		case r.Host == d.site.Host:
			next.ServeHTTP(w, r)
		case loopback.Is(sentTo.Hostname()) && r.Method != http.MethodPost:
			http.Redirect(w, r, d.Site+r.URL.RequestURI(), http.StatusSeeOther)
		default:
			elsewhere.ServeHTTP(w, r)
		}
	})
}

// Close closes the connections that no request uses.
func (d *Demo) Close() { d.transport.CloseIdleConnections() }

// refuse answers with a page that looks like the failures of the buttons.
func (d *Demo) refuse(status int, title, message string) http.Handler {
	return &portalhttp.Failure{
		Status: status, Code: strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"),
		Title: title, Message: message, ReturnURL: d.Site + "/settings",
	}
}
