package portalhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// maxBody is how much of a click's body is read: a form with one button, with room for the tokens that a page may
// add.
const maxBody = 64 << 10

// A Portal makes links: a [*client.Client], or a fake in your tests.
type Portal interface {
	GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error)
}

type handler struct {
	portal Portal
	who    func(*http.Request) (client.PortalLinkRequest, error)

	origins   http.CrossOriginProtection
	returnURL string
	guessed   sync.Once // the first guess of a return address is logged
	timeout   time.Duration
	logger    *slog.Logger                                    // nil: slog.Default, which the program may set later
	onError   func(http.ResponseWriter, *http.Request, error) // nil: the failure serves itself
}

// NewHandler returns a handler that makes a link at the click and sends the admin to it. It is safe for concurrent
// use.
//
// The function who decides who may go where. It takes the organization from the session of the person who clicked,
// never from the form, the query or the path, which that person can change. An error that wraps [ErrForbidden] is
// answered with 403, one that wraps [ErrUnauthenticated] with 401, any other with 500. The request that it gets has
// the deadline of [WithTimeout], and at most 64 KiB of body. If it leaves ReturnURL empty, see [WithReturnURL].
//
// NewHandler panics if portal or who is nil or an option is invalid, as http.Handle does for an invalid pattern: the
// mistake shows at startup and not at a click.
func NewHandler(portal Portal, who func(r *http.Request) (client.PortalLinkRequest, error), opts ...Option) http.Handler {
	if portal == nil || who == nil {
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

// ServeHTTP answers one click.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	ctx := r.Context()
	if h.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.timeout)
		defer cancel()
	}
	r = r.WithContext(ctx) // a copy
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	if k, err := h.refuse(r); err != nil { // not a click on a page of our own
		h.fail(w, r, client.PortalLinkRequest{}, k, err)
		return
	}
	req, link, k, err := h.makeLink(r)
	if err != nil {
		h.fail(w, r, req, k, err)
		return
	}
	level, message := slog.LevelInfo, "portal link made"
	if link.Expired() && !link.ExpiresAt.IsZero() {
		// The admin is sent there all the same: the clock that says so may be wrong, and the portal's own page knows
		// better.
		level, message = slog.LevelWarn, "portal link had expired when it came"
	}
	h.log(r, level, message, req, slog.Duration("ttl", link.TTL().Round(time.Second)))
	sendLink(w, r, link)
}

// makeLink asks the caller's function and then the portal. The kind is that of the error.
func (h *handler) makeLink(r *http.Request) (client.PortalLinkRequest, *client.PortalLink, kind, error) {
	req, err := h.who(r)
	if err != nil {
		return req, nil, kindOf(err, refusals), err
	}
	if err := h.complete(&req, r); err != nil {
		return req, nil, internal, err
	}
	link, err := h.portal.GeneratePortalLink(r.Context(), req)
	if err == nil && link == nil {
		link = new(client.PortalLink)
	}
	if err == nil && checkAddress(link.URL) != nil { // the client has checked it; another portal may not
		err = fmt.Errorf("%w: link: %w", client.ErrMalformedResponse, checkAddress(link.URL))
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
	if f.ReturnURL = req.ReturnURL; checkAddress(f.ReturnURL) != nil {
		f.ReturnURL = h.home(r)
	}
	h.log(r, k.level, "portal link not made", req, f.attrs()...)

	switch f.Status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		// RFC 9110 requires a scheme. Browsers ask for a password only at schemes that they know.
		w.Header().Set("WWW-Authenticate", "Session")
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
