package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"

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

// linkRoutes have an Idempotency-Key each, since a gateway may hold a key to its first request.
var linkRoutes = routes{
	{
		operation: "generatePortalLink", dialect: DialectPortalLinks, read: (*call).readLink,
		send: func(ctx context.Context, c *core, call *call) (*http.Response, error) {
			return c.api.GeneratePortalLink(ctx, &gen.GeneratePortalLinkParams{IdempotencyKey: rand.Text()}, call.request.sheetBody())
		},
	},
	{
		operation: "generateLink", dialect: DialectGenerateLink, read: (*call).readLink,
		send: func(ctx context.Context, c *core, call *call) (*http.Response, error) {
			return c.api.GenerateLink(ctx, &gen.GenerateLinkParams{IdempotencyKey: rand.Text()}, call.request.liveBody())
		},
	},
}
