package client

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What a caller decides by. Compare with errors.Is; the details are in [*Error]. The answer of a
// proxy or a firewall in front of the service (an HTML page or plain text) matches none of the
// first three, since it says nothing of the request, the key or the organization.
var (
	// ErrInvalidRequest: what was asked for is wrong. Either this package saw it before anything
	// was sent, or the service answered 400 or 422. Asking again does not help.
	ErrInvalidRequest = errors.New("invalid request")

	// ErrUnauthorized: the API key is missing or wrong, or lacks a permission (401, 403).
	ErrUnauthorized = errors.New("unauthorized")

	// ErrOrganizationNotFound: the service says that no organization of the key's environment has
	// the ID, with status 404, or with 400 or 403 and a message that says so.
	ErrOrganizationNotFound = errors.New("organization not found")

	// ErrRateLimited: the budget is spent, and no attempt or no time is left. The service answered
	// 429, or the client knew it before the first attempt, or the [Limiter] returned an error.
	// [Error.RetryAfter] says how long to wait, if that is known.
	ErrRateLimited = errors.New("rate limited")

	// ErrServer: WorkOS, or what stands in front of it, failed (5xx) on the last attempt.
	ErrServer = errors.New("server error")

	// ErrMalformedResponse: a 2xx that is not what the contract says, or whose body did not come
	// whole, so that there is no link to send anyone to, or no list of icons.
	ErrMalformedResponse = errors.New("malformed response")
)

// An Error is why a call failed. Every method of [Client] that fails returns one. No field ever
// holds the API key or a link.
type Error struct {
	StatusCode  int           // of the last answer; 0 if there was none
	Code        string        // the service's code, such as "entity_not_found"; may be empty
	Field       string        // the field that is wrong, such as "return_url" or "base URL"; may be empty
	Description string        // what is wrong, for a developer; may be empty
	RequestID   string        // quote it to WorkOS support; may be empty
	RetryAfter  time.Duration // how long to wait, by the service or for budget; 0 if unknown
	Attempts    int           // requests sent, finding out the dialect included; 0 if none left this host, or for who left a shared call
	Body        string        // the start of an error answer's body, at most 512 bytes, secrets removed

	operation string // "generate portal link"
	kind      error  // the sentinel that it matches, or errNoKind; nil in a literal: StatusCode decides
	hint      string // empty: StatusCode and Field decide
	cause     error
}

// errNoKind is for an Error that matches no sentinel, whatever its status.
var errNoKind = errors.New("no kind")

// Error says what failed, how and why, in one line.
func (e *Error) Error() string {
	parts := []string{e.operation, e.Field, e.Description}
	if e.StatusCode != 0 {
		parts[1] = strings.TrimSpace(fmt.Sprint(e.StatusCode, " ", cmp.Or(e.Code, http.StatusText(e.StatusCode))))
	}
	if e.cause != nil {
		parts = append(parts, e.cause.Error())
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	text := "adminportal: " + cmp.Or(strings.Join(parts, ": "), "failed")
	if e.RetryAfter > 0 {
		text += fmt.Sprintf("; try again in %v", e.RetryAfter.Round(time.Second))
	}
	if e.Attempts > 1 {
		text += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	if e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return text
}

// Is reports whether target is the sentinel for what went wrong.
func (e *Error) Is(target error) bool { return target == cmp.Or(e.kind, kindOf(e.StatusCode)) }

// Unwrap returns the cause: the context's error as it is; or what stands for a network error, the
// API key source's error or the limiter's, to be asked with errors.Is and errors.As. It is nil
// where the service's answer is the cause.
func (e *Error) Unwrap() error { return e.cause }

// Hint is what to do about the error, in a sentence. It is empty if there is nothing to advise.
func (e *Error) Hint() string {
	switch {
	case e.hint != "":
		return e.hint
	case e.StatusCode == http.StatusBadRequest && !slices.Contains([]string{"", "intent", "organization"}, e.Field):
		return hintFields
	case e.StatusCode >= 300 && e.StatusCode <= 399:
		return hintRedirect
	}
	return statuses[min(e.StatusCode, http.StatusInternalServerError)].hint
}

// kindOf is the sentinel for a status of the service's own, or nil.
func kindOf(status int) error { return statuses[min(status, http.StatusInternalServerError)].kind }

// invalid is a refusal before anything is sent. It names the field and the rule, never the value.
func invalid(field, rule string) *Error {
	return &Error{Field: field, Description: rule, kind: ErrInvalidRequest}
}

// during makes an error of this operation of any error. Nil stays nil.
func during(operation string, err error) error {
	if err == nil {
		return nil
	}
	named := Error{cause: hide(err, "")}
	if own, ok := errors.AsType[*Error](err); ok {
		named = *own
	}
	named.operation = operation
	return &named
}

// A verdict is what an error answer means: its sentinel, and what to do about it.
type verdict struct {
	kind error
	hint string
}

// What an error answer means where its status alone does not tell.
var noOrganization = &verdict{ErrOrganizationNotFound, hintNotFound} // the service's: there is no such organization
var noRoute = &verdict{errNoKind, hintNoRoute}                       // the server does not have the route
var fromIntermediary = &verdict{errNoKind, hintBetween}              // a proxy's, a gateway's or a firewall's

// statuses has the sentinel and the fix for every error status that openapi.yaml lists, after the
// error table of WorkOS's Admin Portal reference; that of 500 holds for what is above. A test
// compares the two lists. The statuses without a sentinel are not the service's own.
var statuses = map[int]verdict{
	http.StatusBadRequest:          {ErrInvalidRequest, hintRequest},
	http.StatusUnauthorized:        {ErrUnauthorized, "check that the API key is whole and current, and its permissions in the WorkOS Dashboard"},
	http.StatusForbidden:           {ErrUnauthorized, "check the API key's permissions in the WorkOS Dashboard"},
	http.StatusNotFound:            {ErrOrganizationNotFound, hintNotFound},
	http.StatusUnprocessableEntity: {ErrInvalidRequest, hintFields},
	http.StatusTooManyRequests:     {ErrRateLimited, "wait as long as RetryAfter says and try again; share one client, and one limiter if several processes use the key"},
	http.StatusInternalServerError: {ErrServer, hintLater},
	http.StatusProxyAuthRequired:   {nil, hintProxy},
	http.StatusRequestTimeout:      {nil, hintLater},
	http.StatusTooEarly:            {nil, hintLater},
}

const (
	hintRequest   = "use one of the intents sso, dsync, audit_logs, log_streams; give a valid organization ID (it starts with org_)"
	hintNotFound  = "confirm that the organization exists, that its ID is correct, and that the API key belongs to the same environment"
	hintFields    = "check each field; an organization ID must start with org_"
	hintLater     = "try again after a brief delay; if it lasts, ask WorkOS support, with the request ID"
	hintBetween   = "this answer came from a proxy, gateway or firewall between this host and WorkOS, not from WorkOS, and may be temporary; if it lasts, check what stands between, the base URL, and the dialect if one is set"
	hintRedirect  = "no redirect is followed, since it would carry the API key elsewhere: set WithBaseURL to the final address"
	hintIconFile  = "check the address of the icon file: set WithCDNURL to where it is"
	hintNoRoute   = "check the base URL, and the dialect if one is set: the server has no POST /portal_links, or no POST /portal/generate_link, or neither"
	hintNoIcons   = "check the CDN URL and the base URL: neither GET /provider_icons nor GET /provider-icons.json exists there"
	hintMalformed = "check that the base URL is the WorkOS API's and that no proxy answers in its place, or cuts the answer short"
	hintLinkHost  = "add the host to WithLinkHosts if it is right, or ask WorkOS why links lead there"
	hintNetwork   = "check the network, a proxy, and the base URL"
	hintProxy     = "the proxy between this host and WorkOS refused the connection: if it wants credentials, give them in HTTPS_PROXY or in the HTTP client's transport; else ask its operator to allow the host, or set NO_PROXY"
	hintTooLong   = "try again later, or give the call's context more time; if a limiter has failed, see the cause"
)
