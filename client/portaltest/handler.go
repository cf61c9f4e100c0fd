package portaltest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen/server"
)

// A Handler is an Admin Portal without a listener. Make one with [NewHandler]. Its methods may be
// called at any time, from any goroutine.
type Handler struct {
	APIKey       string // has every permission, in this portal alone: sk_sandbox_…
	Organization string // the ID of an organization that exists, named Acme

	settings
	state
	api     http.Handler // the strict server
	control http.Handler // everything under /_sandbox/
}

// NewHandler makes a portal to serve, or to reach through [Handler.Transport].
func NewHandler(opts ...Option) *Handler {
	h := &Handler{APIKey: newKey(), Organization: newID("org_"), settings: newSettings(opts)}
	h.api = server.Handler(server.NewStrictHandler(api{h}, nil))
	h.control = newControl(h)
	h.Reset()
	return h
}

const (
	keyPrefix = "sk_sandbox_" // unlike every real key's: sk_live_, sk_test_
	notWorkOS = ". This is a sandbox, not WorkOS: it takes only its own keys"
)

func newKey() string { return keyPrefix + newSecret() }

// newSecret is the random part of keys and links: 32 characters of 5 bits.
func newSecret() string { return (rand.Text() + rand.Text())[:32] }

// newID looks like the service's IDs: a prefix and 26 characters that begin with 01.
func newID(prefix string) string { return prefix + "01" + rand.Text()[:24] }

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
	u := url.URL{Scheme: cmp.Or(r.URL.Scheme, "http"), Host: r.Host} // a Transport sets the scheme
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

// An exchange is one request and its answer. It is the http.ResponseWriter of all that answers, so
// that a fault can change the answer before its first byte leaves.
type exchange struct {
	h     *Handler
	op    operation
	base  string // the portal's address, as this client knows it
	now   time.Time
	sent  []byte // the request's body
	entry *Request

	header http.Header
	status int
	body   bytes.Buffer
}

func (x *exchange) Header() http.Header    { return x.header }
func (x *exchange) WriteHeader(status int) { x.status = cmp.Or(x.status, status) }
func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.body.Write(b)
}

type exchangeKey struct{} // in the context of a request

// exchange answers what is recorded and can be hit by faults: the API, the pages of links, and
// routes that do not exist.
func (h *Handler) exchange(w http.ResponseWriter, r *http.Request, id string) {
	x := &exchange{h: h, op: h.dialect.find(r), base: h.base(r), header: w.Header()}
	var unread error
	x.sent, unread = readBody(r)
	body := redact(string(x.sent))
	x.entry = &Request{
		ID: id, Operation: x.op.id, Method: r.Method, Path: redact(r.URL.Path),
		Header: redactHeader(r.Header), Body: body[:min(len(body), keptBody)],
	}
	fault := h.record(x.entry)
	x.now = x.entry.Time // a link's life begins when its request had arrived
	stamp(x.header, x.now)
	begun := time.Now()
	defer func() { h.finish(x.entry, time.Since(begun)) }()

	fault = cmp.Or(fault, &Fault{})
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	switch {
	case fault.Status >= 300:
		x.fail(r, fault)
	case x.op.id == OperationPortalPage:
		x.servePage(r)
	case x.op.id == "":
		x.noRoute()
	case x.op.keyed:
		x.serveAPI(r, unread)
	default:
		h.api.ServeHTTP(x, r)
	}
	fault.spoil(x)
	x.send(w, r, fault)
}

// serveAPI answers at a route that takes a key: whose is it, has it budget and permission, is the
// request as the contract says, and then what it asks for.
func (x *exchange) serveAPI(r *http.Request, unread error) {
	key := bearer(r.Header)
	left := x.h.spend(key, 1)
	left.write(x.header)
	switch {
	case key == "":
		x.refuse(refusals[401], "Authorization: must be Bearer and an API key")
	case !left.known:
		no := refusals[401]
		if strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, keyPrefix) { // who sent a real key must learn where it went
			no.reference.ErrorDescription += notWorkOS
			no.live.Message += notWorkOS
		}
		x.refuse(no, "Authorization: the API key is not one of this sandbox's")
	case left.refused:
		x.refuse(refusals[429], fmt.Sprintf("rate limit: %d requests in %v are spent; the next window begins in %d s", left.limit, x.h.window, seconds(left.reset.Sub(left.now))))
	case !left.permitted:
		x.refuse(refusals[403], "Authorization: the API key lacks permissions")
	default:
		if x.check(r, unread) {
			x.h.api.ServeHTTP(x, r)
		}
	}
}

// noRoute answers at a route that does not exist, in the live dialect's form. It names no
// organization: a client would take it for the answer to one.
func (x *exchange) noRoute() {
	routes, _ := x.h.dialect.list()
	x.note("no such route")
	x.json(http.StatusNotFound, map[string]string{
		"message": "Not Found: this sandbox serves " + strings.Join(routes, ", ") + " and the pages of links; GET " + controlPath + "/ says how to control it",
		"code":    "not_found",
	})
}

// json makes v the answer. v is text and lists of it: encoding cannot fail.
func (x *exchange) json(status int, v any) {
	x.header.Set("Content-Type", "application/json")
	x.status = status
	_ = json.NewEncoder(&x.body).Encode(v)
}

// bearer returns the key of a request.
func bearer(h http.Header) string {
	scheme, key, _ := strings.Cut(strings.Join(h["Authorization"], " "), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key // two of them are one that does not exist
}
