package client

import (
	"cmp"
	"net/http"

	"github.com/adminportal-go/adminportal/gen"
)

// retry is the step that sends a request again when that may help, after the wait that the server
// asks for, or that the policy's formula says.
type retry struct {
	next   gen.HttpRequestDoer
	policy RetryPolicy
}

func (l *retry) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	for {
		resp, err := l.next.Do(req)
		switch {
		case c.failure == nil, err != error(c.failure): // it has succeeded, or was not sent
			return resp, err
		case c.Err() != nil:
			return nil, c.stopped(c.Err())
		case c.warm, c.retries+1 >= l.policy.MaxAttempts, !worthRetrying(&c.answer):
			return resp, err
		}
		wait := cmp.Or(c.failure.RetryAfter, l.policy.backoff(c.retries+1))
		if !l.policy.affordable(c, wait) {
			return resp, err
		}
		if err := pause(c, wait, nil); err != nil {
			return nil, c.stopped(err)
		}
		c.retries++
	}
}

// worthRetrying reports whether the same request may fare better next time.
func worthRetrying(a *answer) bool {
	status := a.status
	return status == http.StatusTooManyRequests || status == http.StatusInternalServerError ||
		status >= http.StatusBadGateway && status <= http.StatusGatewayTimeout ||
		status >= 520 && status <= 524 || // Cloudflare cannot reach the service
		status == http.StatusNotFound && a.verdict == ofIntermediary || // the service has the route
		status <= 299 && a.err != nil && transient(a.err)
}
