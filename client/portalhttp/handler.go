package portalhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A Portal makes links: a [*client.Client], or a fake in your tests.
type Portal interface {
	GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error)
}

type handler struct {
	portal    Portal
	who       func(*http.Request) (client.PortalLinkRequest, error)
	origins   http.CrossOriginProtection
	returnURL string
	guessed   sync.Once // the first guess of a return address is logged
	timeout   time.Duration
	logger    *slog.Logger                                    // nil: slog.Default, which the program may set later
	onError   func(http.ResponseWriter, *http.Request, error) // nil: the failure serves itself
}

// NewHandler returns a handler that makes a link at the click and sends the admin to it. It is safe for concurrent use.
//
// The function who decides who may go where. It takes the organization from the session of the person who clicked, never
// from the form, the query or the path, which that person can change. An error that wraps [ErrForbidden] is answered with
// 403, one that wraps [ErrUnauthenticated] with 401, one after the timeout with 504, any other with 500. The request that it gets has the deadline of
// [WithTimeout], and at most 64 KiB of body. If it leaves ReturnURL empty, see [WithReturnURL].
//
// NewHandler panics if portal or who is nil or an option is invalid, as http.Handle does for an invalid pattern: the
// mistake shows at startup and not at a click.
func NewHandler(portal Portal, who func(r *http.Request) (client.PortalLinkRequest, error), opts ...Option) http.Handler {
	if portal == nil || portal == (*client.Client)(nil) || who == nil {
		panic("portalhttp: NewHandler needs a portal and a function that says who may go where")
	}
	h := &handler{portal: portal, who: who, timeout: defaultTimeout}
	for _, opt := range opts {
		if opt != nil {
			opt(h)
		}
	}
	return h
}

// An Option changes how [NewHandler] makes a handler. Options apply in order; a nil one is skipped.
type Option func(*handler)

// WithReturnURL sets where the admin goes when leaving the portal, and where a failure's page leads back to, if the
// function gives no ReturnURL of its own: the settings page, as an absolute https URL (or http on loopback).
//
// Without either the handler guesses: the page with the button, if the browser says that it is of the handler's own
// origin (the Referer, without its query), else the front page of the Host with https. A guess leads nowhere on plain
// http, and behind a proxy that rewrites Host. The first one is logged as a warning.
func WithReturnURL(returnURL string) Option {
	return func(h *handler) {
		if !isAddress(returnURL) {
			panic("portalhttp: WithReturnURL: must be an absolute https URL (http on loopback only)")
		}
		h.returnURL = returnURL
	}
}

const defaultTimeout = 10 * time.Second // as long as a person looks at a blank tab
const maxBody = 64 << 10                // a form with one button, with room for the tokens that a page may add

// WithTimeout bounds a click, with all retries and waits: 10 s by default. Zero means the default, negative only the
// request's own context. The form's arrival is bounded by the server's ReadTimeout.
//
// A wait for the rate limit that would be longer is not begun. Where a fleet shares one budget (package redislimit) and
// jobs use it up, clicks queue behind the jobs: a click whose turn comes within 10 s waits for it, any other gets 503 at
// once and reads when to come back. Give the jobs a limiter with less than the budget, so that clicks find room.
func WithTimeout(timeout time.Duration) Option {
	return func(h *handler) { h.timeout = cmp.Or(timeout, defaultTimeout) }
}

// WithLogger sets where the handler logs a line for every click: slog.Default by default; nil means no log. A link is
// logged at info level, with organization and intent and without the link itself. A failure is an error if only the
// operator can fix it, a warning if it passes by itself or another site is behind it, and information or less if the
// person can fix it.
func WithLogger(logger *slog.Logger) Option {
	return func(h *handler) { h.logger = cmp.Or(logger, slog.New(slog.DiscardHandler)) }
}

// WithErrorHandler replaces the page, and the JSON, of every failure. err is always a [*Failure], which can also serve
// itself; with the code "turbo" it should. onError is called after the failure is logged and its headers (Allow,
// Retry-After, Cache-Control, …) are set. It is not called if the person has left. Nil means the default.
func WithErrorHandler(onError func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(h *handler) { h.onError = onError }
}

// WithTrustedOrigins accepts clicks from pages of these origins too, for a settings page that is served from elsewhere
// than the handler. Each is an origin as browsers send it, in the form that [http.CrossOriginProtection] takes:
// "https://app.example.com", "http://intranet:8080", "capacitor://localhost". A script there needs CORS headers besides:
// add them where the rest of your API gets them.
func WithTrustedOrigins(origins ...string) Option {
	return func(h *handler) {
		for _, origin := range origins {
			if err := h.origins.AddTrustedOrigin(origin); err != nil {
				panic("portalhttp: WithTrustedOrigins: " + err.Error())
			}
		}
	}
}

// ServeHTTP answers one click.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	ctx := r.Context()
	if h.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.timeout)
		defer cancel()
	}
	req, link, k, err := h.makeLink(r.WithContext(ctx))
	if err != nil {
		h.fail(w, r, req, k, err)
		return
	}
	level, message := slog.LevelInfo, "portal link made"
	if link.Expired() && !link.ExpiresAt.IsZero() { // by this clock, which may be wrong: the portal's page knows better
		level, message = slog.LevelWarn, "portal link had expired when it came"
	}
	h.log(r, level, message, req, slog.Duration("ttl", link.TTL().Round(time.Second)))
	sendLink(w, r, link)
}

// makeLink looks at the request, asks the caller's function, and then the portal. The kind is that of the error.
func (h *handler) makeLink(r *http.Request) (req client.PortalLinkRequest, link *client.PortalLink, k kind, err error) {
	if k, err = h.refuse(r); err != nil {
		return req, nil, k, err
	}
	if req, err = h.who(r); err != nil {
		return req, nil, kindOf(errors.Join(err, r.Context().Err()), refusals), err // a driver's error may hide the timeout
	}
	if err = h.complete(&req, r); err != nil {
		return req, nil, internal, err
	}
	_, _ = io.Copy(io.Discard, cmp.Or[io.ReadCloser](r.Body, http.NoBody)) // net/http then notices who leaves
	link, err = h.portal.GeneratePortalLink(r.Context(), req)
	if _, checked := h.portal.(*client.Client); err == nil && !checked && (link == nil || !isAddress(link.URL)) {
		err = fmt.Errorf("%w: the link is not an https address", client.ErrMalformedResponse)
	}
	return req, link, kindOf(err, failures), err
}

// fail answers a click that got no link, and tells the operator why.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, req client.PortalLinkRequest, k kind, cause error) {
	if errors.Is(r.Context().Err(), context.Canceled) { // they clicked twice, or left
		h.log(r, slog.LevelDebug, "portal link not wanted any more", req, slog.Any("error", cause))
		w.WriteHeader(499) // nginx's status for it; only logs see it
		return
	}
	f := newFailure(k, cause)
	if f.ReturnURL = req.ReturnURL; !isAddress(f.ReturnURL) {
		f.ReturnURL = h.home(r)
	}
	h.log(r, k.level, "portal link not made", req, f.attrs()...)
	switch f.Status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Session") // RFC 9110 requires a scheme; no browser asks for a password at this one
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	if askerOf(r) == htmx { // where it shows an answer of 4xx or 5xx, that is the whole page
		w.Header().Set("HX-Retarget", "body")
		w.Header().Set("HX-Reswap", "innerHTML")
	}
	if h.onError == nil {
		f.ServeHTTP(w, r)
		return
	}
	h.onError(w, r, f)
}

// log never gets the link: attrs come from the request and from errors, which hold no secrets.
func (h *handler) log(r *http.Request, level slog.Level, message string, req client.PortalLinkRequest, attrs ...slog.Attr) {
	logger := cmp.Or(h.logger, slog.Default())
	if req.Organization != "" {
		logger = logger.With("organization", req.Organization, "intent", req.Intent)
	}
	logger.LogAttrs(r.Context(), level, message, attrs...)
}
