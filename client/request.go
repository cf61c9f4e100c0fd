package client

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adminportal-go/adminportal/gen"
)

// Intent is what the admin is to configure. It must match the button that was
// pressed: use [IntentDsync], not [IntentSSO], for "Configure Directory Sync".
type Intent string

// The intents of the Admin Portal, as openapi.yaml lists them.
const (
	IntentSSO        Intent = "sso"         // single sign-on
	IntentDsync      Intent = "dsync"       // Directory Sync
	IntentAuditLogs  Intent = "audit_logs"  // view audit events
	IntentLogStreams Intent = "log_streams" // stream audit events to the customer's own system
)

// The intents that only the live dialect has. A request with one of them goes
// to POST /portal/generate_link directly; with [DialectPortalLinks] pinned it is
// refused before anything is sent.
const (
	IntentDomainVerification Intent = "domain_verification" // prove that a domain is theirs
	IntentCertificateRenewal Intent = "certificate_renewal" // replace an expiring SAML certificate
	IntentBringYourOwnKey    Intent = "bring_your_own_key"  // use an encryption key of their own
)

var (
	intents     = []Intent{IntentSSO, IntentDsync, IntentAuditLogs, IntentLogStreams}
	liveIntents = []Intent{IntentDomainVerification, IntentCertificateRenewal, IntentBringYourOwnKey}
)

// maxITContacts is how many addresses the live dialect takes (openapi.yaml,
// LiveLinkRequest.it_contact_emails).
const maxITContacts = 20

// A PortalLinkRequest says who is to configure what, and where they go
// afterwards.
type PortalLinkRequest struct {
	// Organization is the WorkOS organization, "org_…". Take it from the session
	// of the person who asks, never from what they sent. Required.
	Organization string

	// Intent is the feature to configure. Required.
	Intent Intent

	// ReturnURL is where the admin goes when leaving the portal: an absolute
	// https URL, or http on loopback while developing. It may be empty, but then
	// the admin has no way back to you: always give one.
	ReturnURL string

	// SuccessURL is where the admin goes after a successful setup, under the same
	// rule. Empty means ReturnURL.
	SuccessURL string

	// ITContactEmails are the customer's IT contacts, 20 bare addresses at most.
	// Only the live dialect has them.
	ITContactEmails []string

	// IntentOptions spare the admin a question, by what you know already. Only the
	// live dialect has them.
	IntentOptions IntentOptions
}

// IntentOptions are what the portal need not ask. Each goes with one intent, and with
// another the request is refused before anything is sent. The zero value is none.
type IntentOptions struct {
	// DomainName is the domain to verify, such as "customer.example", with
	// [IntentDomainVerification]: the portal begins with the verification.
	DomainName string

	// ProviderType is the kind of connection to set up, with [IntentSSO]. There is
	// one, [ProviderTypeGoogleSAML].
	ProviderType string

	// BookmarkSlug is the bookmark to set up, by its slug, with [IntentSSO].
	BookmarkSlug string
}

// ProviderTypeGoogleSAML is Google Workspace by SAML, for [IntentOptions].
const ProviderTypeGoogleSAML = "GoogleSAML"

var providerTypes = []string{ProviderTypeGoogleSAML}

// liveOnly names the first thing in the request that only the live dialect has;
// empty if there is none.
func (r PortalLinkRequest) liveOnly() string {
	switch {
	case slices.Contains(liveIntents, r.Intent):
		return fmt.Sprintf("intent %q", r.Intent)
	case len(r.ITContactEmails) > 0:
		return "it_contact_emails"
	case r.IntentOptions != IntentOptions{}:
		return "intent_options"
	}
	return ""
}

// check refuses what the service would refuse, and what it would accept to the
// harm of the person who follows the link.
func (r PortalLinkRequest) check(pinned Dialect) error {
	if !validOrganization(r.Organization) {
		return invalid("organization", "must be an organization ID: org_ and then letters, digits, - or _")
	}
	if !slices.Contains(intents, r.Intent) && !slices.Contains(liveIntents, r.Intent) {
		return invalid("intent", "must be one of "+list(slices.Concat(intents, liveIntents)))
	}
	if r.ReturnURL != "" {
		if err := checkAddress(r.ReturnURL); err != nil {
			return invalid("return_url", err.Error())
		}
	}
	if r.SuccessURL != "" {
		if err := checkAddress(r.SuccessURL); err != nil {
			return invalid("success_url", err.Error())
		}
	}
	if n := len(r.ITContactEmails); n > maxITContacts {
		return invalid("it_contact_emails", fmt.Sprintf("at most %d addresses, not %d", maxITContacts, n))
	}
	for i, address := range r.ITContactEmails {
		if !validEmail(address) {
			return invalid(fmt.Sprintf("it_contact_emails[%d]", i), "must be a bare e-mail address, such as it@customer.example")
		}
	}
	if err := r.IntentOptions.check(r.Intent); err != nil {
		return err
	}
	if what := r.liveOnly(); what != "" && pinned == DialectPortalLinks {
		return invalid("request", what+" needs the live dialect, and DialectPortalLinks is pinned: use DialectAuto or DialectGenerateLink")
	}
	return nil
}

// check refuses an option whose intent is not the request's, too: the portal would
// ask after all, and nobody would know why.
func (o IntentOptions) check(intent Intent) error {
	for _, option := range []struct {
		name, value string
		goesWith    Intent
		valid       func(string) bool
		rule        string
	}{
		{"domain_verification.domain_name", o.DomainName, IntentDomainVerification, validDomainName, "must be a bare domain name, such as customer.example"},
		{"sso.provider_type", o.ProviderType, IntentSSO, validProviderType, "must be one of " + strings.Join(providerTypes, ", ")},
		{"sso.bookmark_slug", o.BookmarkSlug, IntentSSO, printable, "must be a bookmark's slug"},
	} {
		switch {
		case option.value == "":
		case intent != option.goesWith:
			return invalid("intent_options."+option.name, fmt.Sprintf("goes with the intent %q, not %q", option.goesWith, intent))
		case !option.valid(option.value):
			return invalid("intent_options."+option.name, option.rule)
		}
	}
	return nil
}

func (r PortalLinkRequest) sheetBody() gen.PortalLinkRequest {
	return gen.PortalLinkRequest{
		Organization: r.Organization,
		Intent:       gen.Intent(r.Intent),
		ReturnURL:    r.ReturnURL,
		SuccessURL:   r.SuccessURL,
	}
}

func (r PortalLinkRequest) liveBody() gen.LiveLinkRequest {
	return gen.LiveLinkRequest{
		Organization:    r.Organization,
		Intent:          gen.LiveIntent(r.Intent),
		ReturnURL:       r.ReturnURL,
		SuccessURL:      r.SuccessURL,
		ITContactEmails: r.ITContactEmails,
		IntentOptions:   r.IntentOptions.body(),
	}
}

// body is nil where there is nothing to say.
func (o IntentOptions) body() *gen.IntentOptions {
	var body gen.IntentOptions
	if o.DomainName != "" {
		body.DomainVerification = &gen.DomainVerificationIntentOptions{DomainName: o.DomainName}
	}
	if sso := (gen.SSOIntentOptions{BookmarkSlug: o.BookmarkSlug, ProviderType: gen.SSOIntentOptionsProviderType(o.ProviderType)}); sso != (gen.SSOIntentOptions{}) {
		body.SSO = &sso
	}
	if body == (gen.IntentOptions{}) {
		return nil
	}
	return &body
}

func list(intents []Intent) string {
	var all []string
	for _, i := range intents {
		all = append(all, string(i))
	}
	return strings.Join(all, ", ")
}

// validOrganization is the pattern of openapi.yaml's OrganizationID.
func validOrganization(id string) bool {
	rest, ok := strings.CutPrefix(id, "org_")
	return ok && rest != "" && len(id) <= 255 && strings.IndexFunc(rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	}) < 0
}

// validEmail is deliberately coarse: it refuses what is certainly not one bare
// address, such as a name with an address in angle brackets or two addresses.
func validEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && validDomain(domain) && len(s) <= 254 &&
		!strings.ContainsFunc(s, func(r rune) bool { return odd(r) || strings.ContainsRune(`"(),:;<>[\]`, r) })
}

func validDomain(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.Contains(label, "@") {
			return false
		}
	}
	return true
}

// validDomainName is the pattern of openapi.yaml's
// DomainVerificationIntentOptions.domain_name: at least two labels, and nothing of a
// URL or an e-mail address.
func validDomainName(s string) bool {
	return utf8.RuneCountInString(s) <= 253 && strings.Contains(s, ".") && validDomain(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return odd(r) || r == '/' || r == ':' })
}

// odd is what no name of a domain or a mailbox has, and what JSON cannot carry.
func odd(r rune) bool { return r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) }

func validProviderType(s string) bool { return slices.Contains(providerTypes, s) }
