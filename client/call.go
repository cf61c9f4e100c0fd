package client

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// A route is one operation in one dialect.
type route[T any] struct {
	operation string // its operationId in openapi.yaml
	dialect   Dialect
	public    bool // the CDN's: no key, and no part of the API's budget
	send      sender
	read      func(*answer) (T, error) // of a 2xx
}

// A call is one job, with its routes in the order to try them: the next one is
// tried where one is not there.
type call[T any] struct {
	name    string // for errors: "generate portal link"
	routes  []route[T]
	absent  func(*answer) bool // does this 404 mean that the route is not there?
	learn   func(Dialect)      // told which route worked
	teaches func(Dialect, *answer) bool
	verdict func() // called once it is known whether the first attempt taught anything
}

// run is the way of every call from here on. For each attempt:
//
//	admit     gate, then limiter: is there budget?           attempt.go, gate.go
//	attempt   the generated client builds and sends          attempt.go
//	answered  the gate hears what the headers say            gate.go, ratelimit.go
//	judge     status first, then body                        below, link.go, icons.go
//	observe   observer and log                               observe.go
//	next      another key, another route, or a wait          below, retry.go
func run[T any](ctx context.Context, c *core, job call[T]) (T, error) {
	var (
		zero    T
		last    *Error // why the latest attempt failed
		counted = 1    // attempts that MaxAttempts counts
		rekeyed bool
		idle    = time.Now() // since when this call has not been sending
	)
	defer job.verdict()
	key, err := c.keyFor(ctx, job.routes[0].public)
	if err != nil {
		return zero, c.interrupted(job.name, nil, 0, err)
	}
	for n := 1; ; n++ {
		r := job.routes[0]
		var p pass
		if r.public {
			err = ctx.Err()
		} else {
			p, err = c.admit(ctx)
		}
		if err != nil {
			return zero, c.interrupted(job.name, last, n-1, err)
		}
		waited := time.Since(idle)
		a := c.attempt(ctx, r.send, key)
		c.gate.answered(p, a.status, a.header, a.received)
		value, e := judge(a, r.read, key)
		if e != nil {
			e.operation, e.Attempts = job.name, n
		}
		c.observe(ctx, job.name, Attempt{Operation: r.operation, Dialect: r.dialect, Number: n, Wait: waited}, a, e)
		idle = time.Now()
		if e == nil {
			job.learn(r.dialect)
			return value, nil
		}
		last = e
		if ctx.Err() != nil {
			e.cause = ctx.Err()
			return zero, e
		}

		if a.status == http.StatusUnauthorized && !r.public && !rekeyed {
			rekeyed = true
			if fresh, ok := c.otherKey(ctx, key); ok {
				key = fresh
				continue
			}
		}
		if a.status == http.StatusNotFound && job.absent(a) {
			if len(job.routes) > 1 {
				job.routes = job.routes[1:]
				if job.routes[0].public {
					key = ""
				}
				continue
			}
			return zero, c.noRoute(e, r.public)
		}
		if job.teaches(r.dialect, a) {
			job.learn(r.dialect)
		}
		job.verdict()

		if !a.worthRetrying() || counted >= c.retry.MaxAttempts {
			return zero, e
		}
		wait := e.RetryAfter
		if wait == 0 {
			wait = c.retry.backoff(counted)
		}
		c.tellLimiter(ctx, a.status, wait)
		if !c.retry.affordable(ctx, wait) {
			return zero, e
		}
		if err := pause(ctx, wait); err != nil {
			return zero, c.interrupted(job.name, last, n, err)
		}
		counted++
	}
}

// judge looks at the status first and at the body only then.
func judge[T any](a *answer, read func(*answer) (T, error), key string) (value T, e *Error) {
	switch {
	case a.status == 0:
		return value, &Error{cause: withoutSecret(a.err, key), hint: hintNetwork}
	case !a.ok():
		return value, a.readError(key)
	}
	err := a.err
	if err == nil {
		value, err = read(a)
	}
	if err == nil {
		return value, nil
	}
	// A success may hold a link in any shape, so nothing of its body is kept.
	e = &Error{
		StatusCode: a.status,
		RequestID:  snippet(scrub(a.header.Get("X-Request-Id"), key), 128),
		kind:       ErrMalformedResponse,
		hint:       hintMalformed,
	}
	if a.err != nil {
		e.cause = withoutSecret(a.err, key)
	} else {
		e.Description = snippet(scrub(err.Error(), key), maxSnippet)
	}
	if errors.Is(err, errLinkHost) {
		e.hint = hintLinkHost
	}
	return *new(T), e
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
		e.kind, e.cause, e.hint = ErrRateLimited, withoutSecret(refusal.error, ""), hintTooLong
	case errors.As(err, &own):
		if e = *own; e.operation == "" {
			e.operation, e.Attempts = name, attempts
		}
	default:
		e.cause = withoutSecret(err, "")
	}
	return &e
}

// noRoute is for a 404 that is not about an organization.
func (c *core) noRoute(e *Error, public bool) *Error {
	if public {
		e.Description = "there is no icon list at " + c.cdnURL
		e.hint = "check the CDN URL and the base URL: neither GET /provider_icons nor GET /provider-icons.json exists there"
	} else {
		e.Description = "there is no Admin Portal at " + c.baseURL
		e.hint = hintNoRoute
	}
	e.Code, e.kind = "", errNoKind
	return e
}

func (c *core) keyFor(ctx context.Context, public bool) (string, error) {
	if public {
		return "", nil
	}
	return c.keys.get(ctx)
}

// otherKey asks the source once more after a 401. It is false where there is no
// source, where it fails, and where it has only the key that was refused.
func (c *core) otherKey(ctx context.Context, refused string) (string, bool) {
	if c.keys.source == nil {
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
