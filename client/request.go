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
}

// liveOnly names the first thing in the request that only the live dialect has;
// empty if there is none.
func (r PortalLinkRequest) liveOnly() string {
	switch {
	case slices.Contains(liveIntents, r.Intent):
		return fmt.Sprintf("intent %q", r.Intent)
	case len(r.ITContactEmails) > 0:
		return "it_contact_emails"
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
	if what := r.liveOnly(); what != "" && pinned == DialectPortalLinks {
		return invalid("request", what+" needs the live dialect, and DialectPortalLinks is pinned: use DialectAuto or DialectGenerateLink")
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
	}
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

// odd is what no name of a domain or a mailbox has, and what JSON cannot carry.
func odd(r rune) bool { return r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) }
