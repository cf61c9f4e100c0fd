package portalhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// maxBody is how much of a click's body is read: a form of one button, with room
// for whatever tokens the page adds.
const maxBody = 64 << 10

// A Portal makes links: a [*client.Client], or a fake in your tests.
type Portal interface {
	GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error)
}

type handler struct {
	settings
	portal Portal
	who    func(*http.Request) (client.PortalLinkRequest, error)
}

// NewHandler returns a handler that makes a link at the click and sends the admin
// to it.
//
// who says who may go where. It reads the organization from the session of the
// person who clicked, never from the form, the query or the path: those are what
// that person chose to send. An error that wraps [ErrForbidden] is answered 403,
// one that wraps [ErrUnauthenticated] 401, any other 500. The request that it is
// given carries the deadline of [WithTimeout], and at most 64 KiB of body. Where
// its ReturnURL is empty, see [WithReturnURL].
//
// NewHandler panics where portal or who is nil or an option cannot be used, as
// http.Handle does for a bad pattern: a mistake shows at startup, not at a click.
func NewHandler(portal Portal, who func(r *http.Request) (client.PortalLinkRequest, error), opts ...Option) http.Handler {
	if portal == nil || who == nil {
		panic("portalhttp: NewHandler needs a portal and a function that says who may go where")
	}
	h := &handler{settings: defaults(), portal: portal, who: who}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&h.settings); err != nil {
			panic("portalhttp: NewHandler: " + err.Error())
		}
	}
	return h
}

// ServeHTTP answers one click:
//
//	refuse    what is no click on our own page: nothing is made   refuse.go
//	who       may this person go there?                           the caller's
//	complete  is there a way back?                                address.go
//	portal    the link is made                                    package client
//	send      303 to it, or JSON                                  below
//	fail      or a page that says what to do                      failure.go, page.go
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if k, err := h.refuse(r); err != nil {
		h.fail(w, r, client.PortalLinkRequest{}, k, err)
		return
	}
	ctx := r.Context()
	if h.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.timeout)
		defer cancel()
	}
	asked := r.WithContext(ctx)
	if r.Body != nil {
		asked.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	req, err := h.who(asked)
	if err != nil {
		h.fail(w, r, req, kindOfRefusal(err), err)
		return
	}
	if err := h.complete(&req, r); err != nil {
		h.fail(w, r, req, internal, err)
		return
	}
	link, err := h.portal.GeneratePortalLink(ctx, req)
	if err == nil {
		err = checkLink(link)
	}
	if err != nil {
		h.fail(w, r, req, kindOfFailure(err), err)
		return
	}
	h.logMade(r, req, link)
	send(w, r, link)
}

// complete sees to it that the admin finds the way back, and refuses to send them
// anywhere that is no address: who may have taken it from the request.
func (h *handler) complete(req *client.PortalLinkRequest, r *http.Request) error {
	if req.ReturnURL == "" {
		req.ReturnURL = h.home(r)
	}
	if err := checkAddress(req.ReturnURL); err != nil {
		return fmt.Errorf("%w: return_url: %w", client.ErrInvalidRequest, err)
	}
	if req.SuccessURL == "" {
		return nil
	}
	if err := checkAddress(req.SuccessURL); err != nil {
		return fmt.Errorf("%w: success_url: %w", client.ErrInvalidRequest, err)
	}
	return nil
}

// checkLink is for portals other than the client, which has looked already.
func checkLink(link *client.PortalLink) error {
	if link == nil {
		return fmt.Errorf("%w: no link, and no error either", client.ErrMalformedResponse)
	}
	if err := checkAddress(link.URL); err != nil {
		return fmt.Errorf("%w: link: %w", client.ErrMalformedResponse, err)
	}
	return nil
}

// send hands the link over: 303 makes a GET of the POST, so that the way to the
// portal is neither in this origin's history nor sent again by a reload.
func send(w http.ResponseWriter, r *http.Request, link *client.PortalLink) {
	if !wantsJSON(r.Header.Values("Accept")) {
		http.Redirect(w, r, link.URL, http.StatusSeeOther)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		URL       string    `json:"url"`
		ExpiresAt time.Time `json:"expires_at,omitzero"`
	}{link.URL, link.ExpiresAt.UTC()})
}

// statusGone is in the log of whoever stands in front, in nginx's word for it.
const statusGone = 499

// fail answers a click that got no link, and tells the operator why.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, req client.PortalLinkRequest, k kind, cause error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		// They pressed twice, or left: there is nobody to show a page to.
		h.log(r, slog.LevelDebug, "portal link not wanted any more", req, slog.Any("error", cause))
		w.WriteHeader(statusGone)
		return
	}
	f := newFailure(k, cause)
	f.ReturnURL = req.ReturnURL
	if checkAddress(f.ReturnURL) != nil {
		f.ReturnURL = h.home(r)
	}
	h.log(r, k.level, "portal link not made", req, f.attrs()...)

	switch f.Status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		// RFC 9110 wants a scheme. Browsers ask for a password at those they know.
		w.Header().Set("WWW-Authenticate", "Session")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	h.onError(w, r, f)
}

// logMade tells of a link that was dead on arrival, too. The person is sent there all
// the same: by the server's clock it is dead, and that clock may be what is wrong,
// while the portal's own page knows, and says so.
func (h *handler) logMade(r *http.Request, req client.PortalLinkRequest, link *client.PortalLink) {
	ttl := slog.Duration("ttl", link.TTL().Round(time.Second))
	if link.Expired() && !link.ExpiresAt.IsZero() {
		h.log(r, slog.LevelWarn, "portal link had expired when it came", req, ttl, slog.Time("expires_at", link.ExpiresAt))
		return
	}
	h.log(r, slog.LevelInfo, "portal link made", req, ttl)
}

// log never has the link: attrs come from the request and from errors, which have
// no secrets.
func (h *handler) log(r *http.Request, level slog.Level, message string, req client.PortalLinkRequest, attrs ...slog.Attr) {
	logger := h.logger
	if logger == nil {
		logger = slog.Default() // today's, which the program may have set since
	}
	if req.Organization != "" {
		attrs = append([]slog.Attr{slog.String("organization", req.Organization), slog.String("intent", string(req.Intent))}, attrs...)
	}
	logger.LogAttrs(r.Context(), level, message, attrs...)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // a link is full of &
	_ = enc.Encode(v)        // the client has gone
}
