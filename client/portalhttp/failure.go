package portalhttp

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// What the function given to [NewHandler] wraps to say no.
var (
	// ErrForbidden: this person may not go there. They get 403 and a page that
	// says so.
	ErrForbidden = errors.New("forbidden")

	// ErrUnauthenticated: nobody is signed in, or the session has ended since the
	// page was loaded. They get 401 and a page that asks them to sign in. (To lead
	// them to the sign-in page instead, see [WithErrorHandler].)
	ErrUnauthenticated = errors.New("not signed in")
)

// A Failure is a click that got no link, in terms for the person who clicked. It
// serves itself as a page, or as JSON where that is asked for. What lies behind it
// is for errors.Is and errors.As, and for the log; no page should show it.
type Failure struct {
	Status     int           // of the answer
	Code       string        // for programs; the package's table lists them
	Title      string        // "The admin portal does not answer"
	Message    string        // what to do, in sentences
	ReturnURL  string        // the way back: always an absolute http or https URL
	RetryAfter time.Duration // when it may work, in whole seconds; 0 if nobody knows
	Reference  string        // ties the page to the log line; with 500, empty else

	cause error
}

// Error is for the operator: it is the cause.
func (f *Failure) Error() string {
	if f.cause == nil {
		return "adminportal: open portal: " + f.Code
	}
	if e := new(client.Error); errors.As(f.cause, &e) {
		return f.cause.Error()
	}
	return "adminportal: open portal: " + f.cause.Error()
}

// Unwrap returns the cause: a [*client.Error], or what the function returned.
func (f *Failure) Unwrap() error { return f.cause }

func newFailure(k kind, cause error) *Failure {
	f := &Failure{Status: k.status, Code: k.code, Title: k.title, cause: cause}
	if e := new(client.Error); errors.As(cause, &e) && k.passes {
		f.RetryAfter = wholeSeconds(e.RetryAfter)
	}
	if f.Status == http.StatusBadGateway && f.RetryAfter > 0 {
		f.Status = http.StatusServiceUnavailable // Retry-After belongs to it
	}
	if f.Status == http.StatusServiceUnavailable && f.RetryAfter == 0 {
		f.RetryAfter = rateWindow
	}
	f.Message = k.message
	if k.passes {
		f.Message += " " + comeBack(f.RetryAfter)
	}
	if f.Status == http.StatusInternalServerError {
		f.Reference = rand.Text()[:10]
	}
	return f
}

// rateWindow is when a limit that does not say is over (WorkOS's Admin Portal
// reference: requests are counted by the minute).
const rateWindow = time.Minute

// wholeSeconds rounds up: who comes a moment early is refused again.
func wholeSeconds(d time.Duration) time.Duration {
	if d > d.Truncate(time.Second) {
		d = d.Truncate(time.Second) + time.Second
	}
	return max(d, 0)
}

// comeBack says when to try again, as a person would.
func comeBack(after time.Duration) string {
	n, unit := int(after/time.Second), "second"
	switch {
	case n == 0 || n == 60:
		return "Go back and try again in a minute."
	case n > 90*60:
		n, unit = (n+3599)/3600, "hour"
	case n > 90:
		n, unit = (n+59)/60, "minute"
	}
	if n > 1 {
		unit += "s"
	}
	return "Go back and try again in " + strconv.Itoa(n) + " " + unit + "."
}

// attrs are the failure in a log line.
func (f *Failure) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.Int("status", f.Status), slog.String("code", f.Code)}
	if f.Reference != "" {
		attrs = append(attrs, slog.String("reference", f.Reference))
	}
	if f.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", f.RetryAfter))
	}
	attrs = append(attrs, slog.String("error", f.Error()))
	e := new(client.Error)
	if !errors.As(f.cause, &e) {
		return attrs
	}
	if e.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", e.RequestID))
	}
	if hint := e.Hint(); hint != "" {
		attrs = append(attrs, slog.String("hint", hint))
	}
	return attrs
}

// kindOfRefusal sorts what the function that says who may go where returned.
func kindOfRefusal(err error) kind {
	tooMuch := new(http.MaxBytesError)
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return unauthenticated
	case errors.Is(err, ErrForbidden):
		return forbidden
	case errors.As(err, &tooMuch):
		return tooLarge
	case errors.Is(err, context.DeadlineExceeded):
		return tooSlow
	}
	return internal
}

// kindOfFailure sorts what the portal returned. A status is for whom it can be
// mended by: 4xx the person, 500 the operator, 502 to 504 time.
func kindOfFailure(err error) kind {
	e := new(client.Error)
	isClients := errors.As(err, &e)
	switch {
	case errors.Is(err, ErrUnauthenticated), errors.Is(err, ErrForbidden):
		return kindOfRefusal(err) // a portal of the caller's own, with rules of its own
	case errors.Is(err, client.ErrRateLimited):
		return rateLimited
	case errors.Is(err, client.ErrServer):
		return unavailable
	case isTimeout(err):
		return tooSlow
	case errors.Is(err, client.ErrMalformedResponse):
		return malformed
	case errors.Is(err, client.ErrOrganizationNotFound):
		return unknownOrganization
	case errors.Is(err, client.ErrInvalidRequest), errors.Is(err, client.ErrUnauthorized):
		return internal
	case isClients && e.StatusCode == 0 && e.Attempts > 0:
		return unavailable // the network
	}
	return internal // a redirect, no such route, the API key's source, a portal of the caller's own
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}
