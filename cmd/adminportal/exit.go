package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// The exit codes. They are part of the command's contract, and "adminportal help
// exit-codes" explains them.
const (
	exitDone         = 0
	exitFailed       = 1
	exitUsage        = 2
	exitUnauthorized = 4
	exitRateLimited  = 5
	exitUnreachable  = 6
	exitInterrupted  = 130 // 128 and the signal's number, as shells have it
	exitTerminated   = 143
)

// A usageError is a command line, or an environment, that cannot mean anything.
type usageError struct {
	message string
	hint    string // empty: where the help is
}

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return usageError{message: fmt.Sprintf(format, args...)}
}

// A hinted error has a fix of its own.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// A failure is what a run that failed says of itself; as JSON it is the value of
// "error".
type failure struct {
	Kind       string `json:"kind"`
	Message    string `json:"message"`
	Hint       string `json:"hint,omitempty"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	RequestID  string `json:"request_id,omitempty"`
	RetryAfter int    `json:"retry_after_seconds,omitempty"`
	Attempts   int    `json:"attempts,omitempty"`

	exit int
}

// diagnose says what an error means to the person or the script that gets it.
func diagnose(ctx context.Context, err error, help string) failure {
	f := failure{Kind: "failed", Message: err.Error(), exit: exitFailed}
	var (
		usage  usageError
		hinted hintedError
		e      *client.Error
		signal stopped
	)
	switch {
	case errors.As(err, &usage):
		f.Kind, f.Hint, f.exit = "usage", usage.hint, exitUsage
		if f.Hint == "" {
			f.Hint = help
		}
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &signal):
		f = failure{Kind: "interrupted", Message: signal.Error(), exit: exitInterrupted}
		if signal.signal != os.Interrupt {
			f.exit = exitTerminated
		}
	case errors.As(err, &e):
		f.describe(e, help)
	}
	if errors.As(err, &hinted) {
		f.Hint = hinted.hint
	}
	f.Message = oneLine(strings.TrimPrefix(f.Message, "adminportal: "))
	return f
}

// describe takes over what the client says of a call.
func (f *failure) describe(e *client.Error, help string) {
	f.Hint, f.Status, f.Code, f.RequestID, f.Attempts = hintFor(e), e.StatusCode, e.Code, e.RequestID, e.Attempts
	f.RetryAfter = int((e.RetryAfter + time.Second - 1) / time.Second)
	switch {
	case errors.Is(e, client.ErrInvalidRequest) && e.Attempts == 0:
		f.Kind, f.exit = "usage", exitUsage
		if f.Hint == "" {
			f.Hint = help
		}
	case errors.Is(e, client.ErrInvalidRequest):
		f.Kind = "invalid_request"
	case errors.Is(e, client.ErrUnauthorized):
		f.Kind, f.exit = "unauthorized", exitUnauthorized
	case errors.Is(e, client.ErrOrganizationNotFound):
		f.Kind = "organization_not_found"
	case errors.Is(e, client.ErrRateLimited):
		f.Kind, f.exit = "rate_limited", exitRateLimited
	case errors.Is(e, client.ErrServer):
		f.Kind = "server_error"
	case errors.Is(e, client.ErrMalformedResponse):
		f.Kind = "malformed_response"
	case e.StatusCode == 0:
		f.Kind, f.exit = "unreachable", exitUnreachable
	}
}

// closedPipe reports whether the reader of our results has gone, having seen
// enough.
func closedPipe(err error) bool {
	var output *outputError
	if !errors.As(err, &output) {
		return false // a connection can break, too
	}
	if errors.Is(output, syscall.EPIPE) {
		return true
	}
	var no syscall.Errno
	// ERROR_BROKEN_PIPE and ERROR_NO_DATA.
	return runtime.GOOS == "windows" && errors.As(err, &no) && (no == 109 || no == 232)
}
