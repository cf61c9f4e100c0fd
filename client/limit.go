package client

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A Limiter holds attempts back, for example so that several processes share one budget.
// *rate.Limiter of golang.org/x/time/rate is one. It must be safe for concurrent use.
//
// Wait is asked before every attempt and returns nil when it may be sent. Its error ends the
// call, matches [ErrRateLimited] and is in the error's chain. Wait's context ends after [RetryPolicy].MaxWait at the latest.
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

// limit is the step that waits for budget: for the gate, which hears what every answer says, and
// for the user's limiter.
type limit struct {
	next    gen.HttpRequestDoer
	gate    *gate
	limiter Limiter // nil: none

	maxWait, baseDelay time.Duration // of RetryPolicy
}

func (l *limit) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	number, err := l.admit(c)
	if err != nil {
		return nil, err
	}
	// Also where a transport of the user's panics, which leaves no answer.
	defer func() { l.gate.answer(number, &c.answer) }()
	resp, err := l.next.Do(req)
	if pauser, ok := l.limiter.(LimitPauser); ok && c.answer.status == http.StatusTooManyRequests {
		pauser.Pause(c.Context, cmp.Or(c.failure.RetryAfter, l.baseDelay))
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
		number, sleep, changed := l.gate.enter(asked, !time.Now().Before(last))
		forReset := changed == nil
		switch {
		case sleep == 0 && asked:
			return number, nil
		case sleep == 0:
			asked = true
			if err := l.ask(c); err != nil {
				return 0, err
			}
		case c.warm, forReset && !affordable(c, sleep, l.maxWait):
			return 0, refused(c, errNoBudget, sleep)
		case forReset: // those who wait leave at moments of their own
			slack := min(sleep/20, time.Second, (time.Until(deadlineOf(c))-sleep)/2)
			sleep += rand.N(max(slack, 0) + 1) // jitter, not a secret
			fallthrough
		default:
			_ = pause(c, min(sleep, time.Until(last)), changed) // whether c has ended shows above
		}
	}
	return 0, c.stopped(c.Err())
}

// ask waits for the limiter. That the call's own context ends is for the caller to see.
func (l *limit) ask(c *call) error {
	patience := l.maxWait
	if c.warm {
		patience = warmPatience
	}
	bounded, cancel := context.WithTimeout(c.Context, patience)
	defer cancel()
	err := l.limiter.Wait(bounded)
	if err == nil || c.Err() != nil {
		return nil
	} else if c.warm {
		err = errNoBudget
	}
	var wait time.Duration
	if later, ok := errors.AsType[RetryAfterError](err); ok {
		wait = later.RetryAfter()
	}
	return refused(c, err, wait)
}

// refused is the error of a call that has less time than it would have to wait for budget.
func refused(c *call, cause error, wait time.Duration) error {
	e := c.stopped(cause)
	e.RetryAfter = max(e.RetryAfter, wait)
	if c.failure == nil || cause != errNoBudget { // this very value
		e.kind, e.hint = ErrRateLimited, hintTooLong
	}
	return e
}
