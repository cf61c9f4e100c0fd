package client

import (
	"context"
	"sync/atomic"
)

// A lineage is what a link and its successors share, so that however many callers
// hold however many stale ones, one request makes the next.
type lineage struct {
	newest atomic.Pointer[PortalLink]
	asking flight[*PortalLink]
}

// family is made for the first link of a lineage that is renewed; its successors
// are born into it.
func (o *origin) family() *lineage {
	if f := o.lineage.Load(); f != nil {
		return f
	}
	o.lineage.CompareAndSwap(nil, new(lineage))
	return o.lineage.Load()
}

// EnsureFresh returns link while it has more life left than the margin (30 s
// unless WithExpiryMargin says otherwise), and else a new link for the same
// request. Call it right before the redirect.
//
// Callers who hold the same stale link share one request, and those who come
// later get its successor for as long as that is fresh; one caller's cancellation
// does not end the request for the others.
//
// A literal link, or nil, has no request to repeat: that is [ErrInvalidRequest].
func (c *Client) EnsureFresh(ctx context.Context, link *PortalLink) (*PortalLink, error) {
	const name = "refresh portal link"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	if link == nil || link.origin == nil {
		return nil, during(name, invalid("link", "must come from GeneratePortalLink: there is no request to repeat"))
	}
	fresh := func(l *PortalLink) bool { return l != nil && l.TTL() > core.margin }
	if fresh(link) {
		return link, nil
	}
	family := link.origin.family()
	if newest := family.newest.Load(); fresh(newest) {
		return newest, nil
	}
	renewed, err := family.asking.do(ctx, 0, func(ctx context.Context) (*PortalLink, error) {
		// The last question may have been answered between the look above and here.
		if newest := family.newest.Load(); fresh(newest) {
			return newest, nil
		}
		l, err := core.generate(ctx, name, link.origin.request, family)
		if err == nil {
			family.newest.Store(l)
		}
		return l, err
	})
	if err != nil {
		return nil, core.interrupted(name, nil, 0, err)
	}
	return renewed, nil
}
