package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/internal/demo"
)

// demoOptions are demo's flags.
type demoOptions struct {
	addr          string
	organizations []string
	keyFromStdin  bool
	open          bool
}

const demoAddr = "127.0.0.1:8700"

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Click through a settings page to the portal and back",
		Long: `Serve the settings page of an invented product, whose four buttons lead to the
Admin Portal and back, and beside it what happened at each click: the request, the
answer, the life of the link, what the person saw and what the log got.

Without WORKOS_API_KEY the portal is an embedded sandbox, and the page can make it
fail. With a key it is WorkOS's, for the organizations that --org names: what is
done there is real.

The page's address is the first line on standard output; the log goes to standard
error, without secrets. Ctrl-C or SIGTERM ends it, with 0. It is for loopback alone:
whoever reaches the page is an administrator there.`,
		Example: `  adminportal demo --open

  # On WorkOS, with two organizations to switch between
  WORKOS_API_KEY=… adminportal demo --org org_… --org org_…`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", demoAddr, "where to listen, `host:port` on loopback; port 0 is any free one")
	f.StringArrayVar(&o.organizations, "org", nil, "with an API key, an `organization` to act for, org_…, repeatable")
	f.BoolVar(&o.open, "open", false, "open the page in the browser")
	f.BoolVar(&o.keyFromStdin, "api-key-stdin", false, "read the API key from the first line of standard input")
	for _, name := range []string{"addr", "org"} {
		complete(cmd, name)
	}
	return cmd
}

func (a *app) demo(ctx context.Context, o demoOptions) error {
	l, err := listen(ctx, o.addr, demoAddr)
	if err != nil {
		return err
	}
	page, s, err := a.newDemo(ctx, l, o)
	if err != nil {
		_ = l.Close()
		return err
	}
	defer page.Close()
	served := serve(l, page)
	var browsing sync.WaitGroup
	end := func() error {
		// Both at once: each gives those who are connected a moment.
		var ending sync.WaitGroup
		ending.Go(s.close)
		err := served.close()
		ending.Wait()
		browsing.Wait()
		return err
	}
	if err := a.out.write(served.url + "\n"); err != nil && !closedPipe(err) { // whoever read the line may go
		_ = end()
		return err
	}
	a.log.say("A settings page whose buttons lead to %s. Ctrl-C stops it.", a.leadsTo(s))
	if o.open {
		browsing.Go(func() { a.openPage(ctx, served.url) })
	}
	select {
	case <-ctx.Done():
		if a.log.tty {
			a.log.say("") // the terminal has written ^C
		}
		return end()
	case err := <-served.served:
		s.close()
		return fmt.Errorf("the demo ended: %w", err)
	}
}

// newDemo makes the page for a listener, on WorkOS or on a sandbox that ends with
// the service.
func (a *app) newDemo(ctx context.Context, l net.Listener, o demoOptions) (*demo.Demo, *service, error) {
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, nil, usageError{
			message: "--addr must be on loopback: whoever reaches the page is an administrator there",
			hint:    "such as --addr " + demoAddr,
		}
	}
	s, err := a.service(ctx, connection{keyFromStdin: o.keyFromStdin, timeout: defaultTimeout}, "")
	if err != nil {
		return nil, nil, err
	}
	organizations, err := s.organizationsOf(o.organizations)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	page, err := demo.New(demo.Config{
		Site:          urlOf(l),
		BaseURL:       s.baseURL,
		APIKey:        s.key,
		UserAgent:     "adminportal-cli/" + buildVersion().Version,
		Organizations: organizations,
		Sandbox:       s.sandbox,
		Log:           a.log.w,
	})
	if err != nil {
		s.close()
		return nil, nil, s.blame(err)
	}
	return page, s, nil
}

// organizationsOf are those to switch between: the given ones, or two of the
// sandbox's.
func (s *service) organizationsOf(given []string) ([]demo.Organization, error) {
	var organizations []demo.Organization
	switch {
	case s.sandbox != nil && len(given) > 0:
		return nil, usageError{
			message: "--org is for use with an API key: the embedded sandbox brings its own organizations",
			hint:    "set WORKOS_API_KEY, or leave --org out",
		}
	case s.sandbox != nil:
		s.sandbox.AddOrganization("Globex")
		for _, o := range s.sandbox.Organizations() {
			organizations = append(organizations, demo.Organization(o))
		}
		return organizations, nil
	case len(given) == 0:
		_, err := s.organizationOr("")
		return nil, err
	}
	for _, id := range given {
		if !strings.HasPrefix(id, "org_") {
			return nil, usagef("--org must start with org_")
		}
		organizations = append(organizations, demo.Organization{ID: id, Name: id})
	}
	return organizations, nil
}

// leadsTo says where the buttons of a demo lead.
func (a *app) leadsTo(s *service) string {
	if s.sandbox != nil {
		return "the sandbox, at " + s.baseURL
	}
	return "the Admin Portal of " + oneLine(s.baseURL)
}

// openPage shows the page. That it does not open is no failure: its address has
// been printed.
func (a *app) openPage(ctx context.Context, address string) {
	if err := a.browse(ctx, address); err != nil && ctx.Err() == nil {
		a.log.say("%s the browser was not opened: %s", a.log.paint(yellow, "warning:"), oneLine(err.Error()))
	}
}
