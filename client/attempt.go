package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// An answer is what one attempt brought, the body read to its cap.
type answer struct {
	status   int // 0: nothing came
	header   http.Header
	body     []byte
	err      error  // why nothing came, or why the body is not whole
	key      string // the API key that went with it, which no text may repeat
	sent     time.Time
	received time.Time // of the headers
}

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// admit waits for everything that may hold an attempt back: the gate first and
// then the limiter, so that no token of the limiter grows old at the gate. The
// gate's pass is taken last, since it may have closed meanwhile. The pass says when
// the attempt left.
func (c *core) admit(ctx context.Context) (pass, error) {
	if c.limiter != nil {
		if err := c.gate.ready(ctx, c.retry); err != nil {
			return pass{}, err
		}
		if err := c.askLimiter(ctx); err != nil {
			return pass{}, err
		}
	}
	return c.gate.enter(ctx, c.retry)
}

func (c *core) askLimiter(ctx context.Context) error {
	bounded, cancel := ctx, context.CancelFunc(func() {})
	if c.retry.MaxWait > 0 {
		bounded, cancel = context.WithTimeout(ctx, c.retry.MaxWait)
	}
	defer cancel()
	err := c.limiter.Wait(bounded)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return limiterRefusal{err}
}

// A limiterRefusal is an error of the caller's limiter while the call's own
// context is alive.
type limiterRefusal struct{ error }

// attempt sends one request, reads its answer, and returns the gate's pass, even where
// a transport of the caller's panics. Nothing is retried here. The clock was read when
// the attempt left: what comes after is counted from there.
func (c *core) attempt(ctx context.Context, p pass, r *route, key, idempotencyKey string, payload []byte) *answer {
	a := &answer{key: key, sent: p.left, received: p.left}
	defer func() { c.gate.answered(p, a.status, a.header, a.received) }()
	caller := ctx
	if c.timeout.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, p.left.Add(c.timeout.limit))
		defer cancel()
	}
	resp, err := c.sender.send(r.request(ctx, key, idempotencyKey, payload))
	a.received = p.left.Add(time.Since(p.left))
	if err != nil {
		a.err = c.timeout.blame(ctx, caller, err)
		return a
	}
	defer func() { _ = resp.Body.Close() }() // all that it held has been read, or is not wanted
	a.status, a.header = resp.StatusCode, resp.Header
	a.body, err = readBody(resp.Body, resp.ContentLength, c.maxBody)
	a.err = c.timeout.blame(ctx, caller, err)
	return a
}

// A timeout bounds each attempt, and each question to the key source. It knows the
// setting that it comes from: in a call there is more than one that may run out,
// and all say no more than "context deadline exceeded".
type timeout struct {
	limit   time.Duration // 0: none
	setting string
}

// blame names the setting in an error that the timeout has caused: its own context
// is over, and the caller's is not.
func (t timeout) blame(own, caller context.Context, err error) error {
	if err == nil || own.Err() != context.DeadlineExceeded || caller.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &timedOut{t, err}
}

type timedOut struct {
	timeout
	cause error
}

func (e *timedOut) Error() string {
	return fmt.Sprintf("timed out after %v (%s): %v", e.limit, e.setting, e.cause)
}

func (e *timedOut) Unwrap() error { return e.cause }
