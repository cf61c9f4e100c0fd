package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

const organization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY" // the document's

type fields = map[string]any

// eachOperation calls f with every operation of the document.
func eachOperation(t *testing.T, f func(path string, op *openapi3.Operation)) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			f(path, op)
		}
	}
}

// dial returns a client that reaches the sandbox through Prism and makes one attempt.
func dial(t *testing.T, op *openapi3.Operation) *client.Client {
	t.Helper()
	dialect := client.DialectPortalLinks
	if slices.Contains(op.Tags, "Live dialect") {
		dialect = client.DialectGenerateLink
	}
	c, err := client.New(portal.APIKey, client.WithBaseURL(prismURL), client.WithDialect(dialect), client.WithHTTPClient(&http.Client{Transport: connections}),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every example of an answer passes Prism and reaches the client with its status, and so do the sandbox's own words for the status.
func testEveryAnswer(t *testing.T) {
	eachOperation(t, func(_ string, op *openapi3.Operation) {
		for code, response := range op.Responses.Map() {
			status, _ := strconv.Atoi(code)
			fault := portaltest.Fault{Operation: op.OperationID, Status: status}
			if status == 429 {
				fault.RetryAfter = 30 * time.Second
			}
			t.Run(op.OperationID+"/"+code, func(t *testing.T) { wantPassed(t, op, fault) })
			for media, body := range response.Value.Content {
				for name, example := range body.Examples {
					fault.Header = http.Header{"Content-Type": {media}, "X-Request-Id": {"req_example"}}
					fault.Body, _ = json.Marshal(example.Value.Value)
					if s, ok := example.Value.Value.(string); ok && media != "application/json" {
						fault.Body = []byte(s)
					}
					t.Run(op.OperationID+"/"+code+"/"+name, func(t *testing.T) { wantPassed(t, op, fault) })
				}
			}
		}
	})
}

// wantPassed checks that the sandbox's answer by a fault, and not one of Prism's own, is what the client gets.
func wantPassed(t *testing.T, op *openapi3.Operation, f portaltest.Fault) {
	t.Helper()
	c := dial(t, op)
	portal.Fail(f)
	defer portal.ClearFaults()
	var err error
	if op.RequestBody != nil {
		_, err = c.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: portal.Organization, Intent: client.IntentSSO})
	} else {
		_, err = c.ListProviderIcons(t.Context())
	}
	e := new(client.Error)
	if f.Status < 300 && err != nil || f.Status >= 300 && (!errors.As(err, &e) || e.StatusCode != f.Status || strings.Contains(e.Body, ofPrism)) {
		t.Errorf("error = %v with the body %s, want what %d means, of the sandbox", err, e.Body, f.Status)
	}
	if left := portal.PendingFaults(); left != nil {
		t.Error("the request did not reach the sandbox")
	}
}

// Every example of a request and every intent goes out as the document has it, and Prism and the
// sandbox take it. So do requests at the edge of what the document allows.
func testEveryRequest(t *testing.T) {
	longest := "org_" + strings.Repeat("0", 251)
	for _, id := range []string{organization, longest, "org_-_"} {
		portal.PutOrganization(portaltest.Organization{ID: id, Name: "Acme"})
	}
	eachOperation(t, func(_ string, op *openapi3.Operation) {
		if op.RequestBody == nil {
			return
		}
		body := op.RequestBody.Value.Content["application/json"]
		all := map[string]any{}
		for name, example := range body.Examples {
			all["example "+name] = example.Value.Value
		}
		for _, intent := range body.Schema.Value.Properties["intent"].Value.Enum {
			all[intent.(string)] = fields{"intent": intent}
		}
		if op.OperationID == "generateLink" { // it has all fields
			maps.Copy(all, fields{
				"the longest organization": fields{"organization": longest},
				"an organization with - _": fields{"organization": "org_-_"},
				"loopback, to develop":     fields{"return_url": "http://localhost:8080/settings", "success_url": "http://[::1]/"},
				"a query and a fragment":   fields{"return_url": "https://example.com/settings?tab=sso#idp"},
				"twenty contacts":          fields{"it_contact_emails": slices.Repeat([]any{"it@customer.example"}, 20)},
				"a contact with a tag":     fields{"it_contact_emails": []any{"it+portal@sub.customer.example"}},
			})
		}
		for name, with := range all {
			t.Run(op.OperationID+"/"+name, func(t *testing.T) {
				body := fields{"organization": organization, "intent": "sso"}
				maps.Copy(body, with.(fields))
				text := func(field string) string { s, _ := body[field].(string); return s }
				req := client.PortalLinkRequest{
					Organization: text("organization"), Intent: client.Intent(text("intent")), ReturnURL: text("return_url"), SuccessURL: text("success_url"),
				}
				contacts, _ := body["it_contact_emails"].([]any)
				for _, c := range contacts {
					req.ITContactEmails = append(req.ITContactEmails, c.(string))
				}
				if _, err := dial(t, op).GeneratePortalLink(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				requests := portal.Requests()
				arrived := requests[len(requests)-1].Body
				var got any
				if err := json.Unmarshal([]byte(arrived), &got); err != nil || !reflect.DeepEqual(got, body) {
					t.Errorf("sent %s, want %v", arrived, body)
				}
			})
		}
	})
}

// What passes means something: Prism refuses a request and an answer that the document does not allow.
func testPrismRefuses(t *testing.T) {
	for intent, status := range map[string]int{"saml": 422, "sso": 500} {
		url := prismURL + "/portal/generate_link"
		portal.Fail(portaltest.Fault{Operation: "generateLink", Status: 201, Body: []byte(`{"links":[]}`)})
		body, _ := json.Marshal(fields{"organization": portal.Organization, "intent": intent})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+portal.APIKey)
		r.Header.Set("Content-Type", "application/json")
		resp, err := connections.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		portal.ClearFaults()
		if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != status || !bytes.Contains(answer, []byte(ofPrism)) {
			t.Errorf("intent %s: %s %s, want the %d of Prism", intent, resp.Status, answer, status)
		}
	}
}
