package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const api, cdn = "https://api.workos.com", "https://cdn.workos.com"

// What WorkOS promises, and the document must therefore say. It may say more. The first two operations are those of WorkOS's Admin
// Portal reference (https://workos.com/docs/reference/admin-portal), the others those that its SDKs call.
var operations = []struct{ method, path, id, tag, server, statuses string }{
	{"POST", "/portal_links", "generatePortalLink", "Admin Portal", api, "200 400 401 404 422 429 500"},
	{"GET", "/provider_icons", "listProviderIcons", "Admin Portal", api, "200 401 429 500"},
	{"POST", "/portal/generate_link", "generateLink", "Live dialect", api, "200 201 400 401 403 404 422 429 500"},
	{"GET", "/provider-icons.json", "listCDNProviderIcons", "Live dialect", cdn, "200 404"},
}

// The fields of each schema, with their format; ! marks a required one.
var fields = map[string]string{
	"PortalLinkRequest": "organization! intent! return_url:uri success_url:uri",
	"PortalLink":        "object! link:uri! expires_at:date-time!",
	"ProviderIcon":      "id! name! icon_url:uri!",
	"ProviderIconList":  "object! data!",
	"Error":             "error! error_description! code!",
	"LiveLinkRequest":   "organization! intent return_url:uri success_url:uri it_contact_emails:email",
	"LiveLink":          "link:uri!",
	"LiveError":         "message code error error_description entity_id errors",
}

var intents = map[string]string{
	"Intent":     "sso dsync audit_logs log_streams",
	"LiveIntent": "sso dsync audit_logs log_streams domain_verification certificate_renewal bring_your_own_key",
}

// The headers of an answer of the API, and the component that describes each.
var headers = map[string]string{
	"X-RateLimit-Limit":     "RateLimitLimit",
	"X-RateLimit-Remaining": "RateLimitRemaining",
	"X-RateLimit-Reset":     "RateLimitReset",
	"X-Request-Id":          "RequestID",
}

// How the responses of some statuses are called, so that none is another's.
var responses = map[string]string{"400": "BadRequest", "401": "Unauthorized", "403": "Forbidden", "404": "NotFound", "429": "RateLimited", "500": "ServerError"}

const putBack = "WorkOS promises it, so put it back (or change internal/spec/promises_test.go, when WorkOS changed it)"

// promises returns what the document does not say of the above.
func promises(doc *openapi3.T) []string {
	var found []string
	miss := func(format string, args ...any) {
		found = append(found, " "+fmt.Sprintf(format, args...))
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		miss("openapi %s: the generator and the sandbox read 3.0, so write 3.0.3", doc.OpenAPI)
	}
	for _, want := range operations {
		name := want.method + " " + want.path
		var op *openapi3.Operation
		if path := doc.Paths.Value(want.path); path != nil {
			op = path.GetOperation(want.method)
		}
		if op == nil {
			miss("%s is missing: %s", name, putBack)
			continue
		}
		if op.OperationID != want.id {
			miss("%s: operationId %q, want %q: it is the name of a Go method", name, op.OperationID, want.id)
		}
		if !slices.Equal(op.Tags, []string{want.tag}) {
			miss("%s: tags %q, want %q: the sandbox finds the dialect by it", name, op.Tags, want.tag)
		}
		for status := range strings.FieldsSeq(want.statuses) {
			if op.Responses.Value(status) == nil {
				miss("%s: no %s: %s", name, status, putBack)
			}
		}
		if want.method == "POST" && (op.RequestBody == nil || !op.RequestBody.Value.Required || op.RequestBody.Value.Content["application/json"] == nil) {
			miss("%s: no required JSON body: %s", name, putBack)
		}
		parameters := slices.Concat(op.Parameters, doc.Paths.Value(want.path).Parameters)
		if want.method == "POST" && parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			miss("%s: no Idempotency-Key: %s", name, putBack)
		}
		servers, own := serversOf(doc, want.path, op)
		if len(servers) == 0 || servers[0].URL != want.server {
			miss("%s: its server is not %s: %s", name, want.server, putBack)
		}
		for _, server := range servers {
			if !strings.HasPrefix(server.URL, "https://") || own && want.server == cdn && server.URL == api || want.server == api && server.URL == cdn {
				miss("%s: server %s: it must be https, and the API and the CDN have no server in common", name, server.URL)
			}
		}
		if first, _, _ := strings.Cut(op.Description, "\n\n"); want.server == cdn && !strings.Contains(first, "API key") {
			miss("%s: the description does not say first that the API key is not sent there: %s", name, putBack)
		}
	}
	for _, path := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(path).Operations() {
			answers(doc, path, method, op, miss)
		}
	}
	schemas(doc, miss)
	return found
}

// answers checks what holds for every operation, a new one too.
func answers(doc *openapi3.T, path, method string, op *openapi3.Operation, miss func(string, ...any)) {
	name := method + " " + path
	security := doc.Security
	if op.Security != nil {
		security = *op.Security
	}
	keyed := len(security) == 1 && len(security[0]) == 1 && security[0]["apiKey"] != nil && len(security[0]["apiKey"]) == 0
	if servers, own := serversOf(doc, path, op); own && servers[0].URL != api {
		if len(security) > 0 || op.Security == nil {
			miss("%s: another server than the API's would be sent the key: give the operation security: []", name)
		}
		return
	}
	if !keyed {
		miss("%s: no key: put back security with apiKey, on the document or the operation", name)
	}
	for _, status := range []string{"401", "429", "500"} {
		if op.Responses.Value(status) == nil {
			miss("%s: no %s: any call can be refused for its key (401), for its rate (429), or fail (500)", name, status)
		}
	}
	for status, response := range op.Responses.Map() {
		place := name + " " + status
		if response.Ref != "" {
			place = strings.ReplaceAll(strings.TrimPrefix(response.Ref, "#/"), "/", ".")
			if want := responses[status]; !strings.HasSuffix(place, want) {
				miss("%s: %s is %s, want a response whose name ends in %s", name, status, place, want)
			}
		}
		for header, component := range headers {
			if h := response.Value.Headers[header]; h == nil || !strings.HasSuffix(h.Ref, "/"+component) {
				miss("%s: %s does not refer to components/headers/%s: use *rateLimitHeaders", place, header, component)
			}
		}
		if status == "429" && response.Value.Headers["Retry-After"] == nil {
			miss("%s: no Retry-After: use *rateLimitedHeaders", place)
		}
		for header, h := range response.Value.Headers {
			if limit := headers[header] != "" || header == "Retry-After"; limit && (h.Value.Required || !h.Value.Schema.Value.Type.Is("string")) {
				miss("%s: %s is not optional text: a client that reads a number loses the answer where the header is something else", place, header)
			}
		}
		switch body := response.Value.Content["application/json"]; {
		case body == nil:
			miss("%s: no application/json: the API answers in JSON", place)
		case name == "POST /portal/generate_link" && status == "429" && body.Schema.Value.VisitJSON("Ratelimited") != nil:
			miss("%s: its schema takes no bare text, which the live service sends: %s", place, putBack)
		}
	}
}

func schemas(doc *openapi3.T, miss func(string, ...any)) {
	key := doc.Components.SecuritySchemes["apiKey"]
	if key == nil || key.Value.Type != "http" || !strings.EqualFold(key.Value.Scheme, "bearer") {
		miss("components.securitySchemes.apiKey is not http bearer: %s", putBack)
	}
	for name, list := range fields {
		schema := doc.Components.Schemas[name]
		for field := range strings.FieldsSeq(list) {
			field, required := strings.CutSuffix(field, "!")
			field, format, _ := strings.Cut(field, ":")
			switch {
			case schema == nil || schema.Value.Properties[field] == nil:
				miss("components.schemas.%s.%s is missing: %s", name, field, putBack)
			case required != slices.Contains(schema.Value.Required, field):
				miss("components.schemas.%s.%s: required %t, want %t: %s", name, field, !required, required, putBack)
			case format != formatOf(schema.Value.Properties[field].Value):
				miss("components.schemas.%s.%s: no format %s: %s", name, field, format, putBack)
			case schema.Value.Properties[field].Value.Nullable:
				miss("components.schemas.%s.%s is nullable: %s", name, field, putBack)
			case (name == "ProviderIcon" || name == "Error") && schema.Value.Properties[field].Value.Example == nil:
				miss("components.schemas.%s.%s: no example: show one", name, field)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		if schema.Value.Type.Is("string") && schema.Value.Example == nil {
			miss("components.schemas.%s: no example: show one", name)
		}
	}
	if id := doc.Components.Schemas["OrganizationID"]; id == nil || !strings.HasPrefix(id.Value.Pattern, "^org_") {
		miss("components.schemas.OrganizationID: no pattern that begins with ^org_: %s", putBack)
	}
	for name, list := range intents {
		for value := range strings.FieldsSeq(list) {
			if schema := doc.Components.Schemas[name]; schema == nil || !slices.Contains(schema.Value.Enum, any(value)) {
				miss("components.schemas.%s: no %s: %s", name, value, putBack)
			}
		}
	}
}

// formatOf is the format of a schema, of the one that it is made of, or of its items.
func formatOf(s *openapi3.Schema) string {
	switch {
	case s.Format == "" && len(s.AllOf) > 0:
		return s.AllOf[0].Value.Format
	case s.Items != nil:
		return s.Items.Value.Format
	}
	return s.Format
}

// serversOf is where an operation is served: the servers of the operation count before those of
// its path, and these before the document's. own is false for the document's.
func serversOf(doc *openapi3.T, path string, op *openapi3.Operation) (servers openapi3.Servers, own bool) {
	switch at := doc.Paths.Value(path).Servers; {
	case op.Servers != nil && len(*op.Servers) > 0:
		return *op.Servers, true
	case len(at) > 0:
		return at, true
	}
	return doc.Servers, false
}
