package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A call is what the links of one call may know of it, and what travels up from them. It is the
// context of its requests. One goroutine uses it at a time.
type call struct {
	context.Context
	*route       // the one that is being tried
	settled bool // the service is known to have it

	name         string  // what the caller asked for, for errors: "generate portal link"
	organization bool    // about an organization, as all but the icons are
	origin       *origin // what the link that is asked for will remember: its request
	warm         bool    // one attempt for each route, and no wait
	shared       bool    // asked for several callers, of whom the next may have more time
	trust        *trust
	known        *learner
	release      func() // lets those go on who wait for what this call learns

	key      string    // the API key in use
	rekeyed  bool      // a second key has been tried
	attempts int       // requests sent
	retries  int       // of these, those that MaxAttempts counts, without the first
	idle     time.Time // since when nothing is being sent

	decoded gen.PortalLink // a success, as the contract has it
	answer  answer         // of the last attempt; its status is 0 while one is under way
	failure *Error         // what the last answer means; nil for a success
	link    *PortalLink
	icons   []ProviderIcon
}

// A route is one generated operation, in one dialect.
type route struct {
	operation string // its operationId in openapi.yaml
	dialect   Dialect
	public    bool // a file on the CDN, which takes no key
	send      func(*servers, *call) (*http.Response, error)
	read      func(*call) error // takes in a success
}

// servers are the generated clients that send.
type servers struct{ api, cdn *gen.Client }

type callKey struct{}

// Value lets links find the call in the context of a request.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Format prints the call's name, whatever the verb: a call holds the key, and it is a context that
// user code may print.
func (c *call) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "adminportal call: "+c.name) }

// callOf returns the call that a request belongs to.
func callOf(req *http.Request) *call {
	c, _ := req.Context().Value(callKey{}).(*call)
	return c
}

// conclude judges what an attempt brought, and learns of it which dialect the service speaks.
func (c *call) conclude() {
	c.failure = c.judge()
	if c.failure == nil || c.teaches() {
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
	a := &c.answer
	switch {
	case a.status == 0 || a.err != nil && transient(a.err):
		return false
	case c.public && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
		return true
	case a.status == http.StatusNotFound && !c.settled:
		return !c.ofOrganization()
	case a.status == http.StatusNotFound:
		return a.cannot()
	}
	return !c.settled && a.noRoute()
}

// ofOrganization reports whether a 404 is the service's word on the organization: its code is
// entity_not_found, it is the contract's error, or its text names an organization. Where the live
// dialect is known, its older words are, too.
func (c *call) ofOrganization() bool {
	a := &c.answer
	older := c.settled && c.dialect == DialectGenerateLink && a.said.notFound
	named := older || a.said.code == "entity_not_found" || a.said.contract || namesOrganization(a.said.text)
	return named && c.organization && !a.foreign() && !a.cannot()
}

// teaches reports whether an error answer could only come from a service that speaks the dialect:
// a 400, 404 or 422 in a shape that the dialect is known for.
func (c *call) teaches() bool {
	said := c.answer.said
	inShape := c.organization && (said.contract || c.dialect == DialectGenerateLink && said.text != "")
	switch c.answer.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return inShape
	case http.StatusNotFound:
		return inShape && c.ofOrganization()
	}
	return false
}

// judge says what an answer means: nil for a success. It looks at the status first, and at the
// body only then.
func (c *call) judge() *Error {
	a := &c.answer
	success := a.status >= 200 && a.status <= 299
	err := a.err
	if success && err == nil {
		if err = c.read(c); err == nil {
			return nil
		}
	}
	e := &Error{operation: c.name, Attempts: c.attempts, StatusCode: a.status, RequestID: c.requestID(), cause: hide(a.err, c.key)}
	switch {
	case a.status == 0:
		e.Description, e.hint = unanswered(a.err)
	case !success:
		a.said = describe(a.body)
		c.refuse(e)
	default: // it may hold a link in any shape, so nothing of its body is kept
		e.kind, e.hint = ErrMalformedResponse, hintMalformed
		if errors.Is(err, errLinkHost) {
			e.hint = hintLinkHost
		}
		if a.err == nil {
			e.Description = c.clean(err.Error())
		}
	}
	return e
}

func (c *call) requestID() string { return c.clean(c.answer.header.Get("X-Request-Id")) }

// clean makes foreign text fit for an error.
func (c *call) clean(text string) string { return snippet(scrub(text, c.key), maxSnippet) }

// maxSnippet bounds each text of an Error, in bytes.
const maxSnippet = 512

// unanswered says why no answer came, and what to do.
func unanswered(err error) (description, hint string) {
	switch status := proxyStatus(err); status {
	case 0:
		return "", hintNetwork
	case http.StatusProxyAuthRequired:
		return "a proxy on the way answered 407 Proxy Authentication Required", hintProxyLogin
	}
	return "a proxy on the way refused the connection", hintProxy
}

// refuse is for an answer with the status of an error.
func (c *call) refuse(e *Error) {
	a := &c.answer
	e.RetryAfter = askedToWait(a)
	e.Code, e.Description, e.Body = c.clean(a.said.code), c.clean(a.said.text), c.clean(string(a.body))
	switch kind := kindOf(a.status); {
	case c.public && a.status < 500 && kind != ErrRateLimited:
		if e.hint = hintIconFile; a.foreign() {
			e.kind = errNoKind
		}
	case a.noRoute() && a.status != http.StatusNotImplemented:
		e.kind, e.hint = errNoKind, hintNoRoute
	case kind == nil, kind == ErrRateLimited, kind == ErrServer:
	case a.foreign(), a.status == http.StatusNotFound && !c.ofOrganization():
		e.kind, e.hint = errNoKind, hintBetween
	case c.organization && a.missesOrganization():
		e.kind, e.hint = ErrOrganizationNotFound, hints[http.StatusNotFound]
	case kind == ErrInvalidRequest:
		e.Field = c.clean(cmp.Or(a.said.field, fieldNamed(a.said.text)))
		if a.status == http.StatusBadRequest && e.Field != "" && e.Field != "intent" && e.Field != "organization" {
			e.hint = hints[http.StatusUnprocessableEntity]
		}
	}
}

// requestFields are openapi.yaml's names of what a request for a link may say. Words that name
// several are about the first of these.
var requestFields = []string{"return_url", "success_url", "it_contact_emails", "intent", "organization"}

// fieldNamed is the field that words name; empty if none.
func fieldNamed(words string) string {
	for _, field := range requestFields {
		if mentions(words, field) {
			return field
		}
	}
	return ""
}

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
