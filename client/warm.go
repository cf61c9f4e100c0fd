package client

import (
	"context"
	"errors"
	"time"
)

// warmFor is how long after an answer a connection counts as warm: load balancers close a silent
// one after 60 s, net/http after 90.
const warmFor = 55 * time.Second

// Warm prepares for a click. It sends an empty request, which the service refuses as incomplete,
// so that the connection stands, a wrong key shows and the dialect is known before anybody
// presses a button. A click after it takes one round trip instead of three or four.
//
// Call it at startup, and in the background for every page that shows a button: it sends nothing
// within 55 s of the last answer, and callers at the same time share one request. It costs one
// request of the budget, two where the dialect is still to be learned. It does not wait for the
// rate limit: where the budget is spent it sends nothing, and that is success.
//
// It makes one attempt for each route, within ctx and [RetryPolicy].AttemptTimeout. Nil means that
// the service answered. [ErrUnauthorized] means that it refuses the key. An answer that Warm does
// not expect is an error too, and does no harm. Every error is an [*Error].
func (c *Client) Warm(ctx context.Context) error {
	core := c.ready()
	if core.isWarm() {
		return nil
	}
	_, _, err := core.warming.do(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, core.warm(ctx)
	})
	if err != nil {
		return during("warm up", err)
	}
	return nil
}

// isWarm reports whether the connection is kept, and Warm has nothing to find out. What the last
// one could not find out it does not ask again on every page.
func (c *core) isWarm() bool {
	known := c.pinned != DialectAuto || c.links.dialect() != DialectAuto
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return time.Since(c.gate.spoke) < warmFor && (known || time.Since(c.gate.warmed) < warmFor)
}

func (c *core) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout.limit)
	defer cancel()
	call := c.newCall(ctx, "warm up", c.links)
	call.warm, call.origin = true, new(origin) // a link that is made all the same is dropped
	err := c.travel(call, c.pinned, linkRoutes)
	incomplete := errors.Is(err, ErrInvalidRequest) || errors.Is(err, ErrOrganizationNotFound)
	if errors.Is(err, errNoBudget) || incomplete && call.answer.status != 0 {
		return nil
	}
	return err
}
