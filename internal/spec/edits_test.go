package spec

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal"
)

// openapiYAML is the path of the document in the repository, and its name in messages.
const openapiYAML = "openapi.yaml"

func TestDocument(t *testing.T) {
	for _, problem := range check(adminportal.Document()) {
		t.Errorf("%s:%s", openapiYAML, problem)
	}
}

func TestDocumentPassesLinters(t *testing.T) {
	for _, problem := range lint(t, map[string][]byte{openapiYAML: adminportal.Document()})[openapiYAML] {
		t.Errorf("%s:%s", openapiYAML, problem)
	}
}

// An edit replaces the first old in the document by new. In old, … is the rest of a line, so
// that the edits do not depend on wording.
type edit struct {
	name, old, new string
	says           string // part of what is said of it
}

// Each is a mistake that somebody could make.
var mistakes = []edit{
	// Examples.
	{"example of a wrong type", "intent: dsync\n", "intent: 7\n", "example dsync"},
	{"example outside the enum", "intent: dsync\n", "intent: dsnyc\n", "example dsync"},
	{"example without a required field", "        object: portal_link\n", "", "object"},
	{"example with an unknown field", "        intent: dsync\n", "        intent: dsync\n        redirect_url: https://example.com\n", "redirect_url"},
	{"example with an unknown field in a choice", "            code: invalid_url\n", "            kode: invalid_url\n", "kode"},
	{"example that is no URI", "icon_url: https://workos.com/icons/okta.svg\n          - id", "icon_url: okta.svg\n          - id", "uri"},
	{"example that is no date", "expires_at: '2024-01-15T12:00:00.000Z'", "expires_at: noon", "date-time"},
	{"example that is no address", "- it@customer.example", "- it at customer.example", "email"},
	{"example against the pattern", "organization: org_01EHWNCE74X7JSDV0X3SZ3KJNY\n        intent: sso", "organization: 01EHWNCE74X7JSDV0X3SZ3KJNY\n        intent: sso", "regular expression"},
	{"header's example of a wrong type", "example: '99'", "example: 99", "type must be string"},
	{"body without an example", "          examples:\n            rateLimited:\n              $ref: '#/components/examples/ErrorRateLimited'\n", "", "no examples"},
	{"one of two examples dropped", "            permission:\n              $ref: '#/components/examples/ErrorMissingPermission'\n", "", "Redocly"},
	{"example without a summary", "    ProviderIconList:\n      summary: …\n", "    ProviderIconList:\n", "no summary"},
	{"default outside the enum", "      example: domain_verification\n", "      example: domain_verification\n      default: saml\n", "default"},
	// Words.
	{"operation without a description", "      summary: …\n      description: |", "      summary: A summary\n      x-note: |", "no description"},
	{"operation without a summary", "      summary: …\n", "", "no summary"},
	{"field without a description", "        id:\n          type: string\n          description: …\n", "        id:\n          type: string\n", "no description"},
	{"field with words to come", "        id:\n          type: string\n          description: …\n", "        id:\n          type: string\n          description: TODO\n", "no description"},
	{"schema without a description", "    ProviderIcon:\n      type: object\n      description: …\n", "    ProviderIcon:\n      type: object\n", "no description"},
	{"server without a description", "  - url: https://api.workos.com\n    description: …\n", "  - url: https://api.workos.com\n", "no description"},
	{"choice without a description", "        - type: string\n          description: …\n", "        - type: string\n", "no description"},
	// Names and references.
	{"operation without a name", "      operationId: generateLink\n", "", "operationId"},
	{"two operations of one name", "operationId: generateLink", "operationId: generatePortalLink", "operation id"},
	{"operation of another name", "operationId: generateLink", "operationId: makeLink", "generateLink"},
	{"operation without a tag", "      tags: [Live dialect]\n", "", "tags"},
	{"tag that is not declared", "tags: [Live dialect]", "tags: [Live]", "tags"},
	{"dangling reference", "responses/RateLimited'", "responses/RateLimitted'", "RateLimitted"},
	{"component that nothing uses", "    ErrorServer:\n", "    ErrorOther:\n      summary: Another\n      value: 7\n    ErrorServer:\n", "ErrorOther"},
	{"misspelt keyword", "      required: [object, link, expires_at]\n", "      requierd: [object, link, expires_at]\n", "requierd"},
	{"misspelt path", "  /portal_links:\n", "  /portal_link:\n", "POST /portal_links is missing"},
	{"other method", "  /provider_icons:\n    get:", "  /provider_icons:\n    post:", "GET /provider_icons is missing"},
	{"other response", "          $ref: '#/components/responses/OrganizationNotFound'", "          $ref: '#/components/responses/Unauthorized'", "NotFound"},
	// Statuses, headers and bodies.
	{"429 dropped", "        '429':\n          $ref: '#/components/responses/RateLimited'\n", "", "no 429"},
	{"403 dropped", "        '403':\n          $ref: '#/components/responses/LiveForbidden'\n", "", "no 403"},
	{"429 as a range", "        '429':\n          $ref: '#/components/responses/RateLimited'\n", "        4XX:\n          $ref: '#/components/responses/RateLimited'\n", "no 429"},
	{"response without headers", "    ProviderIconList:\n      description: …\n      headers: *rateLimitHeaders\n", "    ProviderIconList:\n      description: Icons.\n", "X-RateLimit-Limit"},
	{"header of another", "          $ref: '#/components/headers/RateLimitReset'\n", "          $ref: '#/components/headers/RateLimitLimit'\n", "X-RateLimit-Reset"},
	{"429 without Retry-After", "      headers: *rateLimitedHeaders\n", "      headers: *rateLimitHeaders\n", "Retry-After"},
	{"response without a body", "        '500':\n          $ref: '#/components/responses/ServerError'\n", "        '500':\n          description: It failed.\n", "no content"},
	{"misspelt media type", "        application/json:\n          schema:\n            $ref: '#/components/schemas/PortalLinkRequest'", "        application/jsn:\n          schema:\n            $ref: '#/components/schemas/PortalLinkRequest'", "JSON body"},
	{"body that may be left out", "    GeneratePortalLink:\n      required: true\n", "    GeneratePortalLink:\n", "JSON body"},
	{"parameter dropped", "      parameters:\n        - $ref: '#/components/parameters/IdempotencyKey'\n", "", "Idempotency-Key"},
	// Schemas.
	{"rate header as a number", "        x-go-type-skip-optional-pointer: false\n        type: string\n      example: '100'\n", "        type: integer\n      example: 100\n", "text"},
	{"wait as a number", "        x-go-type-skip-optional-pointer: false\n        type: string\n      example: '30'\n", "        type: integer\n      example: 30\n", "text"},
	{"live 429 as an object alone", "            $ref: '#/components/schemas/LiveRateLimitError'\n          examples:\n            rateLimited:\n              $ref: '#/components/examples/LiveErrorRateLimited'\n            text:\n              $ref: '#/components/examples/LiveErrorRateLimitedText'\n", "            $ref: '#/components/schemas/LiveError'\n          examples:\n            rateLimited:\n              $ref: '#/components/examples/LiveErrorRateLimited'\n", "bare text"},
	{"header's example dropped", "      example: '30'\n", "", "no example"},
	{"schema's example dropped", "      example: sso\n", "", "no example"},
	{"header without a description", "        X-Request-Id:\n          $ref: '#/components/headers/RequestID'\n      content:", "        X-Request-Id:\n          $ref: '#/components/headers/RequestID'\n        X-Region:\n          schema: {type: string}\n      content:", "no description"},
	{"pattern dropped", "      pattern: …\n", "", "OrganizationID"},
	{"link that may be null", "        link:\n          type: string\n          format: uri\n", "        link:\n          type: string\n          nullable: true\n          format: uri\n", "nullable"},
	{"format of addresses dropped", "            format: email\n", "", "format email"},
	{"field dropped", "        code:\n          type: string\n          description: …\n          example: invalid_request\n", "", "Error.code"},
	{"required field that is none", "required: [object, data]", "required: [object]", "ProviderIconList.data"},
	{"field that is required now", "required: [organization]\n", "required: [organization, intent]\n", "LiveLinkRequest.intent"},
	{"format dropped", "          format: date-time\n", "", "expires_at"},
	{"value of an enum dropped", "        - log_streams\n", "", "log_streams"},
	{"pattern that is none", "'^org_[0-9A-Za-z_-]+$'", "'^org_[0-9A-Za-z_-+$'", "OrganizationID"},
	{"OpenAPI 3.1", "openapi: 3.0.3", "openapi: 3.1.0", "3.0"},
	// Who gets the key.
	{"security lost", "security:\n  - apiKey: []\n\n", "", "no key"},
	{"security that may be left out", "security:\n  - apiKey: []\n", "security:\n  - apiKey: []\n  - {}\n", "no key"},
	{"operation without the key", "      operationId: generateLink\n", "      operationId: generateLink\n      security: []\n", "no key"},
	{"key for the CDN", "      security: []\n", "", "security: []"},
	{"key of another kind", "      scheme: bearer\n", "      scheme: basic\n", "bearer"},
	{"server of one operation", "      operationId: generatePortalLink\n", "      operationId: generatePortalLink\n      servers: [{url: https://example.com, description: Mine.}]\n", "server"},
	{"second server, over http", "    description: WorkOS\n", "    description: WorkOS\n  - url: http://api.workos.com\n    description: Plain.\n", "https"},
	{"second server of the CDN", "        description: WorkOS's CDN, which needs no key\n", "        description: WorkOS's CDN, which needs no key\n      - url: https://api.workos.com\n        description: WorkOS.\n", "in common"},
	{"the CDN's warning dropped", "        **Never send the API key to this operation.** …\n        …\n\n", "", "not sent there"},
	{"CDN's server lost", "    servers:\n      - url: https://cdn.workos.com\n        description: …\n", "", "cdn.workos.com"},
	// YAML.
	{"open quote", "version: 1.0.0", "version: '1.0.0", "YAML"},
	{"conflict in a text", "  description: |\n", "  description: |\n    <<<<<<< ours\n", "conflict"},
	{"somebody's key", "value: Ratelimited", "value: sk_live_0123456789abcdefghij", "API key"},
}

// Each is right, or a matter of taste.
var harmless = []edit{
	{name: "words", old: "    RequestID:\n      description: …", new: "    RequestID:\n      description: The name of an exchange; see `x_request` in WorkOS's logs."},
	{name: "mail address", old: "    CDNMessage:\n      type: string\n      description: …", new: "    CDNMessage:\n      type: string\n      description: A text. [Ask](mailto:support@workos.com)."},
	{name: "contact by mail", old: "  contact:\n", new: "  contact:\n    email: someone@example.com\n"},
	{name: "query in a URL", old: "  url: https://workos.com/docs/reference/admin-portal\n", new: "  url: https://workos.com/docs/reference/admin-portal?lang=go#top\n"},
	{name: "explicit default", old: "    ProviderIconList:\n      type: object\n", new: "    ProviderIconList:\n      type: object\n      nullable: false\n      additionalProperties: true\n"},
	{name: "explicit security", old: "      operationId: generateLink\n", new: "      operationId: generateLink\n      deprecated: false\n      security: [{apiKey: []}]\n"},
	{name: "explicit server", old: "      operationId: generateLink\n", new: "      operationId: generateLink\n      servers: [{url: https://api.workos.com, description: WorkOS}]\n"},
	{name: "other order", old: "required: [organization, intent]", new: "required: [intent, organization]"},
	{name: "other order of tags", old: "tags:\n  - name: Admin Portal\n", new: "tags:\n  - name: Other things\n    description: None.\n  - name: Admin Portal\n"},
	{name: "merge key", old: "&rateLimitedHeaders\n        Retry-After:\n          $ref: '#/components/headers/RetryAfter'\n        X-RateLimit-Limit:\n          $ref: '#/components/headers/RateLimitLimit'\n        X-RateLimit-Remaining:\n          $ref: '#/components/headers/RateLimitRemaining'\n        X-RateLimit-Reset:\n          $ref: '#/components/headers/RateLimitReset'\n        X-Request-Id:\n          $ref: '#/components/headers/RequestID'\n", new: "&rateLimitedHeaders\n        <<: *rateLimitHeaders\n        Retry-After:\n          $ref: '#/components/headers/RetryAfter'\n"},
	{name: "merge key with a text", old: "    ErrorServer:\n      summary: …\n", new: "    ErrorServer:\n      <<: {summary: It failed}\n"},
	{name: "no anchor", old: "headers: *rateLimitHeaders\n", new: "headers: {X-RateLimit-Limit: {$ref: '#/components/headers/RateLimitLimit'}, X-RateLimit-Remaining: {$ref: '#/components/headers/RateLimitRemaining'}, X-RateLimit-Reset: {$ref: '#/components/headers/RateLimitReset'}, X-Request-Id: {$ref: '#/components/headers/RequestID'}}\n"},
	{name: "remark", old: "openapi: 3.0.3\n", new: "# By hand.\nopenapi: 3.0.3\n"},
	{name: "field of a request", old: "        it_contact_emails:\n", new: "        zz_field:\n          type: string\n          description: The language of the portal's pages.\n        it_contact_emails:\n"},
	{name: "field of an answer", old: "        icon_url:\n", new: "        example:\n          type: object\n          description: Anything.\n        icon_url:\n"},
	{name: "intent", old: "        - bring_your_own_key\n", new: "        - bring_your_own_key\n        - zz_intent\n"},
	{name: "status", old: "        '404':\n          $ref: '#/components/responses/LiveNotFound'\n", new: "        '404':\n          $ref: '#/components/responses/LiveNotFound'\n        '409':\n          description: Such a link is being made.\n          headers: {X-RateLimit-Limit: {$ref: '#/components/headers/RateLimitLimit'}, X-RateLimit-Remaining: {$ref: '#/components/headers/RateLimitRemaining'}, X-RateLimit-Reset: {$ref: '#/components/headers/RateLimitReset'}, X-Request-Id: {$ref: '#/components/headers/RequestID'}}\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/LiveError'\n              examples:\n                busy:\n                  summary: Busy\n                  value: {message: Wait.}\n"},
	{name: "header", old: "        Retry-After:\n          $ref: '#/components/headers/RetryAfter'\n", new: "        Retry-After:\n          $ref: '#/components/headers/RetryAfter'\n        X-Why:\n          description: Why.\n          schema: {type: string}\n"},
	{name: "underlined title", old: "    RequestID:\n      description: …", new: "    RequestID:\n      description: |\n        Request\n        =======\n        Names it."},
	{name: "scheme in capitals", old: "      scheme: bearer\n", new: "      scheme: Bearer\n"},
	{name: "second server", old: "    description: WorkOS\n", new: "    description: WorkOS\n  - url: https://api.eu.workos.com\n    description: Another region.\n"},
	{name: "several examples of a header", old: "      example: '42'\n", new: "      examples:\n        seconds:\n          summary: Seconds\n          value: '42'\n"},
	{name: "quotes", old: "operationId: generateLink", new: "operationId: 'generateLink'"},
}

func TestMistakesAreRefused(t *testing.T) {
	left := map[string][]byte{} // for Redocly and Spectral
	for _, e := range applicable(t, mistakes) {
		document := apply(adminportal.Document(), e)
		found := strings.Join(check(document), "\n")
		switch {
		case found == "":
			left[e.name] = document
		case !strings.Contains(found, e.says):
			t.Errorf("%s: check = %s, want it to say %q", e.name, found, e.says)
		}
	}
	linted := lint(t, left)
	for _, e := range mistakes {
		if found := strings.Join(linted[e.name], "\n"); left[e.name] != nil && (found == "" || !strings.Contains(found, e.says)) {
			t.Errorf("%s: check passes it, and lint = %s, want it to say %q", e.name, found, e.says)
		}
	}
}

func TestHarmlessEditsPass(t *testing.T) {
	all := adminportal.Document() // with all of the edits, since the linters are slow
	for _, e := range applicable(t, harmless) {
		for _, problem := range check(apply(adminportal.Document(), e)) {
			t.Errorf("%s: check says %s", e.name, problem)
		}
		all = apply(all, e)
	}
	for _, problem := range lint(t, map[string][]byte{openapiYAML: all})[openapiYAML] {
		t.Errorf("lint says %s", problem)
	}
}

// applicable are the edits whose place the document still has. An edit of the document may remove
// the place of a few. Update these when there is time, and at the latest when a quarter is gone.
func applicable(t *testing.T, edits []edit) (kept []edit) {
	t.Helper()
	for _, e := range edits {
		if place(adminportal.Document(), e) == nil {
			t.Logf("%s: the document has no %q any more: update this edit", e.name, e.old)
			continue
		}
		kept = append(kept, e)
	}
	if len(kept) < len(edits)*3/4 {
		t.Errorf("only %d of %d edits have a place in the document: update the others, which -v names", len(kept), len(edits))
	}
	return kept
}

func place(document []byte, e edit) []int {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(e.old), "…", `[^\n]*`)).FindIndex(document)
}

// apply makes an edit. One whose place an earlier edit has removed changes nothing.
func apply(document []byte, e edit) []byte {
	at := place(document, e)
	if at == nil {
		return document
	}
	return slices.Concat(document[:at[0]], []byte(e.new), document[at[1]:])
}
