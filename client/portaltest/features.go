package portaltest

import (
	"net/url"
	"slices"
	"strings"
)

// A feature is what an admin configures: the page of an intent.
type feature struct {
	Intent, Title string
	lead          string
	question      string // about the providers
	providers     []provider
	facts         []fact // {base} is the portal's address, {org} the organization's ID
}

type fact struct{ Name, Value string }

var features = []feature{
	{
		Intent: "sso", Title: "Configure Single Sign-On",
		lead:     "Let the people of your organization sign in with the account that they already have.",
		question: "Which identity provider do you use?", providers: ssoProviders,
		facts: []fact{{"ACS URL", "{base}/sso/saml/acs/{org}"}, {"SP entity ID", "{base}/sso/saml/{org}"}},
	}, {
		Intent: "dsync", Title: "Configure Directory Sync",
		lead:     "Add, change and remove the people of your organization where you already keep them.",
		question: "Where is your directory?",
		providers: providersOf("okta", "azure", "google", "onelogin", "jumpcloud", "ping-identity", "cyberark", "rippling", "workday",
			"bamboo-hr", "breathe-hr", "cezanne-hr", "fourth", "hibob", "access-people-hr", "personio", "sailpoint"),
		facts: []fact{{"SCIM endpoint", "{base}/scim/v2.0/{org}"}, {"Bearer token", "shown once, when the directory is connected"}},
	}, {
		Intent: "audit_logs", Title: "Audit Logs",
		lead:  "See who did what in your organization, and when. These are its last events.",
		facts: []fact{{"4 minutes ago", "user.signed_in by ada@customer.example"}, {"2 hours ago", "user.invited by ada@customer.example"}, {"yesterday", "role.changed by grace@customer.example"}},
	}, {
		Intent: "log_streams", Title: "Configure Log Streams",
		lead:     "Send your organization's audit events to a system of your own.",
		question: "Where should the events go?", providers: providersOf("datadog", "splunk", "aws", "google-cloud"),
		facts: []fact{{"Format", "JSON, one event a line"}, {"Delivery", "at least once"}},
	}, {
		Intent: "domain_verification", Title: "Verify your domain",
		lead:  "Show that a domain is your organization's: add this record to its DNS.",
		facts: []fact{{"Type", "TXT"}, {"Name", "_adminportal-sandbox"}, {"Value", "adminportal-sandbox-verification={org}"}},
	}, {
		Intent: "certificate_renewal", Title: "Renew your SAML certificate",
		lead:  "The certificate with which your identity provider signs is about to expire. Upload its successor before then.",
		facts: []fact{{"In use", "CN=customer.example"}, {"Expires", "in 14 days"}},
	}, {
		Intent: "bring_your_own_key", Title: "Bring your own key",
		lead:     "Encrypt your organization's data with a key that you keep.",
		question: "Who keeps your key?", providers: providersOf("aws", "google-cloud", "azure"),
		facts: []fact{{"Permissions that the key must grant", "encrypt, decrypt"}},
	},
}

// fill shows the feature of the link's intent. A link without an intent offers the
// features first; a feature with several providers offers these before it says what
// the chosen one needs.
func (p *page) fill(l Link, query url.Values, base string) {
	intent := l.Intent
	if intent == "" {
		intent = query.Get("feature")
	}
	i := slices.IndexFunc(features, func(f feature) bool { return f.Intent == intent })
	if i < 0 {
		p.Title, p.Lead = "Admin Portal", "Set up what your organization needs."
		p.Question, p.Features = "What do you want to configure?", features
		return
	}
	f := features[i]
	p.Title, p.Lead = f.Title, f.lead
	if l.Intent == "" {
		p.Feature = f.Intent
	}
	chosen := slices.IndexFunc(f.providers, func(c provider) bool { return c.Slug == query.Get("choice") })
	if chosen < 0 && f.providers != nil {
		p.Question, p.Providers = f.question, f.providers
		return
	}
	if chosen >= 0 {
		p.Chosen = &f.providers[chosen]
	}
	values := strings.NewReplacer("{base}", base, "{org}", l.Organization.ID)
	for _, known := range f.facts {
		p.Facts = append(p.Facts, fact{known.Name, values.Replace(known.Value)})
	}
}
