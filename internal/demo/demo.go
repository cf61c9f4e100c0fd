package demo

import (
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// An Organization is a customer of the invented product.
type Organization struct {
	ID   string // at WorkOS, org_…
	Name string // for people; the ID where there is no other
}

// A Config says where links are made, and for whom.
type Config struct {
	// Site is the demo's own address, such as http://127.0.0.1:8700. Requests that
	// were sent to another are not served.
	Site string

	BaseURL, APIKey string // of the API
	UserAgent       string // empty: the client's own

	// Organizations are those that a person may switch between; the first is
	// everyone's at the start. There must be one.
	Organizations []Organization

	// Sandbox is what answers at BaseURL, where it is in this process: the page can
	// make it fail. Nil is WorkOS, or whoever is there.
	Sandbox *portaltest.Handler

	Log io.Writer // a line for every click; nil: nowhere
}

// A Demo is the page and all that it needs. Make one with [New].
type Demo struct {
	Config
	site      *url.URL
	handler   http.Handler
	transport *http.Transport
	portal    atomic.Pointer[client.Client]
	icons     *client.IconCatalog
	page      *template.Template
	logger    *slog.Logger
	sessions  sessions
	faults    faults
}

// firstIcons bounds how long a start on the sandbox waits for its icons.
const firstIcons = time.Second

// New makes a demo. Its errors are those of [client.New]: of the key or the base URL.
func New(c Config) (*Demo, error) {
	site, err := url.Parse(c.Site)
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	d := &Demo{
		Config: c,
		site:   site,
		transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
		},
		logger:   slog.New(newLines(c.Log)),
		sessions: sessions{cookie: "adminportal_demo_" + site.Port(), open: map[string]*session{}},
		faults:   faults{current: faultNone},
	}
	if err := d.connect(); err != nil {
		return nil, err
	}
	// The icon file has dark icons too, needs no key, and counts against no budget.
	source, err := client.New(c.APIKey, d.options(client.WithDialect(client.DialectGenerateLink))...)
	if err != nil {
		return nil, err
	}
	d.icons = client.NewIconCatalog(source)
	d.icons.Warm()
	if c.Sandbox != nil {
		ctx, cancel := context.WithTimeout(context.Background(), firstIcons)
		defer cancel()
		_, _ = d.icons.All(ctx) // the first page has them too; without, it has neutral ones
	}
	d.page = newPage(d.icons)
	d.handler = d.routes()
	return d, nil
}

// connect makes a client that knows nothing yet of the service, its rate limit
// included.
func (d *Demo) connect() error {
	portal, err := client.New(d.APIKey, d.options(client.WithObserver(observe), client.WithLogger(d.logger))...)
	if err != nil {
		return err
	}
	d.portal.Store(portal)
	return nil
}

func (d *Demo) options(more ...client.Option) []client.Option {
	opts := []client.Option{
		client.WithBaseURL(d.BaseURL),
		client.WithHTTPClient(&http.Client{Transport: recorder{d.transport}}),
	}
	if d.UserAgent != "" {
		opts = append(opts, client.WithUserAgent(d.UserAgent))
	}
	if d.Sandbox != nil {
		// A server in the same process needs no second to recover.
		opts = append(opts, client.WithRetry(client.RetryPolicy{BaseDelay: 250 * time.Millisecond}))
	}
	return append(opts, more...)
}

func (d *Demo) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/settings", http.StatusSeeOther))
	mux.HandleFunc("GET /settings", d.settings)
	for name := range files {
		mux.HandleFunc("GET /"+name, serveFile)
	}
	mux.Handle("/configure/{feature}", d.configure())

	own := http.NewCrossOriginProtection() // what portalhttp does for the buttons
	own.SetDenyHandler(d.refuse(http.StatusForbidden, "Start from the settings page", "Another site tried to change something here, so nothing was changed. Go back and do it there."))
	mux.Handle("POST /organization", own.Handler(http.HandlerFunc(d.switchOrganization)))
	if d.Sandbox != nil {
		mux.Handle("POST /sandbox", own.Handler(http.HandlerFunc(d.setFault)))
	}
	mux.Handle("/", d.refuse(http.StatusNotFound, "There is nothing here", "The settings page is all that this demo has."))
	return d.atHome(mux)
}

// ServeHTTP serves the page.
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// Close ends the connections that no request uses.
func (d *Demo) Close() { d.transport.CloseIdleConnections() }

// refuse answers with a page in the manner of the buttons' own failures.
func (d *Demo) refuse(status int, title, message string) http.Handler {
	return &portalhttp.Failure{
		Status: status, Code: strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), Title: title, Message: message,
		ReturnURL: d.Site + "/settings",
	}
}
