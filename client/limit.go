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
	ctx := req.Context()
	c := callOf(ctx)
	number, err := l.admit(ctx, c.warm)
	if err != nil {
		return nil, refusal(c, err)
	}
	// Also where a transport of the user's panics, which leaves no answer.
	defer func() { l.gate.answer(number, c.answer, c.warm) }()
	resp, err := l.next.Do(req)
	if pauser, ok := l.limiter.(LimitPauser); ok && c.answer.status == http.StatusTooManyRequests {
		pauser.Pause(ctx, cmp.Or(c.failure.RetryAfter, l.policy.BaseDelay))
	}
	return resp, err
}

// warmPatience is how long a limiter may take to admit what Warm sends: a trip to a limiter on the
// network, and no wait for budget.
const warmPatience = 100 * time.Millisecond

// errNoBudget is for a call of Warm's, which does not wait.
var errNoBudget = errors.New("the rate limit is spent")

// admit waits for the gate and then for the limiter, so that no token of the limiter grows old at
// the gate. The gate is asked again in the end, since it may have closed meanwhile.
func (l *limit) admit(ctx context.Context, warm bool) (uint64, error) {
	last, asked := time.Now().Add(maxReset), l.limiter == nil
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		number, open := l.gate.enter(asked, !time.Now().Before(last))
		var err error
		switch {
		case open && asked:
			return number, nil
		case open:
			asked, err = true, l.ask(ctx, warm)
		case warm:
			err = errNoBudget
		default:
			err = l.gate.wait(ctx, l.policy, last)
		}
		if err != nil {
			return 0, err
		}
	}
}

// ask waits for the limiter.
func (l *limit) ask(ctx context.Context, warm bool) error {
	patience := timeout{limit: l.policy.MaxWait}
	if warm {
		patience.limit = warmPatience
	}
	bounded, cancel := patience.begin(ctx)
	defer cancel()
	err := l.limiter.Wait(bounded)
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case warm:
		return errNoBudget
	}
	return limiterError{err}
}

// A limiterError is the error of a limiter while the call's own context is alive.
type limiterError struct{ error }

// refusal is the error of a call whose next attempt was not admitted.
func refusal(c *call, err error) *Error {
	if closed, ok := errors.AsType[gateClosed](err); ok {
		e := c.stopped(nil)
		e.RetryAfter = max(e.RetryAfter, closed.left)
		if c.failure == nil {
			e.Description, e.kind, e.hint = closed.Error(), ErrRateLimited, hintTooLong
		}
		return e
	}
	limited, ok := errors.AsType[limiterError](err)
	if !ok {
		return c.stopped(err)
	}
	e := c.stopped(limited.error)
	e.kind, e.hint = ErrRateLimited, hintTooLong
	if later, ok := errors.AsType[RetryAfterError](limited.error); ok {
		e.RetryAfter = max(e.RetryAfter, later.RetryAfter())
	}
	return e
}
