package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/internal/demo"
)

// demoOptions are demo's flags.
type demoOptions struct {
	connection
	addr          string
	organizations []string
	open          bool
}

func (a *app) demoCommand() *cobra.Command {
	o := demoOptions{connection: connection{timeout: defaultTimeout}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Click through a settings page to the portal and back",
		Long:  text("demo"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:8700", "where to listen, `host:port` on loopback; port 0 is any free one")
	f.StringArrayVar(&o.organizations, "org", nil, "with an API key, an `organization` to act for, org_…; repeatable")
	f.BoolVar(&o.open, "open", false, "open the page in the browser")
	o.keyFlag(cmd)
	return cmd
}

func (a *app) demo(ctx context.Context, o demoOptions) error {
	l, err := listen(ctx, o.addr)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	if !onLoopback(l) {
		return usagef("--addr must be on loopback: whoever reaches the page is an administrator there")
	}
	s, err := a.connect(ctx, o.connection, "")
	if err != nil {
		return err
	}
	defer s.close()
	organizations, err := s.organizations(o.organizations)
	if err != nil {
		return err
	}
	page, err := demo.New(demo.Config{
		Site:          urlOf(l),
		BaseURL:       s.baseURL,
		APIKey:        s.key,
		UserAgent:     userAgent(),
		Organizations: organizations,
		Sandbox:       s.sandbox,
		Log:           a.log.w,
	})
	if err != nil {
		return hintedError{err, seeEnvironment, true}
	}
	defer page.Close()
	served := serve(l, page)
	a.log.say("A settings page whose buttons lead to the Admin Portal of %s. Ctrl-C stops it.", oneLine(s.baseURL))
	printed := a.out.write(served.url + "\n")
	if o.open {
		a.openBrowser(served.url)
	}
	return a.serveUntilStopped(ctx, served, printed)
}

// organizations are those that the page can switch between: the given ones, or two of
// the sandbox's.
func (s *service) organizations(given []string) ([]demo.Organization, error) {
	var all []demo.Organization
	switch {
	case s.sandbox != nil && len(given) > 0:
		return nil, badUsage("--org needs an API key: the embedded sandbox brings its own organizations", "set WORKOS_API_KEY, or leave --org out")
	case s.sandbox != nil:
		s.sandbox.AddOrganization("Globex")
		for _, o := range s.sandbox.Organizations() {
			all = append(all, demo.Organization(o))
		}
	case len(given) == 0:
		_, err := s.organizationOr("")
		return nil, err
	}
	for _, id := range given {
		if _, err := s.organizationOr(id); err != nil {
			return nil, err
		}
		all = append(all, demo.Organization{ID: id, Name: id})
	}
	return all, nil
}
