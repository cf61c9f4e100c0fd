package portaltest

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen/server"
)

// A Handler is an Admin Portal without a listener. Make one with [NewHandler]. Its
// methods may be called at any time, from any goroutine.
type Handler struct {
	// APIKey is a key that may do everything. It looks like sk_sandbox_… and is
	// good for this portal alone.
	APIKey string

	// Organization is the ID of one that exists, named Acme.
	Organization string

	settings
	clock         clock
	limits        limits
	keys          keys
	organizations organizations
	links         links
	requests      requests
	faults        faults

	secrets *source // of keys and links
	ids     *source // of requests and organizations

	api     http.Handler // the strict server
	files   http.Handler // icons
	control http.Handler // what is under /_sandbox/
}

// firstOrganization is the name of h.Organization.
const firstOrganization = "Acme"

// NewHandler makes a portal that its caller serves, or reaches through
// [Handler.Transport].
func NewHandler(opts ...Option) *Handler {
	s := newSettings(opts)
	first := newSource(s.seed, 'f') // apart from what Reset begins anew
	h := &Handler{
		APIKey:       keyPrefix + first.text(secretLength),
		Organization: first.id("org_"),
		settings:     s,
		limits:       limits{limit: s.limit, window: s.window, style: s.resetStyle},
		links:        links{issued: queue[*record]{maxCount: s.maxLinks, maxSize: s.maxBytes}},
		requests:     requests{arrived: queue[*Request]{maxCount: s.maxRequests, maxSize: s.maxBytes}},
		secrets:      newSource(s.seed, 's'),
		ids:          newSource(s.seed, 'i'),
		faults:       faults{chance: newSource(s.seed, 'c')},
	}
	h.api = server.HandlerWithOptions(
		server.NewStrictHandlerWithOptions(api{h}, nil, server.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  refuseRequest,
			ResponseErrorHandlerFunc: refuseResponse,
		}),
		server.StdHTTPServerOptions{ErrorHandlerFunc: refuseRequest})
	h.files = http.HandlerFunc(serveFile)
	h.control = newControl(h)
	h.Reset()
	return h
}

// Reset makes the portal as it was when it was new, but for h.APIKey and
// h.Organization, which stay what they are: the only key and the only organization,
// but for those of [WithExamples].
// Links, requests, faults and rate windows are gone, the clock is the host's, and a
// seeded portal begins its secrets and chances anew.
func (h *Handler) Reset() {
	h.clock.reset()
	h.limits.clear()
	h.keys.clear()
	h.keys.add(h.APIKey, full)
	h.organizations.clear()
	h.organizations.add(Organization{ID: h.Organization, Name: firstOrganization})
	if h.examples {
		h.keys.add(exampleKey, full)
		h.organizations.add(Organization{ID: exampleOrganization, Name: "Example"})
	}
	h.links.clear()
	h.requests.clear()
	h.faults.clear()
	h.secrets.restart()
	h.ids.restart()
	h.faults.chance.restart()
}

// ServeHTTP answers like the Admin Portal.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := h.ids.id("req_")
	w.Header().Set("X-Request-Id", id)
	stamp(w.Header(), h.Now())
	switch {
	case r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/"):
		h.control.ServeHTTP(w, r)
	case isFile(r.URL.Path):
		h.files.ServeHTTP(w, r)
	default:
		h.exchange(w, r, id)
	}
}

// stamp sets the Date header, which net/http would set by the host's clock.
func stamp(h http.Header, now time.Time) { h.Set("Date", now.UTC().Format(http.TimeFormat)) }

// base is the address under which the client reached the portal.
func (h *Handler) base(r *http.Request) string {
	if h.baseURL != "" {
		return h.baseURL
	}
	u := url.URL{Scheme: "http", Host: r.Host}
	switch {
	case r.URL.Scheme != "": // through a Transport, or a proxy's request
		u.Scheme = r.URL.Scheme
	case r.TLS != nil:
		u.Scheme = "https"
	}
	// The Host header is the client's. Where it is no host, a link with it would be
	// no URL.
	if base := u.String(); checkURI(base) == nil {
		return base
	}
	return u.Scheme + "://localhost"
}
