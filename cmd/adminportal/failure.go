package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// The exit codes are part of the command's contract: see help/exit-codes.txt.
const (
	exitDone         = 0
	exitFailed       = 1
	exitUsage        = 2
	exitUnauthorized = 4
	exitRateLimited  = 5
	exitUnreachable  = 6
	exitInterrupted  = 130 // 128 and the signal's number, as shells do
	exitTerminated   = 143
)

// An exitCode ends a run that has already said what failed.
type exitCode int

func (exitCode) Error() string { return "failed" }

// A hintedError is an error with its fix.
type hintedError struct {
	error
	hint  string // empty: read the help
	usage bool   // the command line or the environment cannot be right
}

func (e hintedError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return badUsage(fmt.Sprintf(format, args...), "") }

func badUsage(message, hint string) error { return hintedError{errors.New(message), hint, true} }

const seeEnvironment = "see adminportal help environment"

// A failure is what a failed run says; as JSON it is the value of "error".
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

// diagnose says what an error means. help is the hint for wrong usage.
func diagnose(ctx context.Context, err error, help string) failure {
	f := failure{Kind: "failed", Message: err.Error(), exit: exitFailed}
	var signal stopped
	if ctx.Err() != nil && errors.As(context.Cause(ctx), &signal) {
		f = failure{Kind: "interrupted", Message: signal.Error(), exit: exitInterrupted}
		if signal.signal != os.Interrupt {
			f.exit = exitTerminated
		}
		return f
	}
	if e := new(client.Error); errors.As(err, &e) {
		f.describe(e)
	}
	if hinted := new(hintedError); errors.As(err, hinted) {
		f.Hint = hinted.hint
		if hinted.usage {
			f.Kind, f.exit = "usage", exitUsage
		}
	}
	if f.exit == exitUsage && f.Hint == "" {
		f.Hint = help
	}
	f.Message = oneLine(strings.TrimPrefix(f.Message, "adminportal: "))
	return f
}

// describe copies what the client says of a call.
func (f *failure) describe(e *client.Error) {
	f.Status, f.Code, f.RequestID, f.Attempts = e.StatusCode, e.Code, e.RequestID, e.Attempts
	f.RetryAfter = int((e.RetryAfter + time.Second - 1) / time.Second)
	switch f.Hint = e.Hint(); {
	case errors.Is(e, client.ErrInvalidRequest) && e.Attempts == 0:
		f.Kind, f.exit, f.Message = "usage", exitUsage, refusal(e)
	case errors.Is(e, client.ErrInvalidRequest):
		f.Kind = "invalid_request"
	case errors.Is(e, client.ErrUnauthorized):
		f.Kind, f.exit = "unauthorized", exitUnauthorized
	case errors.Is(e, client.ErrOrganizationNotFound):
		f.Kind = "organization_not_found"
	case errors.Is(e, client.ErrRateLimited):
		f.Kind, f.exit = "rate_limited", exitRateLimited
		f.Hint = "try again later, or let it wait with a longer --timeout"
	case errors.Is(e, client.ErrServer):
		f.Kind = "server_error"
	case errors.Is(e, client.ErrMalformedResponse):
		f.Kind = "malformed_response"
	case e.StatusCode == 0:
		f.Kind, f.exit = "unreachable", exitUnreachable
		if errors.Is(e, context.DeadlineExceeded) {
			f.Hint = "check the network, a proxy, and WORKOS_BASE_URL; or give it longer with --timeout"
		}
	}
	f.Hint = strings.NewReplacer("WithBaseURL", "WORKOS_BASE_URL", "the base URL", "WORKOS_BASE_URL").Replace(f.Hint)
}

// setBy has the flag or the variable that sets a field of the client's.
var setBy = map[string]string{
	"API key":           "the API key",
	"base URL":          "WORKOS_BASE_URL",
	"organization":      "--org",
	"intent":            "--intent",
	"return_url":        "--return-url",
	"success_url":       "--success-url",
	"it_contact_emails": "--contact",
}

// refusal is what the client refused to send, with the flag in place of the field.
func refusal(e *client.Error) string {
	name := strings.TrimRight(e.Field, "[0123456789]") // it_contact_emails[2]
	flag, ok := setBy[name]
	if !ok {
		return e.Error()
	}
	return flag + e.Field[len(name):] + " " + e.Description
}
