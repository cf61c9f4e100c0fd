package client

import (
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
	number, err := l.admit(ctx, c)
	if err != nil {
		return nil, refusal(c, err)
	}
	// Also where a transport of the user's panics, which leaves no answer.
	defer func() { l.gate.answer(number, c.answer, c.warm) }()
	resp, err := l.next.Do(req)
	if pauser, ok := l.limiter.(LimitPauser); ok && c.answer != nil && c.answer.status == http.StatusTooManyRequests {
		wait := c.failure.RetryAfter
		if wait == 0 {
			wait = l.policy.BaseDelay
		}
		pauser.Pause(ctx, wait)
	}
	return resp, err
}

// admit waits for the gate first and then for the limiter, so that no token of the limiter grows
// old at the gate. The gate counts the attempt last, since it may have closed meanwhile.
func (l *limit) admit(ctx context.Context, c *call) (uint64, error) {
	if c.warm {
		return l.admitWarm(ctx)
	}
	if l.limiter != nil {
		if err := l.gate.ready(ctx, l.policy); err != nil {
			return 0, err
		}
		if err := l.askLimiter(ctx, l.policy.MaxWait); err != nil {
			return 0, err
		}
	}
	return l.gate.enter(ctx, l.policy)
}

// warmPatience is how long a limiter may take to admit what Warm sends: a trip to a limiter on the
// network, and no wait for budget.
const warmPatience = 100 * time.Millisecond

// errNoBudget is for a call of Warm's: there is no budget now.
var errNoBudget = errors.New("the rate limit is spent")

func (l *limit) admitWarm(ctx context.Context) (uint64, error) {
	number, ok := l.gate.tryEnter()
	if !ok {
		return 0, errNoBudget
	}
	if l.limiter == nil {
		return number, nil
	}
	if err := l.askLimiter(ctx, warmPatience); err != nil {
		l.gate.withdraw()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, errNoBudget
	}
	return number, nil
}

func (l *limit) askLimiter(ctx context.Context, most time.Duration) error {
	bounded, cancel := ctx, context.CancelFunc(func() {})
	if most > 0 {
		bounded, cancel = context.WithTimeout(ctx, most)
	}
	defer cancel()
	err := l.limiter.Wait(bounded)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return limiterError{err}
}

// A limiterError is the error of a limiter while the call's own context is alive.
type limiterError struct{ error }

// refusal is the error of a call whose next attempt was not admitted.
func refusal(c *call, err error) *Error {
	var (
		closed  gateClosed
		limited limiterError
	)
	switch {
	case errors.As(err, &closed):
		e := c.stopped(nil)
		e.RetryAfter = max(e.RetryAfter, closed.left)
		if c.failure == nil {
			e.Description, e.kind, e.hint = closed.Error(), ErrRateLimited, hintTooLong
		}
		return e
	case errors.As(err, &limited):
		e := c.stopped(limited.error)
		e.kind, e.hint = ErrRateLimited, hintTooLong
		var later RetryAfterError
		if errors.As(limited.error, &later) {
			e.RetryAfter = max(e.RetryAfter, later.RetryAfter())
		}
		return e
	}
	return c.stopped(err)
}
