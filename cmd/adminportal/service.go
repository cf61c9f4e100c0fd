package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

const workosURL = "https://api.workos.com"

// defaultTimeout is long enough to wait out one of WorkOS's rate windows, which
// are a minute.
const defaultTimeout = 90 * time.Second

// A connection is what the flags say of how to reach the service.
type connection struct {
	keyFromStdin bool
	timeout      time.Duration
}

func (c *connection) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.keyFromStdin, "api-key-stdin", false, "read the API key from the first line of standard input")
	cmd.Flags().DurationVar(&c.timeout, "timeout", defaultTimeout, "give up after this long, waiting for the rate limit included")
	_ = cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
}

func (c *connection) check() error {
	if c.timeout <= 0 {
		return usagef("--timeout must be a positive duration, such as 30s")
	}
	return nil
}

// A service is where a command's calls go: WorkOS, or the sandbox embedded in
// this process.
type service struct {
	baseURL      string
	key          string
	organization string // the sandbox's own; empty elsewhere
	keyFrom      string // for errors: where the key came from
	embedded     bool
	sandbox      *portaltest.Handler // the embedded one; nil elsewhere
	close        func()
}

// service finds out where the calls of a command go. Without a key that is the
// embedded sandbox, which note explains on the log; it ends with close.
func (a *app) service(ctx context.Context, c connection, note string) (*service, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &service{baseURL: workosURL, key: a.getenv("WORKOS_API_KEY"), keyFrom: "WORKOS_API_KEY", close: func() {}}
	if c.keyFromStdin {
		var err error
		s.keyFrom = "the API key on standard input"
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
	box, err := embed(ctx)
	if err != nil {
		return nil, err
	}
	if baseURL != "" {
		note += "; WORKOS_BASE_URL is not used without a key"
	}
	a.log.say("%s", a.log.paint(faint, "Embedded sandbox (no WORKOS_API_KEY)"+note))
	return box, nil
}

// organizationOr is the organization to ask for: the given one, or the sandbox's.
func (s *service) organizationOr(given string) (string, error) {
	switch {
	case given != "":
		return given, nil
	case s.organization != "":
		return s.organization, nil
	}
	return "", usageError{
		message: "--org is required with an API key: whose portal is it?",
		hint:    "give the organization's ID, org_…, from the WorkOS Dashboard",
	}
}

// client returns a client of the service, and what hears of its attempts and shows
// on the log when it waits.
func (a *app) client(s *service, opts ...client.Option) (*client.Client, *trace, error) {
	t := &trace{progress: progress{screen: a.log}}
	opts = append([]client.Option{
		client.WithUserAgent("adminportal-cli/" + buildVersion().Version),
		client.WithBaseURL(s.baseURL),
		client.WithObserver(t.observe),
	}, opts...)
	portal, err := client.New(s.key, opts...)
	if err != nil {
		return nil, nil, s.blame(err)
	}
	return portal, t, nil
}
