package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// sandboxOptions are sandbox's flags.
type sandboxOptions struct {
	addr    string
	dialect string
	limit   int
}

// spoken are the values of sandbox's --dialect.
var spoken = map[string]portaltest.Dialect{
	"both":          portaltest.DialectBoth,
	"portal-links":  portaltest.DialectPortalLinks,
	"generate-link": portaltest.DialectGenerateLink,
}

func (a *app) sandboxCommand() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run an Admin Portal to test against",
		Long:  sandboxText,
		Example: `  adminportal sandbox

  # For a test: any free port; the first line says which
  adminportal sandbox --addr 127.0.0.1:0 --json

  # As strict as the live service
  adminportal sandbox --dialect generate-link --limit 20`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.sandbox(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:8787", "where to listen, `host:port`; port 0 is any free one")
	f.StringVar(&o.dialect, "dialect", "both", "the `name` of the dialect to speak: both, portal-links or generate-link;\nwith one, the other's routes answer 404")
	f.IntVar(&o.limit, "limit", 100, "`requests` a minute for each key; 0 is no limit")
	a.jsonFlag(cmd)
	complete(cmd, "dialect", "both", "portal-links\tPOST /portal_links", "generate-link\tPOST /portal/generate_link")
	for _, name := range []string{"addr", "limit"} {
		complete(cmd, name)
	}
	return cmd
}

func (a *app) sandbox(ctx context.Context, o sandboxOptions) error {
	opts, err := o.portal(a.logRequest)
	if err != nil {
		return err
	}
	l, err := listen(ctx, o.addr, "127.0.0.1:8787")
	if err != nil {
		return err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		a.log.say("%s %s is not loopback: whoever reaches this host reaches the sandbox, and can change all that it holds", a.log.paint(yellow, "warning:"), l.Addr())
	}
	b := serveSandbox(l, opts...)
	if err := a.printSandbox(o, b); err != nil && !closedPipe(err) { // whoever read the first line may go
		_ = b.close()
		return err
	}
	select {
	case <-ctx.Done():
		if a.log.tty {
			a.log.say("") // the terminal has written ^C
		}
		return b.close()
	case err := <-b.served:
		return fmt.Errorf("the sandbox ended: %w", err)
	}
}

// portal are the options of package portaltest.
func (o sandboxOptions) portal(log func(portaltest.Request)) ([]portaltest.Option, error) {
	dialect, ok := spoken[o.dialect]
	if !ok {
		return nil, usagef("--dialect must be both, portal-links or generate-link, not %q", o.dialect)
	}
	limit := o.limit
	switch {
	case limit < 0:
		return nil, usagef("--limit must not be negative; 0 is no limit")
	case limit == 0:
		limit = -1
	}
	opts := []portaltest.Option{
		portaltest.WithDialect(dialect),
		portaltest.WithRateLimit(limit),
		portaltest.WithRequestLog(log),
		portaltest.WithExamples(),
	}
	return opts, nil
}

// logRequest writes a line for a request. Its query, headers and body, where
// secrets are, are not in it.
func (a *app) logRequest(r portaltest.Request) {
	status, as := fmt.Sprint(r.Status), green
	switch {
	case r.Status == 0:
		status, as = "cut", red
	case r.Status >= 500:
		as = red
	case r.Status >= 400:
		as = yellow
	}
	a.log.say("%s %s %s %s %s", a.log.paint(faint, time.Now().Format("15:04:05")), a.log.paint(as, status),
		r.Method, oneLine(r.Path), a.log.paint(faint, r.Duration.Round(time.Millisecond).String()))
}

// linkPath is where links are made in the dialect that it speaks.
func (o sandboxOptions) linkPath() string {
	if o.dialect == "generate-link" {
		return "/portal/generate_link"
	}
	return "/portal_links"
}

func (a *app) printSandbox(o sandboxOptions, b *sandbox) error {
	if a.json {
		return a.out.jsonLine(struct {
			URL          string `json:"url"`
			APIKey       string `json:"api_key"`
			Organization string `json:"organization"`
		}{b.url, b.key, b.organization})
	}
	head := func(text string) string { return a.out.paint(bold, text) }
	return a.out.write(head("Sandbox of the WorkOS Admin Portal") + fmt.Sprintf(`

  address       %s
  API key       %s
  organization  %s
  control       %s/_sandbox/

`, b.url, b.key, b.organization, b.url) +
		head("curl") + fmt.Sprintf(`
curl %s%s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"organization":"%s","intent":"sso"}'

`, b.url, o.linkPath(), b.key, b.organization) +
		head("Go") + fmt.Sprintf(`
portal, err := client.New(%q, client.WithBaseURL(%q))

`, b.key, b.url) +
		head("Environment") + fmt.Sprintf(`
export WORKOS_BASE_URL=%s WORKOS_API_KEY=%s

`, b.url, b.key) +
		a.out.paint(faint, "Ctrl-C stops it.") + "\n")
}

const sandboxText = `Serve a fake Admin Portal that any language can test against. It speaks both of
the API's dialects, checks every request against the contract, keeps a rate limit
with true headers, and its links open.

What is needed to use it is printed first, on standard output. The requests are
logged on standard error, without secrets. Key, organization and links are new
each time; the commands of WorkOS's own reference work too,
with nothing but the host changed. Ctrl-C or SIGTERM ends it, with 0.

A test controls it over HTTP, under /_sandbox/, without a key:

  GET   /_sandbox/               all that there is, with an example of each
  POST  /_sandbox/organizations  {"name": "Acme"}
  POST  /_sandbox/faults         {"status": 429, "retry_after": "30s", "times": 2}
  POST  /_sandbox/clock          {"advance": "10m"}: links expire
  GET   /_sandbox/requests       what arrived, and GET /_sandbox/links what was made
  POST  /_sandbox/reset          as it was at the start`
