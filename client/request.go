package client

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adminportal-go/adminportal/gen"
	"github.com/adminportal-go/adminportal/internal/loopback"
)

// Intent is what the admin is to configure. It must match the button that was pressed: use
// [IntentDsync], not [IntentSSO], for "Configure Directory Sync".
type Intent string

// The intents of both dialects, as openapi.yaml lists them.
const (
	IntentSSO        = Intent(gen.IntentSSO)        // single sign-on
	IntentDsync      = Intent(gen.IntentDsync)      // Directory Sync
	IntentAuditLogs  = Intent(gen.IntentAuditLogs)  // view audit events
	IntentLogStreams = Intent(gen.IntentLogStreams) // stream audit events to the customer's own system
)

// The intents that only the live dialect has. A request with one of them goes directly to
// POST /portal/generate_link. With [DialectPortalLinks] pinned it is refused before anything is sent.
const (
	IntentDomainVerification = Intent(gen.LiveIntentDomainVerification) // prove that a domain is theirs
	IntentCertificateRenewal = Intent(gen.LiveIntentCertificateRenewal) // replace an expiring SAML certificate
	IntentBringYourOwnKey    = Intent(gen.LiveIntentBringYourOwnKey)    // use an encryption key of their own
)

var intents = []Intent{IntentSSO, IntentDsync, IntentAuditLogs, IntentLogStreams}
var liveIntents = []Intent{IntentDomainVerification, IntentCertificateRenewal, IntentBringYourOwnKey}

// maxITContacts is how many addresses the live dialect accepts (openapi.yaml,
// LiveLinkRequest.it_contact_emails).
const maxITContacts = 20

// A PortalLinkRequest says who is to configure what, and where they go afterwards.
type PortalLinkRequest struct {
	// Organization is the WorkOS organization, "org_…". Take it from the session of the person
	// who asks, never from what they sent. Required.
	Organization string

	// Intent is the feature to configure. Required.
	Intent Intent

	// ReturnURL is where the admin goes when leaving the portal: an absolute https URL, or http
	// on loopback while developing. It may be empty, but then the admin has no way back to you:
	// always give one.
	ReturnURL string

	// SuccessURL is where the admin goes after a successful setup, under the same rule. Empty
	// means ReturnURL.
	SuccessURL string

	// ITContactEmails are the customer's IT contacts, 20 bare addresses at most. Only the live
	// dialect has them. Nil and empty mean none.
	ITContactEmails []string
}

// Validate returns what [Client.GeneratePortalLink] refuses before it sends anything: an [*Error]
// that matches [ErrInvalidRequest] and names the field, or nil. Use it in forms and tests. A
// client whose dialect is pinned may refuse more: what only the live dialect has.
func (r PortalLinkRequest) Validate() error {
	switch {
	case !validOrganization(r.Organization):
		return invalid("organization", "must be an organization ID: org_ and then letters, digits, - or _")
	case !slices.Contains(intents, r.Intent) && !slices.Contains(liveIntents, r.Intent):
		return invalid("intent", "must be one of "+strings.ReplaceAll(strings.Trim(fmt.Sprint(slices.Concat(intents, liveIntents)), "[]"), " ", ", "))
	case len(r.ITContactEmails) > maxITContacts:
		return invalid("it_contact_emails", fmt.Sprintf("must be at most %d addresses, not %d", maxITContacts, len(r.ITContactEmails)))
	}
	for _, address := range [...]struct{ field, url string }{{"return_url", r.ReturnURL}, {"success_url", r.SuccessURL}} {
		if address.url != "" {
			if _, err := parseAddress(address.url, false); err != nil {
				return invalid(address.field, err.Error())
			}
		}
	}
	for i, address := range r.ITContactEmails {
		if !validEmail(address) {
			return invalid(fmt.Sprintf("it_contact_emails[%d]", i), "must be a bare e-mail address, such as it@customer.example")
		}
	}
	return nil
}

// validOrganization is the pattern of openapi.yaml's OrganizationID.
func validOrganization(id string) bool {
	rest, ok := strings.CutPrefix(id, "org_")
	return ok && rest != "" && len(id) <= 255 && strings.Trim(rest, letters+digits+"_-") == ""
}

// validEmail is coarse on purpose: it refuses what is certainly not one bare address, such as a
// name with an address in angle brackets, or two addresses.
func validEmail(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	odd := strings.ContainsFunc(local+domain, func(r rune) bool {
		return r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(`"(),:;<>@[\]`, r)
	})
	return local != "" && len(s) <= 254 && !odd && !slices.Contains(strings.Split(domain, "."), "")
}

// liveOnly names the first field whose value only the live dialect has. It is empty if there is none.
func (r PortalLinkRequest) liveOnly() string {
	if slices.Contains(liveIntents, r.Intent) {
		return "intent"
	} else if len(r.ITContactEmails) > 0 {
		return "it_contact_emails"
	}
	return ""
}

func (r PortalLinkRequest) referenceBody() gen.PortalLinkRequest {
	return gen.PortalLinkRequest{Organization: r.Organization, Intent: gen.Intent(r.Intent), ReturnURL: r.ReturnURL, SuccessURL: r.SuccessURL}
}

func (r PortalLinkRequest) liveBody() gen.LiveLinkRequest {
	return gen.LiveLinkRequest{Organization: r.Organization, Intent: gen.LiveIntent(r.Intent), ReturnURL: r.ReturnURL, SuccessURL: r.SuccessURL, ITContactEmails: r.ITContactEmails}
}

// parseAddress checks an address to which a browser or this client is sent: an absolute https URL
// without user info. Plain http is allowed on loopback, and anywhere where plainHTTP says so.
// No error repeats the address: it may be a secret.
func parseAddress(address string, plainHTTP bool) (*url.URL, error) {
	u, err := url.Parse(address)
	// net/url accepts a host of characters that no host has, a zone, which browsers refuse, and
	// anything after a #.
	if err != nil || u.Scheme == "" || u.Hostname() == "" ||
		strings.ContainsFunc(address, unfit) || strings.ContainsAny(u.Host, "%!$&'()*+,;=<>\"`{|}^") {
		return nil, errors.New("must be an absolute URL, such as https://example.com/settings")
	}
	if u.User != nil {
		return nil, errors.New("must not contain a user name or password")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !plainHTTP && !loopback.Is(u.Hostname())) {
		return nil, errors.New("must be https (http is allowed on loopback only)")
	}
	return u, nil
}

// unfit is what browsers drop from an address or read as something else, and what JSON cannot carry.
func unfit(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }

// parseBaseURL checks the address of a server and returns it without a trailing slash.
func parseBaseURL(address string, plainHTTP bool) (string, error) {
	u, err := parseAddress(address, plainHTTP)
	if err != nil {
		return "", err
	} else if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(address, "#") {
		return "", errors.New("must not have a query or a fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// trust is which addresses of an answer are accepted.
type trust struct {
	plainHTTP bool
	linkHosts []string // empty: all
	cdnURL    string   // where icons are
}

// errLinkHost is the error for a link that allowsHost refuses. It has a hint of its own.
var errLinkHost = errors.New("link: leads to a host that WithLinkHosts does not list")

func (t *trust) allowsHost(link *url.URL) bool {
	port := cmp.Or(link.Port(), map[string]string{"https": "443", "http": "80"}[link.Scheme])
	host := normalHost(link.Hostname())
	return slices.ContainsFunc(t.linkHosts, func(allowed string) bool {
		return slices.Contains([]string{host, host + ":" + port, normalHost(link.Host)}, normalHost(allowed))
	})
}

func normalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
