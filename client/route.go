package client

import (
	"context"
	"net/http"
)

// A route is one generated operation, in one dialect.
type route struct {
	operation string // its operationId in openapi.yaml
	dialect   Dialect
	public    bool // a file on the CDN, which takes no key
	send      func(*core, context.Context, *call) (*http.Response, error)
	read      func(*call, *answer) error // takes in a success
}

// routes are the ways to do one job: the reference's first, then the live one.
type routes [2]route

func (r *routes) of(d Dialect) *route {
	if d == DialectGenerateLink {
		return &r[1]
	}
	return &r[0]
}

// travel sends a call by the dialect that is pinned or known. While none is, it tries the
// reference's route, and the live one where the reference's is not there. only is the dialect that
// alone will do; DialectAuto is either.
func (c *core) travel(ctx context.Context, call *call, only Dialect, ways *routes) error {
	dialect := only
	if only == DialectAuto {
		var err error
		if dialect, call.release, err = call.known.ask(ctx); err != nil {
			return call.stopped(err)
		}
	}
	defer call.release()
	settled := dialect != DialectAuto && (dialect == c.pinned || dialect == call.known.dialect())
	ctx = withCall(ctx, call)
	for first := true; ; first = false {
		r := ways.of(dialect)
		call.operation, call.dialect, call.public, call.read = r.operation, r.dialect, r.public, r.read
		call.settled = settled && !r.public
		err := c.send(ctx, call, r)
		switch {
		case err == nil:
			return nil
		case !call.routeMissing():
			return err
		case only != DialectAuto, !first:
			return c.noRoute(call)
		}
		call.known.change(r.dialect, DialectAuto)
		settled = false
		dialect = DialectPortalLinks
		if r.dialect == DialectPortalLinks {
			dialect = DialectGenerateLink
		}
	}
}

// send sends a call by one route. The links have read the answer and said what it means.
func (c *core) send(ctx context.Context, call *call, r *route) error {
	resp, err := r.send(c, ctx, call)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if call.failure != nil {
		return call.failure
	}
	return nil
}

// noRoute is the error where no route that will do is there.
func (c *core) noRoute(call *call) error {
	e := call.stopped(nil)
	e.Code, e.kind, e.hint = "", errNoKind, hintNoRoute
	e.Description = "there is no Admin Portal at " + c.baseURL
	if call.public {
		e.Description, e.hint = "there is no icon list at "+c.trust.cdnURL, hintNoIcons
	}
	return e
}
