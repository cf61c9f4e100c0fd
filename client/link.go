package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// GeneratePortalLink asks WorkOS for a link at which the request's organization configures the
// request's intent. Redirect the admin to link.URL at once.
//
// What is wrong with the request is refused before anything is sent, and matches
// [ErrInvalidRequest] (see [PortalLinkRequest.Validate]). Failures that may pass are retried (see
// [RetryPolicy]); a retried call may make a second link, which is harmless. The context bounds the
// whole call with its waits. Every error is an [*Error].
//
// A link that is dead on arrival, by the server's own clock, is no error: it is returned, and
// [PortalLink.Expired] says so.
func (c *Client) GeneratePortalLink(ctx context.Context, req PortalLinkRequest) (*PortalLink, error) {
	return c.core.generate(ctx, "generate portal link", req, false)
}

// EnsureFresh returns link while it has more life left than the margin (30 s by default, see
// [WithExpiryMargin]), and else a new link for the same request. Call it right before the redirect.
//
// Goroutines that refresh the same stale link at the same time share one request, and one caller's
// cancellation does not end it for the others. A caller who comes later with the stale link makes a
// request of its own, so keep the link that is returned.
//
// A literal link, or nil, has no request to repeat: that is [ErrInvalidRequest]. Every error is an
// [*Error].
func (c *Client) EnsureFresh(ctx context.Context, link *PortalLink) (*PortalLink, error) {
	const name = "refresh portal link"
	if link == nil || link.origin == nil {
		return nil, during(name, invalid("link", "must come from GeneratePortalLink: there is no request to repeat"))
	}
	if link.TTL() > c.core.margin {
		return link, nil
	}
	renewed, _, err := link.origin.renewal.do(ctx, func(ctx context.Context) (*PortalLink, error) {
		return c.core.generate(ctx, name, link.origin.request, true)
	})
	return renewed, during(name, err)
}

func (c *core) generate(ctx context.Context, name string, req PortalLinkRequest, shared bool) (*PortalLink, error) {
	if err := req.Validate(); err != nil {
		return nil, during(name, err)
	}
	only := c.pinned
	if field := req.liveOnly(); field != "" {
		if only == DialectPortalLinks {
			return nil, during(name, invalid(field, "needs the dialect generate_link, and portal_links is pinned"))
		}
		only = DialectGenerateLink
	}
	req.ITContactEmails = slices.Clone(req.ITContactEmails)
	call := c.newCall(ctx, name, c.links, linkJob)
	call.origin, call.shared = &origin{request: req, life: liveLife}, shared
	if err := c.travel(call, only); err != nil {
		return nil, err
	}
	return &call.origin.link, nil
}

// linkJob asks for a link. For [Client.Warm] it sends an empty object.
var linkJob = &job{[...]string{"", "generatePortalLink", "generateLink"}, (*servers).sendLink, (*call).readLink}

// sendLink gives each route an Idempotency-Key of its own, since a gateway may hold a key to its
// first request. The header also makes net/http send a POST again whose kept connection was closed.
func (s *servers) sendLink(c *call) (*http.Response, error) {
	key, live := rand.Text(), c.dialect == DialectGenerateLink
	switch {
	case live && c.warm:
		return s.api.GenerateLinkWithBody(c.Context, &gen.GenerateLinkParams{IdempotencyKey: key}, "application/json", strings.NewReader("{}"))
	case live:
		return s.api.GenerateLink(c.Context, &gen.GenerateLinkParams{IdempotencyKey: key}, c.origin.request.liveBody())
	case c.warm:
		return s.api.GeneratePortalLinkWithBody(c.Context, &gen.GeneratePortalLinkParams{IdempotencyKey: key}, "application/json", strings.NewReader("{}"))
	}
	return s.api.GeneratePortalLink(c.Context, &gen.GeneratePortalLinkParams{IdempotencyKey: key}, c.origin.request.referenceBody())
}

// liveLife is how long a link of the live dialect lives, whose answer does not say (WorkOS's Admin
// Portal documentation: five minutes from issue).
const liveLife = 5 * time.Minute

// longLife is the longest life that is believed of one clock alone: links live ten minutes by the
// API reference, five by WorkOS's documentation.
const longLife = time.Hour

// readLink makes a link of a 2xx. The live dialect's answer is the reference's without expires_at.
// No error repeats the link.
func (c *call) readLink() error {
	a, body := &c.answer, &c.decoded
	// A leap second, which no time.Time has, is read as the second before. No error of json's gets
	// out, since it may quote a secret.
	if json.Unmarshal(a.body, body) != nil && json.Unmarshal(bytes.Replace(a.body, []byte(":59:60"), []byte(":59:59"), 1), body) != nil {
		return errors.New("not a portal link in JSON")
	}
	if u, err := parseAddress(body.Link, c.trust.plainHTTP); err != nil {
		return errors.New("link: must be an absolute https URL (http on loopback only, or with WithPlainHTTPForTests)")
	} else if len(c.trust.linkHosts) > 0 && !c.trust.allowsHost(u) {
		return errLinkHost
	}
	c.origin.counted = a.sent
	c.origin.link = PortalLink{URL: body.Link, ExpiresAt: body.ExpiresAt, origin: c.origin}
	if body.ExpiresAt.IsZero() {
		c.origin.link.ExpiresAt = a.sent.Round(0).Add(liveLife)
	} else {
		c.origin.life = lifeLeft(a, body.ExpiresAt)
	}
	return nil
}

// lifeLeft is how long a link lives, counted from a.sent, that expires at that time by the server's
// clock. In doubt it is too short.
func lifeLeft(a *answer, expires time.Time) time.Duration {
	byHost := expires.Sub(a.sent)
	byServer := expires.Sub(a.date.Add(time.Second)) // Date is cut to the second
	if a.date.IsZero() {
		byServer = byHost
	}
	switch {
	case byServer <= longLife:
		return max(byServer, 0) // a date centuries ago would overflow TTL
	case !a.date.IsZero() && byHost > 0:
		return min(byServer, byHost)
	}
	return liveLife
}

// warmFor is how long after an answer a connection counts as warm: load balancers close a silent
// one after 60 s, net/http after 90.
const warmFor = 55 * time.Second

// Warm prepares for a click. It sends an empty request, which the service refuses as incomplete, so
// that the connection stands, a wrong key shows and the dialect is known before anybody presses a
// button. A click after it takes one round trip instead of three or four.
//
// Call it at startup, and in the background for every page that shows a button: it sends nothing
// within 55 s of the last answer, unless that refused the key or did not come whole, and returns
// nil then, whatever that answer was. Callers at the same time share one request. It costs one
// request of the budget, two where the dialect is still to be learned. It does not wait for the
// rate limit: where the budget is spent it sends nothing, and that is success.
//
// It makes one attempt for each route, and one more with a rotated key, within ctx and
// [RetryPolicy].AttemptTimeout. [ErrUnauthorized] means that the service refuses the key. Any other
// answer that Warm does not expect is an error too, and does no harm. Every error is an [*Error].
func (c *Client) Warm(ctx context.Context) (err error) {
	if !c.core.isWarm() {
		_, _, err = c.core.warming.do(ctx, c.core.warm)
	}
	return during("warm up", err)
}

// isWarm reports whether the connection is kept and the dialect is known, or was asked for lately.
func (c *core) isWarm() bool {
	known := c.pinned != DialectAuto || c.links.dialect() != DialectAuto
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return time.Since(c.gate.spoke) < warmFor && (known || time.Since(c.gate.warmed) < warmFor)
}

func (c *core) warm(ctx context.Context) (none struct{}, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout.limit)
	defer cancel()
	call := c.newCall(ctx, "warm up", c.links, linkJob)
	call.warm, call.origin = true, new(origin) // a link that is made all the same is dropped
	if c.isWarm() {                            // an answer has come since the caller looked
		return none, nil
	} else if err = c.travel(call, c.pinned); errors.Is(err, errNoBudget) {
		err = nil
	}
	return none, err
}
