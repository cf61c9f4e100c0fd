package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/loopback"
)

// sandboxOptions are sandbox's flags.
type sandboxOptions struct {
	addr      string
	publicURL string
	dialect   string
	limit     int
	window    time.Duration
}

// spoken has the values of --dialect.
var spoken = map[string][]portaltest.Option{
	"both":          nil,
	"portal-links":  {portaltest.WithDialect(portaltest.DialectPortalLinks)},
	"generate-link": {portaltest.WithDialect(portaltest.DialectGenerateLink)},
}

func (a *app) sandboxCommand() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run an Admin Portal to test against",
		Long:  text("sandbox"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.sandbox(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:8787", "where to listen, `host:port`; port 0 is any free one")
	f.StringVar(&o.publicURL, "public-url", "", "the `URL` under which others reach it, from containers or through a\nproxy: links lead there, and requests to it may control the sandbox")
	f.StringVar(&o.dialect, "dialect", "both", "the `name` of the dialect to speak: both, portal-links or generate-link;\nthe routes of the other answer 404")
	f.IntVar(&o.limit, "limit", 100, "`requests` in a window for each key; 0 is no limit")
	f.DurationVar(&o.window, "window", time.Minute, "how long a window of the rate limit is")
	a.jsonFlag(cmd)
	complete(cmd, "dialect", "both", "portal-links\tPOST /portal_links", "generate-link\tPOST /portal/generate_link")
	return cmd
}

func (a *app) sandbox(ctx context.Context, o sandboxOptions) error {
	opts, err := o.portal()
	if err != nil {
		return err
	}
	l, err := listen(ctx, o.addr)
	if err != nil {
		return err
	}
	if !onLoopback(l) {
		a.log.warn("%s is not loopback: whoever reaches this host reaches the sandbox, and can change all that it holds", l.Addr())
	}
	portal := portaltest.NewHandler(append(opts, portaltest.WithRequestLog(a.logRequest))...)
	s := serve(portal.Listener(l), portal)
	if o.publicURL != "" {
		s.url = strings.TrimRight(o.publicURL, "/")
	}
	return a.serveUntilStopped(ctx, s, a.printSandbox(o, s.url, portal))
}

// portal returns the options of package portaltest.
func (o sandboxOptions) portal() ([]portaltest.Option, error) {
	if o.limit < 0 {
		return nil, usagef("--limit must not be negative; 0 is no limit")
	}
	if o.window <= 0 {
		return nil, usagef("--window must be a positive duration, such as 10s")
	}
	if u, err := url.Parse(o.publicURL); o.publicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(o.publicURL, "#")) {
		return nil, usagef("--public-url must be an http or https URL without user, query and fragment, such as http://sandbox:8787")
	}
	opts := []portaltest.Option{
		portaltest.WithRateLimit(cmp.Or(o.limit, -1)), // -1 is no limit
		portaltest.WithRateWindow(o.window),
		portaltest.WithBaseURL(o.publicURL),
		portaltest.WithExamples(),
	}
	dialect, ok := spoken[strings.ReplaceAll(o.dialect, "_", "-")]
	if !ok {
		return nil, usagef("--dialect must be both, portal-links or generate-link, not %q", o.dialect)
	}
	return append(opts, dialect...), nil
}

// logRequest writes a line for a request: what came, and why it was refused. Query,
// headers and body, which may hold secrets, are not in it.
func (a *app) logRequest(r portaltest.Request) {
	status, as, notes := fmt.Sprint(r.Status), green, ""
	for _, note := range r.Notes {
		notes += "; " + oneLine(note)
	}
	switch {
	case r.Status == 0:
		status, as = "cut", red
	case r.Status >= 500:
		as = red
	case r.Status >= 400:
		as = yellow
	}
	a.log.say("%s %s %s %s %v%s", time.Now().Format("15:04:05"), a.log.paint(as, status),
		r.Method, oneLine(r.Path), r.Duration.Round(time.Millisecond), notes)
}

func (a *app) printSandbox(o sandboxOptions, address string, portal *portaltest.Handler) error {
	if a.json {
		return a.out.json(struct {
			URL          string `json:"url"`
			APIKey       string `json:"api_key"`
			Organization string `json:"organization"`
		}{address, portal.APIKey, portal.Organization}, false)
	}
	path, plain := "/portal_links", ""
	if strings.HasPrefix(o.dialect, "generate") {
		path = "/portal/generate_link"
	}
	if u, err := url.Parse(address); err == nil && u.Scheme == "http" && !loopback.Is(u.Hostname()) {
		plain = ", client.WithPlainHTTPForTests()"
	}
	limit := fmt.Sprintf("%d requests in %v; --limit 0 turns it off, for test suites", o.limit, o.window)
	if o.limit == 0 {
		limit = "none"
	}
	return a.out.write(fmt.Sprintf(`Sandbox of the WorkOS Admin Portal; Ctrl-C stops it

  address       %[1]s
  API key       %[2]s
  organization  %[3]s
  rate limit    %[4]s
  control       %[1]s/_sandbox/

curl %[1]s%[5]s -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"organization":"%[3]s","intent":"sso"}'

Go: portal, err := client.New(%[2]q, client.WithBaseURL(%[1]q)%[6]s)

Node, Python, Ruby, PHP, .NET, Kotlin, Elixir, containers:
https://github.com/adminportal-go/adminportal/blob/main/docs/sandbox.md
`, address, portal.APIKey, portal.Organization, limit, path, plain))
}
