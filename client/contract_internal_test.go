package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/gen"
)

func contract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestIntentsAreTheDocuments(t *testing.T) {
	doc := contract(t)
	listed := func(schema string) []Intent {
		var all []Intent
		for _, v := range doc.Components.Schemas[schema].Value.Enum {
			all = append(all, Intent(v.(string)))
		}
		return all
	}
	for _, tt := range []struct {
		schema string
		known  []Intent
	}{
		{"Intent", intents},
		{"LiveIntent", slices.Concat(intents, liveIntents)},
	} {
		for _, i := range listed(tt.schema) {
			if !slices.Contains(tt.known, i) {
				t.Errorf("openapi.yaml: %s = %s: client does not know this intent; add the constant %s to request.go, and to intents or liveIntents there", tt.schema, i, constantName(i))
			}
		}
		for _, i := range tt.known {
			if !slices.Contains(listed(tt.schema), i) {
				t.Errorf("client/request.go: has %s, and openapi.yaml's %s does not list %q; take it out, or put it back there", constantName(i), tt.schema, i)
			}
		}
	}
}

func constantName(i Intent) string {
	name := "Intent"
	for word := range strings.SplitSeq(string(i), "_") {
		if word == "sso" {
			name += "SSO"
			continue
		}
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func TestHintsAreForTheDocumentsStatuses(t *testing.T) {
	listed := map[int]string{} // where
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			for code := range op.Responses.Map() {
				status, err := strconv.Atoi(code)
				if err != nil {
					t.Fatalf("openapi.yaml: %s %s %s: no number; give each status by its number", method, path, code)
				}
				if status >= 400 {
					listed[status] = method + " " + path
				}
			}
		}
	}
	for status, at := range listed {
		if hints[status] == "" {
			t.Errorf("openapi.yaml: %s %d: client has no hint for this status; add one to hint.go", at, status)
		}
		if kindOf(status) == nil {
			t.Errorf("openapi.yaml: %s %d: no sentinel matches this status; see kindOf in errors.go, and sentinel in internal/e2e/conformance", at, status)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(hints)) {
		if listed[status] == "" {
			t.Errorf("client/hint.go: has a hint for %d, which openapi.yaml does not list; take it out", status)
		}
	}
}

func TestServersAreTheDocuments(t *testing.T) {
	doc := contract(t)
	if got := doc.Servers[0].URL; got != defaultBaseURL {
		t.Errorf("openapi.yaml's server is %s, and the client's is %s", got, defaultBaseURL)
	}
	if got := doc.Paths.Value("/provider-icons.json").Servers[0].URL; got != defaultCDNURL {
		t.Errorf("openapi.yaml's CDN is %s, and the client's is %s", got, defaultCDNURL)
	}
}

// What a request is refused for here is what the document says.
func TestRequestRulesAreTheDocuments(t *testing.T) {
	schemas := contract(t).Components.Schemas
	id := schemas["OrganizationID"].Value
	for _, org := range []string{"", "org_", "org_x", "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "acme", "org_a b", "org_a/b", "Org_x", "org_-_", "org_" + strings.Repeat("x", 251), "org_" + strings.Repeat("x", 252)} {
		if got, want := validOrganization(org), id.VisitJSONString(org) == nil; got != want {
			t.Errorf("organization %q: the client takes it: %v, openapi.yaml does: %v", org, got, want)
		}
	}
	if most := schemas["LiveLinkRequest"].Value.Properties["it_contact_emails"].Value.MaxItems; *most != maxITContacts {
		t.Errorf("openapi.yaml allows %d contacts, the client %d", *most, maxITContacts)
	}
	if address, ok := schemas["RedirectURL"].Value.Example.(string); ok && checkAddress(address) != nil {
		t.Errorf("openapi.yaml: RedirectURL: the client refuses the example %s: %v; mend the example", address, checkAddress(address))
	}
	options := schemas["DomainVerificationIntentOptions"].Value
	for _, domain := range []string{"customer.example", "a.b.c", "xn--bcher-kva.example", "bücher.example", "localhost", ".example", "customer.", "a..b", "https://customer.example", "customer.example/x", "customer.example:443", "it@customer.example", "a b.example", "customer.example\n", strings.Repeat("x.", 126) + "x", strings.Repeat("x.", 127) + "x", strings.Repeat("ü.", 126) + "ü"} {
		if got, want := validDomainName(domain), options.Properties["domain_name"].Value.VisitJSONString(domain) == nil; got != want {
			t.Errorf("domain %q: the client takes it: %v, openapi.yaml does: %v", domain, got, want)
		}
	}
}

func TestProviderTypesAreTheDocuments(t *testing.T) {
	var listed []string
	for _, v := range contract(t).Components.Schemas["SSOIntentOptions"].Value.Properties["provider_type"].Value.Enum {
		listed = append(listed, v.(string))
	}
	if !slices.Equal(listed, providerTypes) {
		t.Errorf("openapi.yaml: SSOIntentOptions.provider_type: is one of %q, and client knows %q; bring providerTypes in request.go up to date, with a constant for each", listed, providerTypes)
	}
}

var (
	// A request with the least that one must say, and one with all that one can.
	leastRequest = PortalLinkRequest{Organization: "org_x", Intent: IntentSSO}
	wholeRequest = PortalLinkRequest{
		Organization: "org_x", Intent: IntentSSO, ReturnURL: "https://a.example", SuccessURL: "https://a.example", ITContactEmails: []string{"a@b.example"},
		IntentOptions: IntentOptions{DomainName: "a.example", ProviderType: ProviderTypeGoogleSAML, BookmarkSlug: "x"},
	}
)

// Whatever a request may say by the document, a PortalLinkRequest can say, and what it
// must say cannot be left out.
func TestRequestFieldsAreTheDocuments(t *testing.T) {
	for schema, body := range map[string]func(PortalLinkRequest) any{
		"PortalLinkRequest": func(r PortalLinkRequest) any { return r.sheetBody() },
		"LiveLinkRequest":   func(r PortalLinkRequest) any { return r.liveBody() },
	} {
		document := contract(t).Components.Schemas[schema].Value
		checkFields(t, schema, document, sent(t, body(wholeRequest)))
		least := sent(t, body(leastRequest))
		for _, name := range document.Required {
			if empty(least[name]) && leastRequest.check(DialectAuto) == nil {
				t.Errorf("openapi.yaml: %s.%s: is required, and client takes requests without it; have check in request.go refuse them", schema, name)
			}
		}
	}
}

func checkFields(t *testing.T, about string, schema *openapi3.Schema, said map[string]any) {
	for name, property := range schema.Properties {
		value := said[name]
		if empty(value) {
			t.Errorf("openapi.yaml: %s.%s: client does not send it; in request.go, give PortalLinkRequest a field, sheetBody and liveBody what they send of it, and check what to refuse, and in contract_internal_test.go wholeRequest a value", about, name)
			continue
		}
		if fields, ok := value.(map[string]any); ok {
			within := about + "." + name
			if property.Ref != "" {
				within = path.Base(property.Ref)
			}
			checkFields(t, within, property.Value, fields)
		}
	}
}

// Every example of a request is one that the client sends.
func TestRequestExamplesAreTheDocuments(t *testing.T) {
	read := 0
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			for name, example := range op.RequestBody.Value.Content["application/json"].Examples {
				data, err := json.Marshal(example.Value.Value)
				if err != nil {
					t.Fatal(err)
				}
				var body gen.LiveLinkRequest // has all that the other has
				if err := json.Unmarshal(data, &body); err != nil {
					t.Errorf("openapi.yaml: %s %s request: example %s: %v; mend it", method, path, name, err)
					continue
				}
				read++
				req := PortalLinkRequest{
					Organization: body.Organization, Intent: Intent(body.Intent), ReturnURL: body.ReturnURL, SuccessURL: body.SuccessURL, ITContactEmails: body.ITContactEmails,
				}
				if options := body.IntentOptions; options != nil && options.DomainVerification != nil {
					req.IntentOptions.DomainName = options.DomainVerification.DomainName
				}
				if options := body.IntentOptions; options != nil && options.SSO != nil {
					req.IntentOptions.ProviderType, req.IntentOptions.BookmarkSlug = string(options.SSO.ProviderType), options.SSO.BookmarkSlug
				}
				if err := req.check(DialectAuto); err != nil {
					t.Errorf("openapi.yaml: %s %s request: the client refuses the example %s: %v; mend the example, or check in request.go", method, path, name, err)
				}
				made := any(req.liveBody())
				if path == gen.GeneratePortalLinkPath {
					made = req.sheetBody()
				}
				if again := sent(t, made); !reflect.DeepEqual(again, example.Value.Value) {
					t.Errorf("openapi.yaml: %s %s request: of the example %s, the client makes %v; mend what the client sends, or the reading of examples in contract_internal_test.go", method, path, name, again)
				}
			}
		}
	}
	if read == 0 {
		t.Error("openapi.yaml has no example of a request")
	}
}

// The headers that the document shows are understood.
func TestHeaderExamplesAreTheDocuments(t *testing.T) {
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				about := method + " " + path + " " + status
				shown, now := http.Header{}, time.Now()
				for name, header := range response.Value.Headers {
					if header.Value.Example != nil {
						shown.Set(name, fmt.Sprint(header.Value.Example))
					}
				}
				if _, ok := readRetryAfter(shown, now); shown.Get(headerRetryAfter) != "" && !ok {
					t.Errorf("openapi.yaml: %s Retry-After: the client cannot read the example %q; show seconds", about, shown.Get(headerRetryAfter))
				}
				if n, _ := digits(shown.Get(headerReset)); n >= firstEpoch {
					now = time.Unix(n-30, 0)
				}
				if told, ok := readRateLimit(shown, now); shown.Get(headerRemaining) != "" && (!ok || told.Remaining > told.Limit || !told.Reset.After(now)) {
					t.Errorf("openapi.yaml: %s: the examples of its rate-limit headers make no sense: %d of %d left, a new count at %v; mend them", about, told.Remaining, told.Limit, told.Reset)
				}
			}
		}
	}
}

// A field that one dialect alone has is never dropped in silence on the way to the
// other, and none takes text that is no text.
func TestRequestFieldsAreJudgedAsTheDocument(t *testing.T) {
	for _, field := range leaves(reflect.TypeFor[PortalLinkRequest]()) {
		name := "PortalLinkRequest." + fieldName(field)
		value := reflect.ValueOf(wholeRequest).FieldByIndex(field)
		if value.IsZero() {
			t.Errorf("client/contract_internal_test.go: wholeRequest has no %s; give it one", name)
			continue
		}
		one := leastRequest
		reflect.ValueOf(&one).Elem().FieldByIndex(field).Set(value)
		sheet := sent(t, one.sheetBody())
		for member, said := range sent(t, one.liveBody()) {
			if !empty(said) && empty(sheet[member]) && one.liveOnly() == "" {
				if contract(t).Components.Schemas["PortalLinkRequest"].Value.Properties[member] != nil {
					t.Errorf("client/request.go: %s: sheetBody does not send %s; add it there", name, member)
					continue
				}
				t.Errorf("client/request.go: %s: POST /portal_links has no %s, and a request with it goes there; name it in liveOnly", name, member)
			}
		}
		odd := "\xff\r\n"
		switch {
		case value.Kind() == reflect.String:
			value = reflect.ValueOf(odd).Convert(value.Type())
		case value.Type() == reflect.TypeFor[[]string]():
			value = reflect.ValueOf([]string{odd})
		default:
			continue
		}
		reflect.ValueOf(&one).Elem().FieldByIndex(field).Set(value)
		if one.check(DialectAuto) == nil {
			t.Errorf("client/request.go: %s: takes line breaks, and bytes that are no text; have check refuse them", name)
		}
	}
}

// leaves are the fields of a struct, those of structs in it one by one.
func leaves(of reflect.Type) [][]int {
	var all [][]int
	for f := range of.Fields() {
		if f.Type.Kind() != reflect.Struct {
			all = append(all, f.Index)
			continue
		}
		for _, inner := range leaves(f.Type) {
			all = append(all, slices.Concat(f.Index, inner))
		}
	}
	return all
}

func fieldName(field []int) string {
	of, name := reflect.TypeFor[PortalLinkRequest](), ""
	for _, i := range field {
		f := of.Field(i)
		of, name = f.Type, strings.TrimPrefix(name+"."+f.Name, ".")
	}
	return name
}

func sent(t *testing.T, body any) map[string]any {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// empty is what nobody said.
func empty(value any) bool { return value == nil || reflect.ValueOf(value).IsZero() }

// The routes that the calls name are operations of the document.
func TestOperationsAreTheDocuments(t *testing.T) {
	doc := contract(t)
	for id, want := range map[string][2]string{
		"generatePortalLink":   {http.MethodPost, "/portal_links"},
		"listProviderIcons":    {http.MethodGet, "/provider_icons"},
		"generateLink":         {http.MethodPost, "/portal/generate_link"},
		"listCDNProviderIcons": {http.MethodGet, "/provider-icons.json"},
	} {
		item := doc.Paths.Value(want[1])
		if item == nil || item.GetOperation(want[0]) == nil || item.GetOperation(want[0]).OperationID != id {
			t.Errorf("openapi.yaml has no operation %s at %s %s", id, want[0], want[1])
			continue
		}
		for _, p := range item.GetOperation(want[0]).Parameters {
			if p.Value.Required {
				t.Errorf("openapi.yaml: %s %s %s: is required, and client does not send it; see route.go", want[0], want[1], p.Value.Name)
			}
		}
	}
}

// A link is decoded by fields of our own; they are the document's.
func TestLinkBodyIsTheDocuments(t *testing.T) {
	document := fieldTags(reflect.TypeFor[gen.PortalLink]())
	for name, tag := range fieldTags(reflect.TypeFor[linkBody]()) {
		if document[name] != tag {
			t.Errorf("linkBody.%s is %q, gen.PortalLink's is %q", name, tag, document[name])
		}
	}
	for name, tag := range fieldTags(reflect.TypeFor[gen.LiveLink]()) {
		if ours, ok := fieldTags(reflect.TypeFor[linkBody]())[name]; ok && ours != tag {
			t.Errorf("gen.LiveLink.%s is %q, linkBody's is %q", name, tag, ours)
		}
	}
}

// fieldTags are the JSON names and types of a struct's fields; whether one may be
// left out matters to the sender alone, and an expiry is a time.
func fieldTags(of reflect.Type) map[string]string {
	tags := map[string]string{}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		kind := f.Type
		if kind == reflect.TypeFor[expiry]() {
			kind = reflect.TypeFor[time.Time]()
		}
		tags[f.Name] = name + " " + kind.String()
	}
	return tags
}
