package client

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"regexp"
	"time"
)

// A call is what the links of one call may know of it, and what travels up from them. It is in the
// context of its requests, and one goroutine uses it at a time.
type call struct {
	name         string // what the caller asked for, for errors: "generate portal link"
	organization bool   // about an organization, as all but the icons are
	request      PortalLinkRequest
	warm         bool // one attempt for each route, and no wait
	shared       bool // asked for several callers, of whom the next may have more time
	trust        *trust
	known        *learner
	release      func() // lets those go on who wait for what this call learns

	// The route that is being tried.
	operation string // operationId in openapi.yaml
	dialect   Dialect
	public    bool // a file on the CDN, which takes no key
	settled   bool // the service is known to have the route
	read      func(*call, *answer) error

	key      string    // the API key in use
	rekeyed  bool      // a second key has been tried
	attempts int       // requests sent
	retries  int       // of these, those that MaxAttempts counts, without the first
	idle     time.Time // since when nothing is being sent

	answer  *answer // of the last attempt; nil while one is under way
	failure *Error  // what the last answer means; nil for a success
	link    *PortalLink
	icons   []ProviderIcon
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call that a request belongs to.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// conclude takes in what an attempt brought, and learns of it which dialect the service speaks.
func (c *call) conclude(a *answer) {
	c.answer, c.failure = a, c.judge(a)
	if c.failure == nil || c.organization && a.teaches(c.dialect) {
		c.known.change(DialectAuto, c.dialect)
	}
	if !c.routeMissing() {
		c.release()
	}
}

// routeMissing reports whether the last answer says that the route is not there. Of a public file
// 401 and 403 say so too, since it needs no authorization. Once the service is known to have the
// route, only a framework's own words say so.
func (c *call) routeMissing() bool {
	a := c.answer
	switch {
	case a == nil || a.err != nil && transient(a.err):
		return false
	case c.public && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
		return true
	case a.status == http.StatusNotFound && !c.settled:
		return !c.ofOrganization(a)
	case a.status == http.StatusNotFound:
		return a.cannot()
	}
	return !c.settled && a.noRoute()
}

// judge says what an answer means: nil for a success. It looks at the status first, and at the
// body only then.
func (c *call) judge(a *answer) *Error {
	switch {
	case a.status == 0:
		return c.unanswered(a)
	case a.status < 200 || a.status > 299:
		return c.refused(a)
	}
	err := a.err
	if err == nil {
		err = c.read(c, a)
	}
	if err == nil {
		return nil
	}
	// A success may hold a link in any shape, so nothing of its body is kept.
	e := c.failed(a)
	e.kind, e.hint = ErrMalformedResponse, hintMalformed
	if errors.Is(err, errLinkHost) {
		e.hint = hintLinkHost
	}
	if a.err == nil {
		e.Description = c.clean(err.Error(), maxSnippet)
	}
	return e
}

// maxSnippet bounds the Body and the Description of an Error.
const maxSnippet = 512

func (c *call) failed(a *answer) *Error {
	return &Error{operation: c.name, Attempts: c.attempts, StatusCode: a.status, RequestID: c.requestID(a), cause: hide(a.err, c.key)}
}

func (c *call) requestID(a *answer) string { return c.clean(a.header.Get("X-Request-Id"), 128) }

// clean makes foreign text fit for an error.
func (c *call) clean(text string, most int) string { return snippet(scrub(text, c.key), most) }

// unanswered is for an attempt that brought no answer.
func (c *call) unanswered(a *answer) *Error {
	e := c.failed(a)
	e.hint = hintNetwork
	switch status := proxyStatus(a.err); {
	case status == http.StatusProxyAuthRequired:
		e.Description, e.hint = "a proxy on the way answered 407 Proxy Authentication Required", hintProxyLogin
	case status != 0:
		e.Description, e.hint = "a proxy on the way refused the connection", hintProxy
	}
	return e
}

// refused is for an answer with the status of an error.
func (c *call) refused(a *answer) *Error {
	e := c.failed(a)
	said := describe(a.body)
	e.RetryAfter = askedToWait(a)
	e.Code = c.clean(said.code, 128)
	e.Description = c.clean(said.text, maxSnippet)
	e.Body = c.clean(string(a.body), maxSnippet)
	switch kind := kindOf(a.status); {
	case c.public && a.status < 500:
		e.hint = hintIconFile
	case a.noRoute() && a.status != http.StatusNotImplemented:
		e.kind, e.hint = errNoKind, hintNoRoute
	case kind == nil, kind == ErrRateLimited, kind == ErrServer:
	case a.foreign(), a.status == http.StatusNotFound && !c.ofOrganization(a):
		e.kind, e.hint = errNoKind, hintBetween
	case c.organization && a.status != http.StatusUnauthorized && a.status != http.StatusUnprocessableEntity && said.missesOrganization():
		e.kind, e.hint = ErrOrganizationNotFound, hints[http.StatusNotFound]
	case kind == ErrInvalidRequest:
		e.Field = c.clean(cmp.Or(said.field, fieldNamed.ReplaceAllString(fieldNamed.FindString(said.text), "$1")), 128)
	}
	return e
}

// ofOrganization reports whether a 404 is the service's word on the organization. Where the live
// dialect is known, its older words are, too.
func (c *call) ofOrganization(a *answer) bool {
	said := describe(a.body)
	older := c.settled && c.dialect == DialectGenerateLink && said.alone && said.text == "Not Found" && a.says(`"message"`)
	return c.organization && (older || a.ofOrganization())
}

// fieldNamed finds one of openapi.yaml's names of what a request for a link may say.
var fieldNamed = regexp.MustCompile(`^(?:The )?'?(organization|intent|return_url|success_url|it_contact_emails)\b`)

// stopped is the error of a call that ends before its next attempt: what the last answer said, and
// why nothing more is sent.
func (c *call) stopped(cause error) *Error {
	e := Error{operation: c.name}
	if c.failure != nil {
		e = *c.failure
	}
	e.Attempts = c.attempts
	if cause != nil {
		e.cause = hide(cause, c.key)
	}
	return &e
}
