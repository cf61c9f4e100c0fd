package client

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/gen"
)

// These tests compare what the package lists by hand with openapi.yaml. Their messages say what to
// do after an edit of the document.

func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// eachOperation calls f with every operation and where it is, such as "POST /portal_links".
func eachOperation(t *testing.T, f func(at string, op *openapi3.Operation)) {
	t.Helper()
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			f(method+" "+path, op)
		}
	}
}

func TestIntentsAreTheDocuments(t *testing.T) {
	for schema, known := range map[string][]Intent{"Intent": intents, "LiveIntent": slices.Concat(intents, liveIntents)} {
		var listed []Intent
		for _, v := range contract(t).Components.Schemas[schema].Value.Enum {
			listed = append(listed, Intent(v.(string)))
		}
		slices.Sort(listed)
		if known = slices.Sorted(slices.Values(known)); !slices.Equal(listed, known) {
			t.Errorf("openapi.yaml: %s lists %q, and the client knows %q; see the constants, intents and liveIntents in request.go", schema, listed, known)
		}
	}
}

func TestHintsAreForTheDocumentsStatuses(t *testing.T) {
	listed := map[int]bool{}
	eachOperation(t, func(at string, op *openapi3.Operation) {
		for code := range op.Responses.Map() {
			status, _ := strconv.Atoi(code) // not "default" or "4XX": for 0 there is no hint
			listed[status] = true
			errorIf(t, (status == 0 || status >= 400) && (statuses[status].hint == "" || kindOf(status) == nil), "openapi.yaml: %s %s: client has no hint or no sentinel for this status; see statuses in errors.go", at, code)
		}
	})
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		errorIf(t, !listed[status] && kindOf(status) != nil, "client/errors.go: has a sentinel for %d, which openapi.yaml does not list; remove it", status)
	}
}

// The servers, the operations and the rules of a request are the document's.
func TestServersAndOperationsAreTheDocuments(t *testing.T) {
	doc := contract(t)
	if api, cdn := doc.Servers[0].URL, doc.Paths.Value("/provider-icons.json").Servers[0].URL; api != defaultBaseURL || cdn != defaultCDNURL {
		t.Errorf("openapi.yaml's servers are %s and %s, and the client's %s and %s", api, cdn, defaultBaseURL, defaultCDNURL)
	}
	want := map[string]string{
		"POST /portal_links": "generatePortalLink", "GET /provider_icons": "listProviderIcons",
		"POST /portal/generate_link": "generateLink", "GET /provider-icons.json": "listCDNProviderIcons",
	}
	eachOperation(t, func(at string, op *openapi3.Operation) {
		errorIf(t, op.OperationID != want[at], "openapi.yaml: %s is %s, and the client calls it %q; see link.go and icons.go", at, op.OperationID, want[at])
		for _, p := range op.Parameters {
			errorIf(t, p.Value.Required, "openapi.yaml: %s %s: is required, and client does not send it; see link.go", at, p.Value.Name)
		}
	})
	if most := doc.Components.Schemas["LiveLinkRequest"].Value.Properties["it_contact_emails"].Value.MaxItems; *most != maxITContacts {
		t.Errorf("openapi.yaml allows %d contacts, the client %d", *most, maxITContacts)
	}
	if address, ok := doc.Components.Schemas["RedirectURL"].Value.Example.(string); ok {
		if _, err := parseAddress(address, false); err != nil {
			t.Errorf("openapi.yaml: RedirectURL: the client refuses the example %s: %v: correct the example", address, err)
		}
	}
}

// wholeRequest has a value in every field.
var wholeRequest = PortalLinkRequest{
	Organization: "org_x", Intent: IntentSSO, ReturnURL: "https://a.example", SuccessURL: "https://a.example", ITContactEmails: []string{"a@b.example"},
}

// bodies are what a request sends, by the schema.
func bodies(t *testing.T, r PortalLinkRequest) map[string]map[string]any {
	return map[string]map[string]any{"PortalLinkRequest": sent(t, r.referenceBody()), "LiveLinkRequest": sent(t, r.liveBody())}
}

func sent(t *testing.T, body any) (members map[string]any) {
	t.Helper()
	data, _ := json.Marshal(body)
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// A PortalLinkRequest can say all that the document has, and must say what is required there.
func TestRequestFieldsAreTheDocuments(t *testing.T) {
	for schema, said := range bodies(t, wholeRequest) {
		document := contract(t).Components.Schemas[schema].Value
		for name := range document.Properties {
			if said[name] == nil || !slices.Contains(requestFields, name) {
				t.Errorf("openapi.yaml: %s.%s: client does not send it; in request.go, give PortalLinkRequest a field, referenceBody and liveBody what they send of it, and Validate what to refuse, in answer.go name it in requestFields, and in contract_internal_test.go give wholeRequest a value", schema, name)
			}
		}
		for _, name := range document.Required {
			errorIf(t, name != "organization" && name != "intent", "openapi.yaml: %s.%s: is required, and client accepts requests without it; have Validate in request.go refuse them", schema, name)
		}
	}
}

// A field of one dialect is not lost on the way to the other, and none may hold bytes that are no text.
func TestFieldsOfTheDocumentAreSentOrRefused(t *testing.T) {
	for i := range reflect.TypeFor[PortalLinkRequest]().NumField() {
		name := "PortalLinkRequest." + reflect.TypeFor[PortalLinkRequest]().Field(i).Name
		one := PortalLinkRequest{Organization: "org_x", Intent: IntentSSO}
		field, value := reflect.ValueOf(&one).Elem().Field(i), reflect.ValueOf(wholeRequest).Field(i)
		if value.IsZero() {
			t.Fatalf("client/contract_internal_test.go: wholeRequest has no %s; give it one", name)
		}
		field.Set(value)
		said := bodies(t, one)
		for member := range said["LiveLinkRequest"] {
			errorIf(t, said["PortalLinkRequest"][member] == nil && one.liveOnly() == "", "client/request.go: %s: referenceBody does not send %s, and liveOnly does not name it", name, member)
		}
		odd := reflect.ValueOf("\xff\r\n")
		if field.Kind() == reflect.Slice {
			odd = reflect.ValueOf([]string{"\xff\r\n"})
		}
		if field.Set(odd.Convert(field.Type())); one.Validate() == nil {
			t.Errorf("client/request.go: %s: accepts line breaks, and bytes that are no text; have Validate refuse them", name)
		}
	}
}

// The client sends every example of a request.
func TestRequestExamplesAreTheDocuments(t *testing.T) {
	read := 0
	eachOperation(t, func(at string, op *openapi3.Operation) {
		if op.RequestBody == nil {
			return
		}
		for name, example := range op.RequestBody.Value.Content["application/json"].Examples {
			read++
			var body gen.LiveLinkRequest // has all fields of the other
			data, _ := json.Marshal(example.Value.Value)
			err := json.Unmarshal(data, &body)
			req := PortalLinkRequest{
				Organization: body.Organization, Intent: Intent(body.Intent), ReturnURL: body.ReturnURL, SuccessURL: body.SuccessURL, ITContactEmails: body.ITContactEmails,
			}
			made := bodies(t, req)[map[string]string{"POST /portal_links": "PortalLinkRequest", "POST /portal/generate_link": "LiveLinkRequest"}[at]]
			if err != nil || req.Validate() != nil || !reflect.DeepEqual(made, example.Value.Value) {
				t.Errorf("openapi.yaml: %s request: of the example %s, the client makes %v (%v, %v); correct the example, or what the client sends", at, name, made, err, req.Validate())
			}
		}
	})
	if read == 0 {
		t.Error("openapi.yaml has no example of a request")
	}
}

// The client understands the headers that the document shows.
func TestHeaderExamplesAreTheDocuments(t *testing.T) {
	eachOperation(t, func(at string, op *openapi3.Operation) {
		for status, response := range op.Responses.Map() {
			a := &answer{header: http.Header{}, received: time.Now()}
			for name, header := range response.Value.Headers {
				example := header.Value.Example
				for _, one := range header.Value.Examples {
					example = one.Value.Value
				}
				a.header.Set(name, fmt.Sprint(example))
				if date := cmp.Or(parseDate(fmt.Sprint(example)), time.Unix(int64(number(fmt.Sprint(example))), 0)); date.Year() > 2000 {
					a.received = date.Add(-30 * time.Second)
				}
			}
			if text := a.header.Get("Retry-After"); text != "" && a.timeUntil(text) == 0 {
				t.Errorf("openapi.yaml: %s %s Retry-After: the client cannot read the example %q; correct it", at, status, text)
			}
			told, ok := readRateLimit(a)
			if a.header.Get("X-RateLimit-Remaining") != "" && (!ok || told.Remaining > told.Limit) {
				t.Errorf("openapi.yaml: %s %s: the examples of its rate headers make no sense: %d of %d left, the reset at %v; correct them", at, status, told.Remaining, told.Limit, told.Reset)
			}
		}
	})
}
