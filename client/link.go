package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

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
	const name = "generate portal link"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	return core.generate(ctx, name, req, false)
}

func (c *core) generate(ctx context.Context, name string, req PortalLinkRequest, shared bool) (*PortalLink, error) {
	if err := req.Validate(); err != nil {
		return nil, during(name, err)
	}
	only := c.pinned
	if field := req.liveOnly(); field != "" {
		if only == DialectPortalLinks {
			return nil, during(name, invalid(field, "needs the live dialect, and DialectPortalLinks is pinned: use DialectAuto or DialectGenerateLink"))
		}
		only = DialectGenerateLink
	}
	req.ITContactEmails = slices.Clone(req.ITContactEmails)
	call := c.newCall(name, &c.links)
	call.request, call.shared = req, shared
	if err := c.travel(ctx, call, only, &linkRoutes); err != nil {
		return nil, err
	}
	return call.link, nil
}

// linkRoutes ask for a link, or with [Client.Warm] for nothing.
var linkRoutes = routes{
	{operation: "generatePortalLink", dialect: DialectPortalLinks, send: (*core).generatePortalLink, read: (*call).readLink},
	{operation: "generateLink", dialect: DialectGenerateLink, send: (*core).generateLink, read: (*call).readLink},
}

// Each route has an Idempotency-Key of its own, since a gateway may hold a key to its first request.

func (c *core) generatePortalLink(ctx context.Context, call *call) (*http.Response, error) {
	params := &gen.GeneratePortalLinkParams{IdempotencyKey: rand.Text()}
	if call.warm {
		return c.api.GeneratePortalLinkWithBody(ctx, params, "application/json", strings.NewReader("{}"))
	}
	return c.api.GeneratePortalLink(ctx, params, call.request.sheetBody())
}

func (c *core) generateLink(ctx context.Context, call *call) (*http.Response, error) {
	params := &gen.GenerateLinkParams{IdempotencyKey: rand.Text()}
	if call.warm {
		return c.api.GenerateLinkWithBody(ctx, params, "application/json", strings.NewReader("{}"))
	}
	return c.api.GenerateLink(ctx, params, call.request.liveBody())
}

func (c *call) readLink(a *answer) (err error) {
	c.link, err = readLink(a, c.trust, c.request)
	return err
}
