package client

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A Limiter holds attempts back, for example so that several processes share one budget.
// *rate.Limiter of golang.org/x/time/rate is one. It must be safe for concurrent use.
//
// Wait is asked before every attempt and returns nil when it may be sent. Its error ends the call
// and is in the error's chain. Wait's context ends after [RetryPolicy].MaxWait at the latest.
type Limiter interface {
	Wait(ctx context.Context) error
}

// A LimitPauser is a [Limiter] that is told of every 429, so that all who share it cool down
// together. Pause returns at once; d is how long to stay away.
type LimitPauser interface {
	Pause(ctx context.Context, d time.Duration)
}

// A RetryAfterError is an error of a [Limiter]'s Wait that knows how long the wait would have
// been: [Error].RetryAfter says so.
type RetryAfterError interface {
	error
	RetryAfter() time.Duration
}

// limit is the link that waits for budget: for the gate, which hears what every answer says, and
// for the user's limiter.
type limit struct {
	next    gen.HttpRequestDoer
	gate    *gate
	limiter Limiter // nil: none
	policy  RetryPolicy
}

func (l *limit) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	number, err := l.admit(c)
	if err != nil {
		return nil, err
	}
	// Also where a transport of the user's panics, which leaves no answer.
	defer func() { l.gate.answer(number, &c.answer, c.warm) }()
	resp, err := l.next.Do(req)
	if pauser, ok := l.limiter.(LimitPauser); ok && c.answer.status == http.StatusTooManyRequests {
		pauser.Pause(c, cmp.Or(c.failure.RetryAfter, l.policy.BaseDelay))
	}
	return resp, err
}

// warmPatience is how long a limiter may take to admit what Warm sends: a trip to a limiter on the
// network, and no wait for budget.
const warmPatience = 100 * time.Millisecond

var errNoBudget = errors.New("the rate limit is spent")

// admit waits for the gate and then for the limiter, so that no token of the limiter grows old at
// the gate. The gate is asked again in the end, since it may have closed meanwhile.
func (l *limit) admit(c *call) (number uint64, err error) {
	last, asked := time.Now().Add(maxReset), l.limiter == nil
	for c.Err() == nil {
		number, open := l.gate.enter(asked, !time.Now().Before(last))
		switch {
		case open && asked:
			return number, nil
		case open:
			asked = true
			if err := l.ask(c); err != nil {
				return 0, err
			}
		case c.warm:
			return 0, c.stopped(errNoBudget)
		default:
			if left := l.gate.wait(c, l.policy, last); left > 0 {
				return 0, spent(c, left)
			}
		}
	}
	return 0, c.stopped(c.Err())
}

// ask waits for the limiter. That the call's own context ends is for the caller to see.
func (l *limit) ask(c *call) error {
	patience := l.policy.MaxWait
	if c.warm {
		patience = warmPatience
	}
	bounded, cancel := context.WithTimeout(c, patience)
	defer cancel()
	err := l.limiter.Wait(bounded)
	switch {
	case err == nil || c.Err() != nil:
		return nil
	case c.warm:
		return c.stopped(errNoBudget)
	}
	e := c.stopped(err)
	e.kind, e.hint = ErrRateLimited, hintTooLong
	if later, ok := errors.AsType[RetryAfterError](err); ok {
		e.RetryAfter = max(e.RetryAfter, later.RetryAfter())
	}
	return e
}

// spent is the error of a call that has less time than there is until the reset.
func spent(c *call, left time.Duration) error {
	e := c.stopped(nil)
	e.RetryAfter = max(e.RetryAfter, left)
	if c.failure == nil {
		e.Description, e.kind, e.hint = errNoBudget.Error(), ErrRateLimited, hintTooLong
	}
	return e
}
