package portaltest

import (
	"slices"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// Providers of directories, of log storage and of key management, by slug.
var (
	directories  = []string{"okta", "azure", "google", "onelogin", "jumpcloud", "ping-identity", "cyberark", "rippling", "workday", "bamboo-hr", "breathe-hr", "cezanne-hr", "fourth", "hibob", "access-people-hr", "personio", "sailpoint"}
	destinations = []string{"datadog", "splunk", "aws", "google-cloud"}
	keyKeepers   = []string{"aws", "google-cloud", "azure"}
)

// pageOf is the page of a link's intent.
func pageOf(l Link, chosen string, x *exchange) page {
	base := x.base
	org := l.Organization.ID
	switch gen.LiveIntent(l.Intent) {
	case gen.LiveIntentSSO:
		return choose(chosen, ssoProviders(), page{
			Title:    "Configure Single Sign-On",
			Lead:     "Let the people of your organization sign in with the account that they already have.",
			Question: "Which identity provider do you use?",
			Facts: []fact{
				{"ACS URL", base + "/sso/saml/acs/" + org},
				{"SP entity ID", base + "/sso/saml/" + org},
			},
		})
	case gen.LiveIntentDsync:
		return choose(chosen, providersOf(directories), page{
			Title:    "Configure Directory Sync",
			Lead:     "Add, change and remove the people of your organization where you already keep them.",
			Question: "Where is your directory?",
			Facts: []fact{
				{"SCIM endpoint", base + "/scim/v2.0/" + org},
				{"Bearer token", "shown once, when the directory is connected"},
			},
		})
	case gen.LiveIntentLogStreams:
		return choose(chosen, providersOf(destinations), page{
			Title:    "Configure Log Streams",
			Lead:     "Send your organization's audit events to a system of your own.",
			Question: "Where should the events go?",
			Facts:    []fact{{"Format", "JSON, one event a line"}, {"Delivery", "at least once"}},
		})
	case gen.LiveIntentBringYourOwnKey:
		return choose(chosen, providersOf(keyKeepers), page{
			Title:    "Bring your own key",
			Lead:     "Encrypt your organization's data with a key that you keep.",
			Question: "Who keeps your key?",
			Facts:    []fact{{"Permissions that the key must grant", "encrypt, decrypt"}},
		})
	case gen.LiveIntentAuditLogs:
		now := x.now.UTC()
		return page{
			Title: "Audit Logs",
			Lead:  "See who did what in your organization, and when.",
			Events: []event{
				{"user.signed_in", "ada@customer.example", now.Add(-4 * time.Minute)},
				{"user.invited", "ada@customer.example", now.Add(-2 * time.Hour)},
				{"role.changed", "grace@customer.example", now.Add(-26 * time.Hour)},
			},
		}
	case gen.LiveIntentDomainVerification:
		return page{
			Title: "Verify your domain",
			Lead:  "Show that a domain is your organization's: add this record to its DNS.",
			Facts: []fact{{"Type", "TXT"}, {"Name", "_adminportal-sandbox"}, {"Value", "adminportal-sandbox-verification=" + org}},
		}
	case gen.LiveIntentCertificateRenewal:
		return page{
			Title: "Renew your SAML certificate",
			Lead:  "The certificate with which your identity provider signs is about to expire. Upload its successor before then.",
			Facts: []fact{
				{"In use", "CN=customer.example"},
				{"Expires", x.now.UTC().AddDate(0, 0, 14).Format("2 January 2006")},
			},
		}
	default:
		// An intent that the contract gained and this page has not met yet.
		return page{Title: "Configure " + l.Intent, Lead: "This sandbox has no page of its own for this yet."}
	}
}

// choose shows the choices until one of them is chosen, and then what it needs.
func choose(chosen string, choices []choice, p page) page {
	i := slices.IndexFunc(choices, func(c choice) bool { return c.Slug == chosen })
	if i < 0 {
		p.Choices, p.Facts = choices, nil
		return p
	}
	p.Chosen = &choices[i]
	return p
}

// ssoProviders are those that GET /provider_icons lists.
func ssoProviders() []choice {
	var choices []choice
	for _, p := range providers {
		if p.id != "" {
			choices = append(choices, choice{Slug: p.slug, Name: p.name, LightOnly: p.lightOnly})
		}
	}
	return choices
}

func providersOf(slugs []string) []choice {
	choices := make([]choice, 0, len(slugs))
	for _, slug := range slugs {
		for _, p := range providers {
			if p.slug == slug {
				choices = append(choices, choice{Slug: p.slug, Name: p.name, LightOnly: p.lightOnly})
			}
		}
	}
	return choices
}
