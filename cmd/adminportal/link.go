package main

import (
	"context"
	"strings"
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
	request     client.PortalLinkRequest
	intent      string
	dialect     string
	icons, open bool
}

// dialects are the values of --dialect.
var dialects = map[string]client.Dialect{
	"auto":          client.DialectAuto,
	"portal-links":  client.DialectPortalLinks,
	"generate-link": client.DialectGenerateLink,
}

func (a *app) linkCommand() *cobra.Command {
	var o linkOptions
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Make a portal link",
		Long:  text("link"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.link(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.request.Organization, "org", "", "the `organization`, org_… (on the sandbox, by default its own)")
	f.StringVar(&o.intent, "intent", string(client.IntentSSO), "the `feature` that the admin configures: sso, dsync, audit_logs,\nlog_streams; in the live dialect also domain_verification,\ncertificate_renewal, bring_your_own_key")
	f.StringVar(&o.request.ReturnURL, "return-url", "", "where the admin goes when leaving the portal, an https `URL`")
	f.StringVar(&o.request.SuccessURL, "success-url", "", "where the admin goes after a successful setup, an https `URL`")
	f.StringArrayVar(&o.request.ITContactEmails, "contact", nil, "an IT contact's e-mail `address`; repeatable (live dialect only)")
	f.StringVar(&o.dialect, "dialect", "auto", "the `name` of the API's dialect: auto finds out, portal-links is\nPOST /portal_links, generate-link is POST /portal/generate_link")
	f.BoolVar(&o.icons, "icons", false, "list the provider icons, too")
	f.BoolVar(&o.open, "open", false, "open the link in the browser")
	o.flags(cmd)
	a.jsonFlag(cmd)
	complete(cmd, "intent",
		"sso\tsingle sign-on", "dsync\tDirectory Sync", "audit_logs\tview audit events", "log_streams\tstream audit events",
		"domain_verification\tprove a domain (live)", "certificate_renewal\trenew a SAML certificate (live)", "bring_your_own_key\tuse their own encryption key (live)")
	complete(cmd, "dialect", "auto\tfind out", "portal-links\tPOST /portal_links", "generate-link\tPOST /portal/generate_link")
	return cmd
}

func (a *app) link(ctx context.Context, o linkOptions) error {
	dialect, ok := dialects[strings.ReplaceAll(o.dialect, "_", "-")] // the client's errors have an underscore
	if !ok {
		return usagef("--dialect must be auto, portal-links or generate-link, not %q", o.dialect)
	}
	if o.icons && a.json {
		return usagef("--icons goes without --json: adminportal icons --json lists them")
	}
	s, err := a.connect(ctx, o.connection, `; "adminportal sandbox" runs one that stays`)
	if err != nil {
		return err
	}
	defer s.close()
	if o.request.Organization, err = s.organizationOr(o.request.Organization); err != nil {
		return err
	}
	o.request.Intent = client.Intent(o.intent)
	portal, err := a.client(s, dialect)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	link, err := portal.GeneratePortalLink(bounded, o.request)
	if err != nil {
		return s.explain(err)
	}
	if err := a.printLink(bounded, s, o, link); err != nil {
		return err
	}
	if o.icons {
		if err := a.printIcons(bounded, s, portal); err != nil {
			return err
		}
	}
	if o.open {
		return a.openLink(ctx, s, link)
	}
	return nil
}

func (a *app) printLink(ctx context.Context, s *service, o linkOptions, link *client.PortalLink) error {
	if a.json {
		return a.out.json(madeLink{
			URL:          link.URL,
			ExpiresAt:    link.ExpiresAt.UTC(),
			ExpiresIn:    int(link.TTL() / time.Second),
			Organization: o.request.Organization,
			Intent:       o.intent,
			Dialect:      strings.ReplaceAll(a.last.Load().Dialect.String(), "_", "-"),
			Sandbox:      s.sandbox != nil,
		}, a.out.tty)
	}
	if err := a.out.write(printable(link.URL) + "\n"); err != nil {
		return err
	}
	a.log.say("expires in %s (%s)", seconds(link.TTL()), link.ExpiresAt.UTC().Format("15:04:05 UTC"))
	if s.sandbox == nil || o.open {
		return nil
	}
	p, err := fetch(ctx, link.URL)
	if err == nil {
		a.log.say("opened it: %s, %q; it ends with this command", p.status, p.title)
	}
	return err
}
