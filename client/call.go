package client

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A call is what the steps of one call may know of it, and what travels up from them. It is a value
// in the context of its requests. One goroutine uses it at a time.
type call struct {
	context.Context // of its requests
	*job
	dialect Dialect // the one that is being tried
	settled bool    // it is pinned or known: a bare 404 does not mean that the route is missing
	warm    bool    // sent by Warm: no retry, and no wait for budget
	shared  bool    // asked for several callers, of whom the next may have more time
	rekeyed bool    // another key has been asked for after a 401

	name    string  // what the caller asked for, for errors: "generate portal link"
	origin  *origin // the portal link to be made, and its request; nil in a call for icons
	trust   *trust
	known   *learner
	release func() // lets those go on who wait for what this call learns

	key      string    // the API key in use
	attempts int       // requests sent
	retries  int       // how often the retry step has sent it again
	idle     time.Time // since when nothing is being sent

	decoded gen.PortalLink // what readLink decodes into
	answer  answer         // of the last attempt; its status is 0 while one is under way
	failure *Error         // what the last answer means; nil for a success
	icons   []ProviderIcon
}

// A job is what a call is for.
type job struct {
	operations [3]string // by dialect, their operationIds in openapi.yaml
	send       func(*servers, *call) (*http.Response, error)
	read       func(*call) error // takes in a success
}

// servers are the generated clients that send.
type servers struct{ api, cdn *gen.Client }

type callKey struct{}

// public reports whether the call reads the file on the CDN, which takes no key.
func (c *call) public() bool { return c.origin == nil && c.dialect == DialectGenerateLink }

// callOf returns the call that a request belongs to.
func callOf(req *http.Request) *call { return req.Context().Value(callKey{}).(*call) }

// classify finds the verdict on an error answer. While the dialect is not settled, a 404 that does
// not speak of the organization means that the route is missing, and so does a 405, a 410, a 501 or
// AWS API Gateway's 403. Once it is settled, only a web framework's own words mean that; any other
// of these, but the 501, comes from an intermediary. A public file needs no authorization, so 401
// and 403 mean that it is missing.
func (c *call) classify() *verdict {
	a, status, kind := &c.answer, c.answer.status, kindOf(c.answer.status)
	framework := mentions(string(a.body), "Cannot POST ", "Cannot GET ", "Route POST:", "Route GET:")     // Express, Nest, Fastify
	gateway := status == http.StatusForbidden && mentions(string(a.body), "Missing Authentication Token") // AWS API Gateway
	// The live service's older words for an organization that does not exist.
	older := c.settled && c.dialect == DialectGenerateLink && a.said.notFound && !a.said.foreign
	missing := noRoute
	if c.settled || a.err != nil && transient(a.err) { // an answer cut short does not tell
		missing = fromIntermediary
	}
	switch {
	case status == http.StatusNotFound && framework, c.public() && kind == ErrUnauthorized && a.header.Get("Cf-Mitigated") == "":
		return noRoute
	case c.origin != nil && (a.missesOrganization() || status == http.StatusNotFound && older):
		return noOrganization
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone, gateway,
		status == http.StatusNotImplemented && missing == noRoute:
		return missing
	case a.said.foreign && (kind == ErrUnauthorized || kind == ErrInvalidRequest || kind == nil && status >= 400 && status != http.StatusProxyAuthRequired):
		return fromIntermediary
	}
	return nil
}

// teaches reports whether an answer could only come from a service that speaks the dialect: a
// success, or a 400, 404 or 422 in a shape that the dialect is known for. A 403 may be a firewall's.
func (c *call) teaches() bool {
	a := &c.answer
	shaped := c.origin != nil && (a.said.contract || c.dialect == DialectGenerateLink && a.said.text != "")
	itsOwn := a.verdict == noOrganization && a.status != http.StatusForbidden || a.verdict == nil && kindOf(a.status) == ErrInvalidRequest
	return a.ok() && c.failure == nil || shaped && itsOwn
}

// conclude judges what an attempt brought, and learns of it which dialect the service speaks.
func (c *call) conclude() {
	if c.failure = c.judge(); c.teaches() {
		c.known.change(DialectAuto, c.dialect)
	}
	if c.answer.verdict != noRoute {
		c.release()
	}
}

// judge says what an answer means: nil for a success. It looks at the status first, and at the
// body only then.
func (c *call) judge() *Error {
	a, err := &c.answer, c.answer.err
	if a.ok() && err == nil {
		if err = c.read(c); err == nil {
			return nil
		}
	}
	e := &Error{operation: c.name, Attempts: c.attempts, StatusCode: a.status, RequestID: c.requestID(), cause: hide(a.err, c.key)}
	switch {
	case a.status == 0:
		e.hint = hintNetwork
		if refused := proxyStatus(a.err); refused != 0 {
			e.Description, e.hint = fmt.Sprint("a proxy on the way refused the connection with ", refused), hintProxy
		}
	case !a.ok():
		a.said = a.describe()
		c.refuse(e)
		if c.warm && (a.verdict == noOrganization || e.kind == ErrInvalidRequest) { // what Warm wants
			return nil
		}
	case a.err != nil && c.Err() != nil: // the caller has left
		e.kind, e.hint = errNoKind, hintNetwork
	default: // it may hold a link in any shape, so nothing of its body is kept
		e.kind, e.hint = ErrMalformedResponse, hintMalformed
		if a.err == nil {
			e.Description = c.clean(err.Error())
		}
		if err == errLinkHost {
			e.hint = hintLinkHost
		}
	}
	return e
}

func (c *call) requestID() string { return c.clean(c.answer.header.Get("X-Request-Id")) }

// clean makes foreign text fit for an error.
func (c *call) clean(text string) string { return snippet(scrub(text, c.key), maxSnippet) }

// refuse is for an answer with the status of an error.
func (c *call) refuse(e *Error) {
	a := &c.answer
	a.verdict = c.classify()
	e.RetryAfter = askedToWait(a)
	e.Code, e.Description, e.Body = c.clean(a.said.code), c.clean(a.said.text), c.clean(string(a.body))
	e.kind = cmp.Or(kindOf(a.status), errNoKind)
	if a.verdict != nil {
		e.kind, e.hint = a.verdict.kind, a.verdict.hint
	}
	if e.kind == ErrInvalidRequest {
		e.Field = c.clean(a.said.field)
		named := func(field string) bool { return mentions(strings.ToLower(a.said.text), field) }
		if i := slices.IndexFunc(requestFields, named); e.Field == "" && i >= 0 {
			e.Field = requestFields[i]
		}
	}
	if c.public() && a.status < 500 && a.status != http.StatusProxyAuthRequired && e.kind != ErrRateLimited && a.header.Get("Cf-Mitigated") == "" {
		e.hint = hintIconFile
	}
}

// stopped is the error of a call that ends before its next attempt: what the last answer said, and
// why nothing more is sent.
func (c *call) stopped(cause error) *Error {
	e := *cmp.Or(c.failure, &Error{operation: c.name})
	e.Attempts, e.cause = c.attempts, cmp.Or(hide(cause, c.key), e.cause)
	return &e
}
