package client

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
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
		c.known.learn(c.dialect)
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

func (c *call) readLink(a *answer) (err error) {
	c.link, err = readLink(a, c.trust, c.request)
	return err
}

func (c *call) readIcons(a *answer) (err error) {
	c.icons, err = c.trust.readIcons(a)
	return err
}

func (c *call) readCDNIcons(a *answer) (err error) {
	c.icons, err = c.trust.readCDNIcons(a)
	return err
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
	if a.err != nil {
		e.cause = hide(a.err, c.key)
	} else {
		e.Description = snippet(scrub(err.Error(), c.key), maxSnippet)
	}
	return e
}

// maxSnippet bounds the Body and the Description of an Error.
const maxSnippet = 512

func (c *call) failed(a *answer) *Error {
	e := &Error{operation: c.name, Attempts: c.attempts, StatusCode: a.status}
	if id := a.header.Get("X-Request-Id"); id != "" {
		e.RequestID = snippet(scrub(id, c.key), 128)
	}
	return e
}

// unanswered is for an attempt that brought no answer.
func (c *call) unanswered(a *answer) *Error {
	e := c.failed(a)
	e.cause, e.hint = hide(a.err, c.key), hintNetwork
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
	e.cause = hide(a.err, c.key)
	e.RetryAfter = askedToWait(a)
	e.Code = snippet(scrub(said.code, c.key), 128)
	e.Description = snippet(scrub(said.text, c.key), maxSnippet)
	e.Body = snippet(scrub(string(a.body), c.key), maxSnippet)
	switch a.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity:
		switch {
		case a.foreign(), a.status == http.StatusNotFound && !c.ofOrganization(a):
			e.kind, e.hint = errNoKind, hintBetween
		case c.organization && (a.status == http.StatusBadRequest || a.status == http.StatusForbidden) && said.missesOrganization():
			e.kind, e.hint = ErrOrganizationNotFound, hints[http.StatusNotFound]
		case a.status == http.StatusForbidden && a.noRoute():
			e.kind, e.hint = errNoKind, hintNoRoute
		case kindOf(a.status) == ErrInvalidRequest:
			e.Field = snippet(scrub(fieldIn(said), c.key), 128)
		}
	}
	if c.public {
		e.hint = hintIconFile
	}
	return e
}

// ofOrganization reports whether a 404 is the service's word on the organization. Where the live
// dialect is known, its older words are, too.
func (c *call) ofOrganization(a *answer) bool {
	older := c.settled && c.dialect == DialectGenerateLink && a.isNotFoundAlone()
	return c.organization && (older || a.ofOrganization())
}

// fieldIn is the field that a description names in a field of its own, or in its words.
func fieldIn(said description) string {
	if said.field != "" {
		return said.field
	}
	i := slices.IndexFunc(requestFields, func(field string) bool {
		return strings.HasPrefix(said.text, field+" ") || strings.HasPrefix(said.text, field+":") || strings.Contains(said.text, "'"+field+"'")
	})
	if i < 0 {
		return ""
	}
	return requestFields[i]
}

// requestFields are openapi.yaml's names of what a request for a link may say.
var requestFields = []string{"organization", "intent", "return_url", "success_url", "it_contact_emails"}

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
