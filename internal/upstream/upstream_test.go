package main

import (
	"slices"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// facts of a document in which each thing has another name than in ours.
func facts(edit func([]contract.Fact) []contract.Fact) map[string]string {
	return describe(edit(contract.ParseFacts(`
POST /portal/generate_link          PortalSessionsController_create
POST /portal/generate_link server   https://api.workos.com
POST /portal/generate_link key      bearer
POST /portal/generate_link request  application/json GenerateLinkDto required
POST /portal/generate_link 201      application/json PortalLinkResponse
POST /portal/generate_link 404      application/json object
GenerateLinkDto.intent              optional string
GenerateLinkDto.intent = sso        allowed
Kind                                string
Kind = GoogleSAML                   allowed
SsoOptions                          object
SsoOptions.kind                     optional Kind
Options                             object
Options.sso                         optional SsoOptions
GenerateLinkDto.options             optional Options
PortalLinkResponse.link             required string
Other.intent = sso                  allowed
`)))
}

func TestDifferencesAreNamed(t *testing.T) {
	same := func(f []contract.Fact) []contract.Fact { return f }
	for _, tt := range []struct {
		name string
		more contract.Fact
		want []string
	}{
		{"nothing", contract.Fact{}, nil},
		{"intent", contract.Fact{About: "GenerateLinkDto.intent = review", What: "allowed"}, []string{`request.intent = review: theirs "allowed", ours ""`}},
		{"status", contract.Fact{About: generate + " 409", What: "application/json object"}, []string{`status 409: theirs "told of", ours ""`}},
		{"request field", contract.Fact{About: "GenerateLinkDto.locale", What: "optional string"}, []string{`request.locale: theirs "optional string", ours ""`}},
		{"field within a field", contract.Fact{About: "SsoOptions.locale", What: "optional string"}, []string{`request.options.sso.locale: theirs "optional string", ours ""`}},
		{"value within a field", contract.Fact{About: "Kind = OktaSAML", What: "allowed"}, []string{`request.options.sso.kind = OktaSAML: theirs "allowed", ours ""`}},
		{"answer field", contract.Fact{About: "PortalLinkResponse.expires_at", What: "required string"}, []string{`answer.expires_at: theirs "required string", ours ""`}},
		{"parameter", contract.Fact{About: generate + " X-Region", What: "required header string"}, []string{`parameter X-Region: theirs "required header string", ours ""`}},
		{"key", contract.Fact{About: generate + " key", What: "none"}, []string{`key: theirs "none", ours "asked for"`}},
		{"server", contract.Fact{About: generate + " server", What: "https://other.example"}, []string{`server: theirs "https://other.example", ours "https://api.workos.com"`}},
		{"route of the reference", contract.Fact{About: "POST /portal_links", What: "x"}, []string{`route POST /portal_links: theirs "told of", ours ""`}},
		{"deprecated route", contract.Fact{About: generate, What: "PortalSessionsController_create deprecated"}, []string{`route POST /portal/generate_link: theirs "deprecated", ours "told of"`}},
		{"deprecated field", contract.Fact{About: "GenerateLinkDto.intent", What: "optional string, deprecated true"}, []string{`request.intent: theirs "optional string, deprecated true", ours "optional string"`}},
		{"route", contract.Fact{About: "GET /portal/sessions", What: "x"}, []string{`route GET /portal/sessions: theirs "told of", ours ""`}},
		{"something else's", contract.Fact{About: "Other.intent = review", What: "allowed"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			theirs := facts(func(f []contract.Fact) []contract.Fact { return append(f, tt.more) })
			if got := differences(theirs, facts(same)); !slices.Equal(got, tt.want) {
				t.Errorf("differences() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryKnownDifferenceHasItsReason(t *testing.T) {
	for difference, reason := range parseKnown(known) {
		if reason == "" {
			t.Errorf("known.txt: no reason for %s", difference)
		}
	}
}
