package client

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"time"

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
		wait := cmp.Or(c.failure.RetryAfter, max(l.policy.backoff(c.retries+1)-time.Since(c.answer.sent), 0))
		if !affordable(c, wait, l.policy.MaxWait) {
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
		status == http.StatusNotFound && a.verdict == fromIntermediary || // the route may come back
		status <= 299 && a.err != nil && transient(a.err) // no answer, or a success cut short
}

// A RetryPolicy says how often and how patiently a call is attempted. In every field zero means the
// default, so a literal names only what differs.
//
// These answers are retried: 429, 500, 502, 503, 504, Cloudflare's 520 to 524, a proxy's 404 once
// the dialect is known, and a body that is cut short. So are network failures, except an untrusted
// certificate, a handshake that the server refuses, and a proxy that refuses the connection. A POST
// is retried like a GET: a second link is harmless, and both work until they expire.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too: 1 turns retries off. Default 4. Finding out the
	// dialect and trying a rotated key do not count.
	MaxAttempts int

	// BaseDelay bounds the wait before the second attempt. The bound doubles with each further one,
	// and the wait is drawn evenly from zero up to it. It counts from the start of the attempt that
	// failed. Default 1 s, as WorkOS's Admin Portal reference advises ("Rate Limits"). Negative means
	// no wait.
	BaseDelay time.Duration

	// MaxDelay caps that bound. Default 30 s. It does not cap what the server asks for: Retry-After is
	// never cut short. Negative means no cap.
	MaxDelay time.Duration

	// MaxWait is the longest single wait that is begun, to back off or for the rate limit's reset. A
	// call that would have to wait longer returns at once; where the service or the rate limit asks
	// for the wait, Error.RetryAfter says how long it is. Default 2 min. Negative means no bound
	// except the context's.
	MaxWait time.Duration

	// AttemptTimeout bounds each attempt, from the connection to the last byte, and each question to
	// the API key source. Default 10 s. Negative means none. If the context has a deadline and another
	// attempt may follow, the first attempt takes at most half of the time left, so that one that
	// hangs leaves time for another.
	AttemptTimeout time.Duration
}

// forever stands for no bound. Twice as long is still a time.Duration.
const forever time.Duration = 1 << 61

// withDefaults replaces zero by the default. A negative wait becomes none, and a negative bound
// becomes forever.
func (p RetryPolicy) withDefaults() RetryPolicy {
	bound := func(d, byDefault time.Duration) time.Duration {
		if d < 0 {
			return forever
		}
		return min(cmp.Or(d, byDefault), forever)
	}
	return RetryPolicy{
		MaxAttempts: cmp.Or(p.MaxAttempts, 4), BaseDelay: max(cmp.Or(p.BaseDelay, time.Second), 0), MaxDelay: bound(p.MaxDelay, 30*time.Second),
		MaxWait: bound(p.MaxWait, 2*time.Minute), AttemptTimeout: bound(p.AttemptTimeout, 10*time.Second),
	}
}

// backoff is the wait before the nth retry when the server asks for none. It has full jitter, so
// that callers who failed together do not come back together.
func (p RetryPolicy) backoff(n int) time.Duration {
	bound := min(p.BaseDelay, p.MaxDelay)
	for range n - 1 {
		bound = min(2*bound, p.MaxDelay)
	}
	return rand.N(bound + 1) // jitter, not a secret
}
