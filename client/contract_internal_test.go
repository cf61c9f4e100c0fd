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
				t.Errorf("openapi.yaml: %s = %s: client does not know this intent; add the constant %s to intent.go, and to intents or liveIntents there", tt.schema, i, constantName(i))
			}
		}
		for _, i := range tt.known {
			if !slices.Contains(listed(tt.schema), i) {
				t.Errorf("client/intent.go: has %s, and openapi.yaml's %s does not list %q; take it out, or put it back there", constantName(i), tt.schema, i)
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
			t.Errorf("openapi.yaml: %s %d: client has no hint for this status; add one to errors.go", at, status)
		}
		if kindOf(status) == nil {
			t.Errorf("openapi.yaml: %s %d: no sentinel matches this status; see kindOf in errors.go", at, status)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(hints)) {
		if listed[status] == "" {
			t.Errorf("client/errors.go: has a hint for %d, which openapi.yaml does not list; take it out", status)
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
	if address, ok := schemas["RedirectURL"].Value.Example.(string); ok && checkAddress(address, false) != nil {
		t.Errorf("openapi.yaml: RedirectURL: the client refuses the example %s: %v: correct the example", address, checkAddress(address, false))
	}
}

var (
	// A request with the least that one must say, and one with all that one can.
	leastRequest = PortalLinkRequest{Organization: "org_x", Intent: IntentSSO}
	wholeRequest = PortalLinkRequest{
		Organization: "org_x", Intent: IntentSSO, ReturnURL: "https://a.example", SuccessURL: "https://a.example", ITContactEmails: []string{"a@b.example"},
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
			if empty(least[name]) && leastRequest.Validate() == nil {
				t.Errorf("openapi.yaml: %s.%s: is required, and client takes requests without it;have Validate in request.go refuse them", schema, name)
			}
		}
	}
}

func checkFields(t *testing.T, about string, schema *openapi3.Schema, said map[string]any) {
	for name, property := range schema.Properties {
		value := said[name]
		if empty(value) {
			t.Errorf("openapi.yaml: %s.%s: client does not send it; in request.go, give PortalLinkRequest a field, sheetBody and liveBody what they send of it, and Validate what to refuse, and in contract_internal_test.go wholeRequest a value", about, name)
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
					t.Errorf("openapi.yaml: %s %s request: example %s: %v: correct it", method, path, name, err)
					continue
				}
				read++
				req := PortalLinkRequest{
					Organization: body.Organization, Intent: Intent(body.Intent), ReturnURL: body.ReturnURL, SuccessURL: body.SuccessURL, ITContactEmails: body.ITContactEmails,
				}
				if err := req.Validate(); err != nil {
					t.Errorf("openapi.yaml: %s %s request: the client refuses the example %s: %v; correct the example, or Validate in request.go", method, path, name, err)
				}
				made := any(req.liveBody())
				if path == "/portal_links" {
					made = req.sheetBody()
				}
				if again := sent(t, made); !reflect.DeepEqual(again, example.Value.Value) {
					t.Errorf("openapi.yaml: %s %s request: of the example %s, the client makes %v; correct what the client sends, or the reading of examples in contract_internal_test.go", method, path, name, again)
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
				a := &answer{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": shown["Retry-After"]}, received: now}
				if shown.Get("Retry-After") != "" && askedToWait(a) == 0 {
					t.Errorf("openapi.yaml: %s Retry-After: the client cannot read the example %q; show seconds", about, shown.Get("Retry-After"))
				}
				if n := decimal(shown.Get("X-RateLimit-Reset")); n >= 1e8 {
					now = time.Unix(int64(n)-30, 0)
				}
				a = &answer{status: http.StatusOK, header: shown, received: now}
				if told, ok := readRateLimit(a); shown.Get("X-RateLimit-Remaining") != "" && (!ok || told.Remaining > told.Limit || !told.Reset.After(now)) {
					t.Errorf("openapi.yaml: %s: the examples of its rate-limit headers make no sense: %d of %d left, a new count at %v; correct them", about, told.Remaining, told.Limit, told.Reset)
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
		if one.Validate() == nil {
			t.Errorf("client/request.go: %s: takes line breaks, and bytes that are no text; have Validate refuse them", name)
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
				t.Errorf("openapi.yaml: %s %s %s: is required, and client does not send it; see link.go", want[0], want[1], p.Value.Name)
			}
		}
	}
}
