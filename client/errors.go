package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What a caller decides by. Compare with errors.Is; the details are in [*Error].
var (
	// ErrInvalidRequest: what was asked for is wrong, whether this package saw it
	// before anything was sent or the service answered 400 or 422. Asking again
	// does not help.
	ErrInvalidRequest = errors.New("invalid request")

	// ErrUnauthorized: the API key is missing, wrong, or lacks a permission (401,
	// 403).
	ErrUnauthorized = errors.New("unauthorized")

	// ErrOrganizationNotFound: no organization of the key's environment has the
	// ID (404).
	ErrOrganizationNotFound = errors.New("organization not found")

	// ErrRateLimited: the budget is spent (429), and the wait would be longer than
	// the caller has. [Error.RetryAfter] says how long it is.
	ErrRateLimited = errors.New("rate limited")

	// ErrServer: WorkOS failed (5xx) on every attempt.
	ErrServer = errors.New("server error")

	// ErrMalformedResponse: a 2xx that is not what the contract says, so that
	// there is no link to send anyone to.
	ErrMalformedResponse = errors.New("malformed response")
)

// An Error is why a call failed. Every method of [Client] that fails returns one.
// None of its fields ever holds the API key or a link.
type Error struct {
	StatusCode  int           // of the last answer; 0 if there was none
	Code        string        // the service's code, such as "entity_not_found"; may be empty
	Description string        // what is wrong, for a developer; may be empty
	RequestID   string        // quote it to WorkOS support; may be empty
	RetryAfter  time.Duration // how long the service asks to wait; 0 if it does not
	Attempts    int           // requests sent, finding out the dialect included; 0 if none left this host
	Body        string        // the start of an error answer's body, at most 512 bytes, secrets removed

	operation string // "generate portal link"
	kind      error  // a sentinel; nil: StatusCode decides; errNoKind: none
	hint      string // if the status alone does not decide
	cause     error
	untold    *answer // what tell has yet to take apart; nil in whatever leaves the package
}

// errNoKind is for an Error that no sentinel matches, whatever its status.
var errNoKind = errors.New("no kind")

// maxSnippet bounds Body and Description.
const maxSnippet = 512

// Error says what failed, how and why, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("adminportal: ")
	if e.operation != "" {
		b.WriteString(e.operation + ": ")
	}
	b.WriteString(e.reason())
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	return b.String()
}

func (e *Error) reason() string {
	var parts []string
	switch {
	case e.StatusCode == 0:
	case e.Code != "":
		parts = append(parts, fmt.Sprintf("%d %s", e.StatusCode, e.Code))
	default:
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))))
	}
	if e.Description != "" {
		parts = append(parts, e.Description)
	}
	if e.cause != nil {
		parts = append(parts, e.cause.Error())
	}
	if len(parts) == 0 {
		parts = append(parts, "failed")
	}
	reason := strings.Join(parts, ": ")
	if e.RetryAfter > 0 {
		reason += fmt.Sprintf("; try again in %v", e.RetryAfter.Round(time.Second))
	}
	if e.Attempts > 1 {
		reason += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	return reason
}

// Format prints what Error says, quoted for %q, so that no verb prints what lies
// behind the error.
func (e Error) Format(f fmt.State, verb rune) {
	text := e.Error()
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text)
}

// Is matches the sentinel for what went wrong.
func (e *Error) Is(target error) bool {
	if e.kind != nil {
		return target == e.kind
	}
	kind := kindOf(e.StatusCode)
	return kind != nil && target == kind
}

// Unwrap returns the cause: the context's error as it is; or what stands for a
// network error, the API key source's error or the limiter's, to be asked with
// errors.Is and errors.As. It is nil where the service's answer is the cause.
func (e *Error) Unwrap() error { return e.cause }

// Hint is what to do about the error, in a sentence; empty if there is nothing to
// advise.
func (e *Error) Hint() string {
	if e.hint != "" {
		return e.hint
	}
	return hintFor(e.StatusCode, e.Description)
}

func kindOf(status int) error {
	switch {
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return ErrInvalidRequest
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrUnauthorized
	case status == http.StatusNotFound:
		return ErrOrganizationNotFound
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500:
		return ErrServer
	}
	return nil
}

// invalid is a refusal before anything is sent: the field and the rule, never the
// value.
func invalid(field, rule string) *Error {
	return &Error{Description: field + ": " + rule, kind: ErrInvalidRequest}
}

// during names the operation of an error that was made without one.
func during(operation string, err error) error {
	if e := new(Error); errors.As(err, &e) && e.operation == "" {
		named := *e
		named.operation = operation
		return &named
	}
	return err
}

// readError takes an error answer apart. What it says in words is left for later
// where the call is likely to go on, and nobody ever to see them.
func (a *answer) readError() *Error {
	e := &Error{StatusCode: a.status, cause: hide(a.err, a.key), untold: a}
	e.RetryAfter, _ = askedToWait(a.status, a.header, a.received)
	if !a.worthRetrying() {
		e.tell()
	}
	return e
}

// tell fills in what the answer says in words. Its body may be of any shape: the
// contract's, one of the live dialect's, a proxy's page, nothing.
func (e *Error) tell() {
	if e == nil || e.untold == nil {
		return
	}
	a := e.untold
	e.untold = nil
	e.RequestID = snippet(scrub(first(a.header, headerRequestID), a.key), 128)
	e.Body = snippet(scrub(string(a.body), a.key), maxSnippet)
	code, description := describe(a.body)
	e.Code = snippet(scrub(code, a.key), 128)
	e.Description = snippet(scrub(description, a.key), maxSnippet)
}

// An errorBody has what openapi.yaml's Error and LiveError have. Everything is any:
// one field of a wrong type must not lose the others.
type errorBody struct {
	Code        any `json:"code"`
	Description any `json:"error_description"`
	Message     any `json:"message"`
	Error       any `json:"error"`
	Errors      any `json:"errors"`
}

// describe finds the code and the description in the shapes that the two have.
func describe(body []byte) (code, description string) {
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) > 0 && text[0] == '"' {
		_ = json.Unmarshal(body, &description)
		return "", description
	}
	var e errorBody
	if json.Unmarshal(body, &e) != nil {
		return "", ""
	}
	code, description = text(e.Code), text(e.Description)
	kind := text(e.Error)
	if description == "" {
		description = text(e.Message)
	}
	switch {
	case description == "":
		description = kind
	case code == "":
		code = kind
	}
	details, _ := e.Errors.([]any)
	var list []string
	for _, d := range details {
		if s := describeDetail(d); s != "" {
			list = append(list, s)
		}
	}
	if len(list) > 0 {
		description = strings.TrimPrefix(description+": ", ": ") + strings.Join(list, "; ")
	}
	return code, description
}

func describeDetail(detail any) string {
	fields, ok := detail.(map[string]any)
	if !ok {
		return text(detail)
	}
	field, what := text(fields["field"]), text(fields["message"])
	if what == "" {
		what = text(fields["code"])
	}
	if field != "" && what != "" {
		return field + ": " + what
	}
	return field + what
}

// text is a decoded value if that is a string.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// misfit says why a body is not what the contract says, without repeating any of
// it: json's own words may quote a secret. other is what it is if json does not say.
func misfit(err error, other string) string {
	var (
		syntax *json.SyntaxError
		typ    *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &typ) && typ.Field != "":
		return fmt.Sprintf("%s is of the wrong type", typ.Field)
	case errors.As(err, &typ):
		return "JSON, but of the wrong type"
	}
	return other + " is malformed"
}
