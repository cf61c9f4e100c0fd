package portaltest

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen/server"
)

// A Handler is an Admin Portal without a listener. Make one with [NewHandler]. Its
// methods may be called at any time, from any goroutine.
type Handler struct {
	// APIKey is a key with every permission. It looks like sk_sandbox_… and only
	// this portal accepts it.
	APIKey string

	// Organization is the ID of an organization that exists. Its name is Acme.
	Organization string

	settings
	state
	api     http.Handler // the strict server
	control http.Handler // everything under /_sandbox/
}

// NewHandler makes a portal that its caller serves, or reaches through
// [Handler.Transport].
func NewHandler(opts ...Option) *Handler {
	h := &Handler{APIKey: newKey(), Organization: newID("org_"), settings: newSettings(opts)}
	h.api = server.Handler(server.NewStrictHandler(api{h}, nil))
	h.control = newControl(h)
	h.Reset()
	return h
}

// ServeHTTP answers like the Admin Portal.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newID("req_")
	w.Header().Set("X-Request-Id", id)
	stamp(w.Header(), h.Now())
	switch {
	case r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/"):
		h.control.ServeHTTP(w, r)
	case r.URL.Path == markPath || strings.HasPrefix(r.URL.Path, iconPath):
		serveIcon(w, r)
	default:
		h.exchange(w, r, id)
	}
}

// stamp sets the Date header, which net/http would set by the host's clock.
func stamp(h http.Header, now time.Time) { h.Set("Date", now.UTC().Format(http.TimeFormat)) }

// base is the address under which this client reached the portal.
func (h *Handler) base(r *http.Request) string {
	if h.baseURL != "" {
		return h.baseURL
	}
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.URL.Scheme != "" { // through a Transport, or a request to a proxy
		u.Scheme = r.URL.Scheme
	} else if r.TLS != nil {
		u.Scheme = "https"
	}
	// The client chose the Host header. A link under what is no host would be no URL.
	if checkURI(u.String()) != nil {
		u.Host = "localhost"
	}
	return u.String()
}

// keyPrefix differs from that of every real key (sk_live_, sk_test_).
const keyPrefix = "sk_sandbox_"

func newKey() string { return keyPrefix + newSecret() }

// newSecret is the random part of keys and links: 32 characters of 5 bits.
func newSecret() string { return (rand.Text() + rand.Text())[:32] }

// newID looks like the service's IDs: a prefix and 26 characters that begin with 01.
func newID(prefix string) string { return prefix + "01" + rand.Text()[:24] }
