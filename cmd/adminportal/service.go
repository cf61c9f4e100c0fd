package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

const workosURL = "https://api.workos.com"

// defaultTimeout is long enough to wait for WorkOS's next rate window: a window is a
// minute.
const defaultTimeout = 90 * time.Second

// A connection is what the flags say of how to reach the service.
type connection struct {
	keyFromStdin bool
	timeout      time.Duration
}

func (c *connection) flags(cmd *cobra.Command) {
	c.keyFlag(cmd)
	cmd.Flags().DurationVar(&c.timeout, "timeout", defaultTimeout, "give up after this long, which includes waiting for the rate limit")
}

func (c *connection) keyFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.keyFromStdin, "api-key-stdin", false, "read the API key from the first line of standard input")
}

// A service is where a command's calls go: WorkOS, or a sandbox in this process.
type service struct {
	connection
	baseURL string
	key     string
	sandbox *portaltest.Handler // nil: not in this process
	close   func()
}

// connect decides where the calls of a command go. Without a key that is an embedded
// sandbox, which a line on standard error says, with note.
func (a *app) connect(ctx context.Context, c connection, note string) (*service, error) {
	if c.timeout <= 0 {
		return nil, usagef("--timeout must be a positive duration, such as 30s")
	}
	s := &service{connection: c, baseURL: workosURL, key: a.getenv("WORKOS_API_KEY"), close: func() {}}
	if c.keyFromStdin {
		var err error
		if s.key, err = a.readKey(ctx); err != nil {
			return nil, err
		}
	}
	baseURL := a.getenv("WORKOS_BASE_URL")
	if s.key != "" {
		if baseURL != "" {
			s.baseURL = baseURL
		}
		return s, nil
	}
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.sandbox = portaltest.NewHandler(portaltest.WithExamples()) // the help uses them, too
	site := serve(l, s.sandbox)
	s.baseURL, s.key, s.close = site.url, s.sandbox.APIKey, func() { _ = site.close() }
	if baseURL != "" {
		note += "; WORKOS_BASE_URL is not used without a key"
	}
	a.log.say("Embedded sandbox (no WORKOS_API_KEY)%s", note)
	return s, nil
}

// organizationOr returns the given organization, or the sandbox's own.
func (s *service) organizationOr(given string) (string, error) {
	switch {
	case given != "":
		return given, client.PortalLinkRequest{Organization: given, Intent: client.IntentSSO}.Validate()
	case s.sandbox != nil:
		return s.sandbox.Organization, nil
	}
	return "", badUsage("--org is required with an API key: whose portal is it?", "give the organization's ID, org_…, from the WorkOS Dashboard")
}

// client returns a client of the service. a.last is its last attempt.
func (a *app) client(s *service, dialect client.Dialect) (*client.Client, error) {
	a.deadline = time.Now().Add(s.timeout)
	portal, err := client.New(s.key,
		client.WithUserAgent(userAgent()),
		client.WithBaseURL(s.baseURL),
		client.WithDialect(dialect),
		client.WithRetry(client.RetryPolicy{MaxAttempts: maxAttempts, MaxWait: s.timeout}),
		client.WithObserver(a.observe))
	if err != nil {
		return nil, hintedError{err, seeEnvironment, true}
	}
	return portal, nil
}

func userAgent() string { return "adminportal-cli/" + version() }

const maxAttempts = 4

// observe keeps an attempt, and says so when a long wait follows it.
func (a *app) observe(_ context.Context, at client.Attempt) {
	a.last.Store(&at)
	var e *client.Error
	if !errors.As(at.Err, &e) || e.RetryAfter < time.Second || at.Number >= maxAttempts || time.Now().Add(e.RetryAfter).After(a.deadline) {
		return
	}
	a.log.say("adminportal: %d %s: waiting %v", at.StatusCode, http.StatusText(at.StatusCode), e.RetryAfter.Round(time.Second))
}

// explain adds what the embedded sandbox's user should know of an error.
func (s *service) explain(err error) error {
	if s.sandbox != nil && errors.Is(err, client.ErrOrganizationNotFound) {
		return hintedError{error: err, hint: "that organization is not in the embedded sandbox: leave --org out; with WORKOS_API_KEY set, WorkOS is asked"}
	}
	return err
}
