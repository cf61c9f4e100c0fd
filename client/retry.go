package client

import (
	"net/http"

	"github.com/adminportal-go/adminportal/gen"
)

// retry is the link that sends a request again when that may help, after the wait that the server
// asks for, or that the policy's formula says.
type retry struct {
	next   gen.HttpRequestDoer
	policy RetryPolicy
}

func (l *retry) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c := callOf(ctx)
	for {
		sent := c.attempts
		resp, err := l.next.Do(req)
		switch {
		case c.attempts == sent, c.failure == nil: // it was not sent, or has succeeded
			return resp, err
		case ctx.Err() != nil:
			return nil, c.stopped(ctx.Err())
		case c.warm, c.retries+1 >= l.policy.MaxAttempts, !worthRetrying(c):
			return resp, err
		}
		wait := c.failure.RetryAfter
		if wait == 0 {
			wait = l.policy.backoff(c.retries + 1)
		}
		if !l.policy.affordable(ctx, wait) {
			return resp, err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, c.stopped(err)
		}
		c.retries++
	}
}

// worthRetrying reports whether the same request may fare better next time.
func worthRetrying(c *call) bool {
	a := c.answer
	switch {
	case a.status == http.StatusTooManyRequests, a.status == http.StatusInternalServerError,
		a.status >= http.StatusBadGateway && a.status <= http.StatusGatewayTimeout,
		a.status >= 520 && a.status <= 524: // Cloudflare cannot reach the service
		return true
	case a.status == http.StatusNotFound:
		// Cut short, it cannot be told apart. Where the service is known to have the route, a
		// 404 that does not speak of the organization is a proxy's.
		return a.err != nil && transient(a.err) || c.settled && !a.cannot() && !c.ofOrganization(a)
	case a.status > 299:
		return false
	}
	return a.err != nil && transient(a.err)
}
