package client

import (
	"context"
)

// EnsureFresh returns link while it has more life left than the margin (30 s by default, see
// [WithExpiryMargin]), and else a new link for the same request. Call it right before the redirect.
//
// Goroutines that refresh the same stale link at the same time share one request, and one caller's
// cancellation does not end it for the others. A caller who comes later with the stale link makes
// a request of its own, so keep the link that is returned.
//
// A literal link, or nil, has no request to repeat: that is [ErrInvalidRequest]. Every error is an
// [*Error].
func (c *Client) EnsureFresh(ctx context.Context, link *PortalLink) (*PortalLink, error) {
	const name = "refresh portal link"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	if link == nil || link.origin == nil {
		return nil, during(name, invalid("link", "must come from GeneratePortalLink: there is no request to repeat"))
	}
	if link.TTL() > core.margin {
		return link, nil
	}
	renewed, err := link.origin.renewal.do(ctx, false, func(ctx context.Context) (*PortalLink, error) {
		return core.generate(ctx, name, link.origin.request, true)
	})
	if err != nil && !is[*Error](err) { // this caller has left
		return nil, during(name, err)
	}
	return renewed, err
}
