package main

import (
	"context"
	"errors"
	"strings"

	"github.com/adminportal-go/adminportal/client"
)

// The client's errors speak of fields and of Go. What follows says the same in
// flags and variables.

// blame names the variable that client.New found fault with.
func (s *service) blame(err error) error {
	var e *client.Error
	if !errors.As(err, &e) {
		return err
	}
	message := strings.NewReplacer("API key: ", s.keyFrom+" ", "base URL: ", "WORKOS_BASE_URL ").Replace(e.Description)
	return usageError{message: message, hint: "adminportal help environment"}
}

// flagWords are link's flags for what a request refuses.
var flagWords = strings.NewReplacer(
	"request: ", "",
	"organization: ", "--org ",
	"intent: ", "--intent ",
	"return_url: ", "--return-url ",
	"success_url: ", "--success-url ",
	"it_contact_emails: ", "--contact: ",
	"it_contact_emails", "--contact",
	"the intent \"", "--intent \"",
	"intent \"", "--intent \"",
	"DialectPortalLinks", "--dialect portal-links",
	"DialectAuto", "auto",
	"DialectGenerateLink", "generate-link",
)

// explain says what a refused call means on this command line.
func (s *service) explain(err error) error {
	var e *client.Error
	switch {
	case !errors.As(err, &e):
		return err
	case errors.Is(e, client.ErrInvalidRequest) && e.Attempts == 0:
		return usagef("%s", flagWords.Replace(e.Description))
	case errors.Is(e, client.ErrOrganizationNotFound) && s.embedded:
		return hintedError{err, "the embedded sandbox has one organization, " + s.organization + ": leave --org out; with WORKOS_API_KEY set, WorkOS is asked"}
	}
	return err
}

// hintFor is the client's hint in this command's words, where the client speaks
// of Go.
func hintFor(e *client.Error) string {
	switch {
	case errors.Is(e, client.ErrRateLimited):
		return "try again later, or let it wait with a longer --timeout"
	case errors.Is(e, context.DeadlineExceeded):
		return "check the network, a proxy, and WORKOS_BASE_URL; or give it longer with --timeout"
	}
	return strings.NewReplacer("WithBaseURL", "WORKOS_BASE_URL", "the base URL", "WORKOS_BASE_URL").Replace(e.Hint())
}
