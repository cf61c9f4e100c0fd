package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// A job is what a call is to bring: a link, or the icons.
type job interface {
	// payload is the body of a request in the dialect; nil for none.
	payload(Dialect) ([]byte, error)
	// idempotencyKey is the same for all attempts; empty for none.
	idempotencyKey() string
	// read takes in a 2xx.
	read(*route, *answer) error
	// absent reports whether this 404 means that the route is not there.
	absent(*answer) bool
	// teaches reports whether this error shows that the service speaks the dialect.
	teaches(Dialect, *answer) bool
	// learn is told of the dialect that works.
	learn(Dialect)
	// verdict is called once it is known whether the first attempt taught anything.
	verdict()
}

// run is the way of every call from here on: it attempts the job by the first of
// the routes, and by the next where that one is not there. For each attempt:
//
//	admit     gate, then limiter: is there budget?           attempt.go, gate.go
//	attempt   the request is built (route.go) and sent       attempt.go
//	answered  the gate hears what the headers say            attempt.go, gate.go
//	judge     status first, then body                        below, link.go, icons.go
//	observe   observer and log                               observe.go
//	next      another key, another route, or a wait          below, retry.go
func (c *core) run(ctx context.Context, name string, routes []*route, j job) error {
	defer j.verdict()
	if e := c.attempts(ctx, name, routes, j); e != nil {
		e.tell()
		return e
	}
	return nil
}

// attempts is run, but for the words of the error that it ends with.
func (c *core) attempts(ctx context.Context, name string, routes []*route, j job) *Error {
	key, err := c.keyFor(ctx, routes[0])
	if err != nil {
		return c.interrupted(name, nil, 0, err)
	}
	payload, err := j.payload(routes[0].dialect)
	if err != nil {
		return c.interrupted(name, nil, 0, err)
	}
	var (
		last    *Error // why the latest attempt failed
		counted = 1    // attempts that MaxAttempts counts
		rekeyed bool
		idle    time.Time // since when this call has not been sending
	)
	observed := c.observer != nil || c.logger != nil
	if observed {
		idle = time.Now()
	}
	for n := 1; ; n++ {
		r := routes[0]
		var p pass
		if r.limited {
			p, err = c.admit(ctx)
		} else {
			p.left, err = time.Now(), ctx.Err()
		}
		if err != nil {
			return c.interrupted(name, last, n-1, err)
		}
		a := c.attempt(ctx, p, r, key, j.idempotencyKey(), payload)
		e := judge(r, a, j)
		if e != nil {
			e.operation, e.Attempts = name, n
		}
		if observed {
			e.tell()
			c.observe(ctx, name, r, n, a.sent.Sub(idle), a, e)
		}
		if e == nil {
			j.learn(r.dialect)
			return nil
		}
		last, idle = e, time.Now()
		if ctx.Err() != nil {
			e.cause = ctx.Err()
			return e
		}

		if a.status == http.StatusUnauthorized && r.secured && !rekeyed {
			rekeyed = true
			if fresh, ok := c.otherKey(ctx, key); ok {
				key = fresh
				continue
			}
		}
		if a.status == http.StatusNotFound && a.err != nil && transient(a.err) {
			e.kind = errNoKind // cut short, it does not say what it is about
		} else if r.mayBeAbsent(a.status) && j.absent(a) {
			if len(routes) == 1 {
				return c.noRoute(e, r)
			}
			routes = routes[1:]
			if !routes[0].secured {
				key = ""
			}
			if payload, err = j.payload(routes[0].dialect); err != nil {
				return c.interrupted(name, last, n, err)
			}
			continue
		}
		if j.teaches(r.dialect, a) {
			j.learn(r.dialect)
		}
		j.verdict()

		if !a.worthRetrying() || counted >= c.retry.MaxAttempts {
			return e
		}
		wait := e.RetryAfter
		if wait == 0 {
			wait = c.retry.backoff(counted)
		}
		c.tellLimiter(ctx, a.status, wait)
		if !c.retry.affordable(ctx, wait) {
			return e
		}
		if err := pause(ctx, wait); err != nil {
			return c.interrupted(name, last, n, err)
		}
		counted++
	}
}

// judge looks at the status first and at the body only then.
func judge(r *route, a *answer, j job) *Error {
	switch {
	case a.status == 0 && refusedByProxy(a.err):
		return &Error{cause: hide(a.err, a.key), hint: hintProxy}
	case a.status == 0:
		return &Error{cause: hide(a.err, a.key), hint: hintNetwork}
	case !a.ok():
		return a.readError()
	}
	err := a.err
	if err == nil {
		err = j.read(r, a)
	}
	if err == nil {
		return nil
	}
	// A success may hold a link in any shape, so nothing of its body is kept.
	e := &Error{
		StatusCode: a.status,
		RequestID:  snippet(scrub(first(a.header, headerRequestID), a.key), 128),
		kind:       ErrMalformedResponse,
		hint:       hintMalformed,
	}
	if a.err != nil {
		e.cause = hide(a.err, a.key)
	} else {
		e.Description = snippet(scrub(err.Error(), a.key), maxSnippet)
	}
	if errors.Is(err, errLinkHost) {
		e.hint = hintLinkHost
	}
	return e
}

// interrupted is the end of a call that was kept from its next attempt.
func (c *core) interrupted(name string, last *Error, attempts int, err error) *Error {
	var e Error
	if last != nil {
		e = *last
	}
	e.operation, e.Attempts = name, attempts
	var (
		closed  gateClosed
		refusal limiterRefusal
		own     *Error
	)
	switch {
	case errors.As(err, &closed):
		e.RetryAfter = max(e.RetryAfter, closed.left)
		if last == nil {
			e.Description, e.kind, e.hint = closed.Error(), ErrRateLimited, hintTooLong
		}
	case errors.As(err, &refusal):
		e.kind, e.cause, e.hint = ErrRateLimited, hide(refusal.error, ""), hintTooLong
		var later interface{ RetryAfter() time.Duration }
		if errors.As(refusal.error, &later) {
			e.RetryAfter = max(e.RetryAfter, later.RetryAfter())
		}
	case errors.As(err, &own):
		if e = *own; e.operation == "" {
			e.operation, e.Attempts = name, attempts
		}
	default:
		e.cause = hide(err, "")
	}
	return &e
}

// noRoute is for a 404 that is not about an organization.
func (c *core) noRoute(e *Error, r *route) *Error {
	if !r.secured {
		e.Description = "there is no icon list at " + c.cdnURL
		e.hint = "check the CDN URL and the base URL: neither GET /provider_icons nor GET /provider-icons.json exists there"
	} else {
		e.Description = "there is no Admin Portal at " + c.baseURL
		e.hint = hintNoRoute
	}
	e.Code, e.kind = "", errNoKind
	return e
}

func (c *core) keyFor(ctx context.Context, r *route) (string, error) {
	if !r.secured {
		return "", nil
	}
	return c.keys.get(ctx)
}

// otherKey asks the source once more after a 401. It is false where there is no
// source, where it fails, and where it has only the key that was refused.
func (c *core) otherKey(ctx context.Context, refused string) (string, bool) {
	if c.keys.fixed {
		return "", false
	}
	key, err := c.keys.after(ctx, c.keys.asking.mark())
	return key, err == nil && key != refused
}

// tellLimiter passes a 429 on to a limiter that wants to know, so that those who
// share it cool down together.
func (c *core) tellLimiter(ctx context.Context, status int, wait time.Duration) {
	if status != http.StatusTooManyRequests {
		return
	}
	if p, ok := c.limiter.(interface {
		Pause(context.Context, time.Duration)
	}); ok {
		p.Pause(ctx, wait)
	}
}
