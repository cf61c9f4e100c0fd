package portaltest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// codesOf are the error codes in a response's examples; an example may have none.
func codesOf(r *openapi3.Response) []string {
	var codes []string
	for _, media := range r.Content {
		for _, example := range media.Examples {
			if fields, ok := example.Value.Value.(map[string]any); ok && fields["code"] != nil {
				codes = append(codes, fmt.Sprint(fields["code"]))
			}
		}
	}
	return codes
}

// Whatever the document says that an operation may answer, the sandbox can be made to
// answer: with the headers and a body of the document's, in words of the service's own.
func TestDocumentStatusesAreFaults(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(1000))
	tried := 0
	try := func(method, path string, op *openapi3.Operation, code string) {
		status, err := strconv.Atoi(code)
		if err != nil {
			t.Fatalf("openapi.yaml: %s %s %s: no number; give each status by its number", method, path, code)
		}
		tried++
		fault, body := portaltest.Fault{Operation: op.OperationID, Status: status, RetryAfter: 30 * time.Second}, ""
		if op.RequestBody != nil {
			body = c.request("sso")
		}
		c.portal.Fail(fault)
		a := c.send(method, path, body) // which holds the answer against the document
		errorIf(t, a.status != status, "openapi.yaml: %s %s %d: the sandbox answers a fault with this status with %d; see client/portaltest/faults.go", method, path, status, a.status)
		if slices.ContainsFunc(c.last().Notes, func(n string) bool { return strings.Contains(n, "the contract does not have") }) {
			t.Errorf("openapi.yaml: %s %s %d: the sandbox has no words for this status; add them to refusals in client/portaltest/check.go", method, path, status)
		}
		if codes := codesOf(op.Responses.Value(code).Value); len(codes) > 0 && !slices.ContainsFunc(codes, func(c string) bool { return strings.Contains(a.body, `"code":"`+c+`"`) }) {
			t.Errorf("openapi.yaml: %s %s %d: its examples have the codes %q, and the sandbox says %s; fix the examples, or refusals in client/portaltest/check.go", method, path, status, codes, strings.TrimSpace(a.body))
		}
	}
	for path, item := range portaltest.Document().Paths.Map() {
		for method, op := range item.Operations() {
			for _, code := range slices.Sorted(maps.Keys(op.Responses.Map())) {
				try(method, path, op, code)
			}
		}
	}
	if left := c.portal.PendingFaults(); tried == 0 || len(left) > 0 {
		t.Errorf("%d statuses were tried, and the faults %v hit no request", tried, left)
	}
}

// Every example of a request in the document is served.
func TestDocumentExamplesAreTaken(t *testing.T) {
	c := inMemory(t, portaltest.WithExamples(), portaltest.WithRateLimit(1000))
	sent := 0
	for path, item := range portaltest.Document().Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			for name, example := range op.RequestBody.Value.Content["application/json"].Examples {
				body, err := json.Marshal(example.Value.Value)
				if err != nil {
					t.Fatal(err)
				}
				if organization, ok := example.Value.Value.(map[string]any)["organization"].(string); ok {
					c.portal.PutOrganization(portaltest.Organization{ID: organization, Name: "Example"})
				}
				sent++
				if a := c.send(method, path, string(body)); a.status >= 300 {
					t.Errorf("openapi.yaml: %s %s request: the sandbox answers its example %s with %d %s; fix the example, or what client/portaltest takes", method, path, name, a.status, strings.TrimSpace(a.body))
				}
			}
		}
	}
	if sent == 0 {
		t.Error("the document has no examples of requests")
	}
}
