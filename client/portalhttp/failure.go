package portalhttp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// What the function given to [NewHandler] wraps to say no.
var (
	// ErrForbidden means that this person may not go there. They get 403 and a page that says so.
	ErrForbidden = errors.New("forbidden")

	// ErrUnauthenticated means that nobody is signed in, perhaps since the session has ended. They get 401 and a page
	// that asks them to sign in. To lead them to the sign-in page instead, see [WithErrorHandler].
	ErrUnauthenticated = errors.New("not signed in")
)

// A Failure is a click that got no link, in words for the person who clicked. It serves itself as a page, or as JSON to
// a script. The cause is for errors.Is, errors.As and the log; no page should show it.
type Failure struct {
	Status     int           `json:"-"`                    // of the answer
	Code       string        `json:"code"`                 // for programs; the package's table lists them
	Title      string        `json:"-"`                    // "The admin portal does not answer"
	Message    string        `json:"message"`              // what to do, in sentences
	ReturnURL  string        `json:"return_url,omitempty"` // the way back: always an absolute http or https URL
	RetryAfter time.Duration `json:"-"`                    // when to try again, in whole seconds; 0 if nobody knows
	Reference  string        `json:"reference,omitempty"`  // ties the page to the log line; only with 500

	cause error
}

// Error is for the operator: it is the cause.
func (f *Failure) Error() string {
	switch {
	case f.cause == nil:
		return "adminportal: open portal: " + f.Code
	case errors.As(f.cause, new(*client.Error)):
		return f.cause.Error()
	}
	return "adminportal: open portal: " + f.cause.Error()
}

// Unwrap returns the cause: a [*client.Error], or what the function returned.
func (f *Failure) Unwrap() error { return f.cause }

func newFailure(k kind, cause error) *Failure {
	f := &Failure{Status: k.status, Code: k.code, Title: k.title, Message: k.message, cause: cause}
	if k.status > http.StatusInternalServerError {
		e := new(client.Error)
		errors.As(cause, &e)
		f.RetryAfter = max(0, e.RetryAfter+time.Second-1).Truncate(time.Second) // up: those who come too early are refused again
		if f.Status == http.StatusBadGateway && f.RetryAfter > 0 {
			f.Status = http.StatusServiceUnavailable // Retry-After goes with 503
		}
		if f.Status == http.StatusServiceUnavailable && f.RetryAfter == 0 {
			f.RetryAfter = time.Minute // WorkOS's Admin Portal reference: requests are counted by the minute
		}
		f.Message += " Go back and try again in " + inWords(f.RetryAfter) + "."
	}
	if f.Status == http.StatusInternalServerError {
		f.Reference = rand.Text()[:10]
	}
	return f
}

// inWords is a wait as a person says it.
func inWords(wait time.Duration) string {
	n, unit := int(wait/time.Second), "second"
	switch {
	case n == 0 || n == 60:
		return "a minute"
	case n > 90*60:
		n, unit = (n+3599)/3600, "hours"
	case n > 90:
		n, unit = (n+59)/60, "minutes"
	case n > 1:
		unit = "seconds"
	}
	return fmt.Sprint(n, " ", unit)
}

// attrs are the failure in a log line. What is unknown is left out.
func (f *Failure) attrs() []slog.Attr {
	e := new(client.Error)
	errors.As(f.cause, &e)
	attrs := []slog.Attr{slog.Int("status", f.Status), slog.String("code", f.Code), slog.String("error", f.Error()), slog.Duration("retry_after", f.RetryAfter),
		slog.String("reference", f.Reference), slog.String("request_id", e.RequestID), slog.String("hint", e.Hint())}
	return slices.DeleteFunc(attrs, func(a slog.Attr) bool {
		return a.Value.Equal(slog.StringValue("")) || a.Value.Equal(slog.DurationValue(0))
	})
}

// A kind is a sort of failure. The status says who can fix it: 4xx the person, 500 the operator, more than 500 time;
// then the message ends with when to come back.
type kind struct {
	of             func(error) bool // nil if it is chosen by name
	status         int
	code           string
	level          slog.Level // of the log line
	title, message string     // for the person
}

var (
	innocent     = "You did nothing wrong, and nothing was changed."
	notPost      = kind{nil, 405, "method_not_allowed", slog.LevelDebug, "The portal opens with its button", "This address opens nothing by itself. Go back and press the button there."}
	prefetch     = kind{nil, 403, "prefetch", slog.LevelDebug, notPost.title, notPost.message}
	crossOrigin  = kind{nil, 403, "cross_origin", slog.LevelWarn, "Start from the settings page", "Another site tried to open the admin portal for you, so it was not opened. Go back and press the button there. If that is what you did, your browser may be too old: update it and try again. If that does not help, tell our support."}
	throughTurbo = kind{nil, 422, "turbo", slog.LevelWarn, "One more step", "The portal opens in a moment. If it does not, press the button."}
	internal     = kind{nil, 500, "internal", slog.LevelError, "The portal cannot be opened", "Something is wrong on our side. Trying again will not help until it is fixed. Please tell our support, with the reference below."}

	// refusals are what the caller's function may say, or the end of its time. Anything else is internal.
	refusals = []kind{
		{is(ErrUnauthenticated), 401, "unauthenticated", slog.LevelInfo, "You are signed out", "Go back, sign in, and press the button again."},
		{is(ErrForbidden), 403, "forbidden", slog.LevelInfo, "Your account may not open this", "Only some people of your organization may set this up. Ask one of its administrators to do it, or to let you."},
		{func(err error) bool { return errors.As(err, new(*http.MaxBytesError)) }, 413, "too_large", slog.LevelWarn, "Too much was sent", "The page sent more than its button should. Go back, reload the page, and press the button again."},
		{is(context.DeadlineExceeded), 504, "timeout", slog.LevelWarn, "The admin portal takes too long", innocent},
	}

	// failures are what a portal may say; the first that fits is meant. Anything else is internal: a refused request
	// or key, a redirect, a wrong base URL. A portal of the caller's own may refuse people, too.
	failures = append(refusals[:2:2], []kind{
		{is(client.ErrRateLimited), 503, "rate_limited", slog.LevelWarn, "Many people are here right now", "The admin portal lets in only so many at a time."},
		{is(client.ErrServer), 502, "unavailable", slog.LevelWarn, "The admin portal does not answer", innocent},
		{isTimeout, 504, "timeout", slog.LevelWarn, "The admin portal takes too long", innocent},
		{func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*net.OpError)) }, 502, "unavailable", slog.LevelWarn, "The admin portal does not answer", innocent},
		{is(client.ErrMalformedResponse), 502, "unavailable", slog.LevelError, "The admin portal does not answer", innocent},
		{is(client.ErrOrganizationNotFound), 500, "organization_not_found", slog.LevelError, "Your organization is not connected yet", "The admin portal does not know your organization. Please tell our support, with the reference below: they can connect it."},
		{isBetween, 502, "unavailable", slog.LevelWarn, "The admin portal does not answer", innocent},
	}...)
)

func kindOf(err error, among []kind) kind {
	if i := slices.IndexFunc(among, func(k kind) bool { return k.of(err) }); i >= 0 {
		return among[i]
	}
	return internal
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// isBetween says that the network failed, that a proxy or firewall answered in WorkOS's place, or that the answer
// asks for another try: such a failure may be temporary. A wrong base URL is not.
func isBetween(err error) bool {
	e := new(client.Error)
	if !errors.As(err, &e) || errors.Is(e, client.ErrInvalidRequest) || errors.Is(e, client.ErrUnauthorized) {
		return false
	}
	return e.StatusCode == 0 && e.Attempts > 0 || strings.Contains(e.Hint(), "may be temporary") || strings.Contains(e.Hint(), "brief delay")
}
