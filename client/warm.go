package client

import (
	"context"
	"errors"
	"time"
)

// warmFor is how long after an answer a connection counts as warm: load balancers close a silent
// one after 60 s, net/http after 90.
const warmFor = 55 * time.Second

// coldFor is how long Warm repeats an error without asking again, so that pages do not spend the
// budget of a service in trouble.
const coldFor = 5 * time.Second

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
	if warm, err := core.isWarm(); warm {
		return err
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
// one could not find out it does not ask again on every page; why it failed holds for a while.
func (c *core) isWarm() (warm bool, err error) {
	known := c.pinned != DialectAuto || c.links.dialect() != DialectAuto
	g := &c.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.cold != nil && !g.spoke.After(g.warmed) {
		return time.Since(g.spoke) < coldFor, c.cold
	}
	return time.Since(g.spoke) < warmFor && (known || time.Since(g.warmed) < warmFor), nil
}

func (c *core) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout.limit)
	defer cancel()
	call := c.newCall(ctx, "warm up", c.links)
	call.warm, call.origin = true, new(origin) // a link that is made all the same is dropped
	err := c.travel(call, c.pinned, linkRoutes)
	if errors.Is(err, errNoBudget) {
		return nil
	}
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.cold = err
	return err
}
