package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/adminportal-go/adminportal/client"
)

// A madeLink is link's result as JSON.
type madeLink struct {
	URL          string    `json:"url"`
	ExpiresAt    time.Time `json:"expires_at"`
	ExpiresIn    int       `json:"expires_in_seconds"`
	Organization string    `json:"organization"`
	Intent       string    `json:"intent"`
	Dialect      string    `json:"dialect"`
	Sandbox      bool      `json:"sandbox"`
}

// linkOptions are link's flags.
type linkOptions struct {
	connection
	request client.PortalLinkRequest
	intent  string
	dialect string
	open    bool
}

func (a *app) linkCommand() *cobra.Command {
	var o linkOptions
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Make a portal link",
		Long: `Make a short-lived link at which one organization's IT admin configures one
feature.

The link alone goes to standard output, so that it can be piped; how long it
lives goes to standard error. Whoever has the link is that admin until it
expires: use it at once, and do not mail or store it.

Without WORKOS_API_KEY the link is the embedded sandbox's and ends with the
command; "adminportal sandbox" keeps a sandbox running.`,
		Example: `  # On the embedded sandbox, without a key
  adminportal link

  # For a customer's Directory Sync, with a way back to your settings page
  adminportal link --org org_01EHWNCE74X7JSDV0X3SZ3KJNY --intent dsync \
    --return-url https://example.com/settings

  # Straight into the browser
  adminportal link --org org_01EHWNCE74X7JSDV0X3SZ3KJNY --open

  # The key from a password manager, the answer for a script
  pass workos | adminportal link --api-key-stdin --org org_… --json | jq -r .url`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.link(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.request.Organization, "org", "", "the `organization`, org_… (on the sandbox: its own)")
	f.StringVar(&o.intent, "intent", string(client.IntentSSO), "what the admin configures, a `feature`: sso, dsync, audit_logs,\nlog_streams; in the live dialect also domain_verification,\ncertificate_renewal, bring_your_own_key")
	f.StringVar(&o.request.ReturnURL, "return-url", "", "where the admin goes when leaving the portal, an https `URL`")
	f.StringVar(&o.request.SuccessURL, "success-url", "", "where the admin goes after a successful setup, an https `URL`")
	f.StringArrayVar(&o.request.ITContactEmails, "contact", nil, "an IT contact's e-mail `address`, repeatable (live dialect only)")
	f.BoolVar(&o.open, "open", false, "open the link in the browser")
	dialectFlag(cmd, &o.dialect)
	o.flags(cmd)
	a.jsonFlag(cmd)
	complete(cmd, "intent",
		"sso\tsingle sign-on", "dsync\tDirectory Sync", "audit_logs\tview audit events", "log_streams\tstream audit events",
		"domain_verification\tprove a domain (live)", "certificate_renewal\trenew a SAML certificate (live)", "bring_your_own_key\tuse an own encryption key (live)")
	for _, name := range []string{"org", "return-url", "success-url", "contact"} {
		complete(cmd, name)
	}
	return cmd
}

func (a *app) link(ctx context.Context, o linkOptions) error {
	dialect, err := parseDialect(o.dialect)
	if err != nil {
		return err
	}
	note := `; the link ends with this command, "adminportal sandbox" keeps one running`
	if o.open && a.stderrTTY {
		note = "" // it stays for as long as the link lives
	}
	s, err := a.service(ctx, o.connection, note)
	if err != nil {
		return err
	}
	defer s.close()
	if o.request.Organization, err = s.organizationOr(o.request.Organization); err != nil {
		return err
	}
	o.request.Intent = client.Intent(o.intent)

	portal, trace, err := a.client(s, client.WithDialect(dialect))
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.timeout)
	link, err := portal.GeneratePortalLink(bounded, o.request)
	cancel()
	trace.settle()
	if err != nil {
		return s.explain(err)
	}
	if err := a.printLink(link, madeLink{
		URL:          link.URL,
		ExpiresAt:    link.ExpiresAt.UTC(),
		ExpiresIn:    int(link.TTL() / time.Second),
		Organization: o.request.Organization,
		Intent:       o.intent,
		Dialect:      dialectName(trace.dialect()),
		Sandbox:      s.embedded,
	}); err != nil {
		return err
	}
	if o.open {
		return a.openLink(ctx, s, link)
	}
	return nil
}

func (a *app) printLink(link *client.PortalLink, made madeLink) error {
	if a.json {
		return a.out.json(made)
	}
	if err := a.out.write(printable(link.URL) + "\n"); err != nil {
		return err
	}
	if link.Expired() {
		a.log.say("%s the link had expired (%s) when it came, by the server's own clock", a.log.paint(yellow, "warning:"), made.ExpiresAt.Format("15:04:05 UTC"))
		return nil
	}
	a.log.say("expires in %s (%s)", a.log.paint(bold, seconds(link.TTL())), made.ExpiresAt.Format("15:04:05 UTC"))
	return nil
}
