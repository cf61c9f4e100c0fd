package portaltest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
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

func codeIn(body string) string {
	var e struct{ Code string }
	_ = json.Unmarshal([]byte(body), &e) // no JSON has no code
	return e.Code
}

// Whatever the document says that an operation may answer, the sandbox can be made
// to answer, by a method and at the control address: with the headers and a body of
// the document's, in words of the service's own.
func TestDocumentStatusesAreFaults(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, portaltest.WithRateLimit(1000))
	tried := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, code := range slices.Sorted(maps.Keys(op.Responses.Map())) {
				status, err := strconv.Atoi(code)
				if err != nil {
					t.Fatalf("openapi.yaml: %s %s %s: no number; give each status by its number", method, path, code)
				}
				tried++
				fault := portaltest.Fault{Operation: op.OperationID, Status: status}
				control := fmt.Sprintf(`{"operation":%q,"status":%d}`, fault.Operation, status)
				if status == http.StatusTooManyRequests {
					fault.RetryAfter = 30 * time.Second
					control = fmt.Sprintf(`{"operation":%q,"status":%d,"retry_after":30}`, fault.Operation, status)
				}
				for by, script := range map[string]func(){
					"by Fail":                func() { c.portal.Fail(fault) },
					"at the control address": func() { c.send(http.MethodPost, sandbox+"/faults", control).want(t, 201) },
				} {
					script()
					body := ""
					if op.RequestBody != nil {
						body = c.request("sso")
					}
					// send holds the answer against the document.
					a := c.send(method, path, body)
					if a.status != status {
						t.Errorf("openapi.yaml: %s %s %d: the sandbox, asked for it %s, answers %d; see client/portaltest/faults.go", method, path, status, by, a.status)
					}
					if strings.Contains(a.body, "fault of the sandbox") {
						t.Errorf("openapi.yaml: %s %s %d: the sandbox has no words for this status; add them to standardRefusal in client/portaltest/spoil.go", method, path, status)
					}
					if codes := codesOf(op.Responses.Value(code).Value); len(codes) > 0 && !slices.Contains(codes, codeIn(a.body)) {
						t.Errorf("openapi.yaml: %s %s %d: its examples have the codes %q, and the sandbox says %s; mend what is wrong, the examples or standardRefusal in client/portaltest/spoil.go", method, path, status, codes, strings.TrimSpace(a.body))
					}
					if status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "30" {
						t.Errorf("openapi.yaml: %s %s %d: the sandbox, asked for it %s with a Retry-After, says %q", method, path, status, by, a.header.Get("Retry-After"))
					}
				}
			}
		}
	}
	if left := c.portal.PendingFaults(); tried == 0 || len(left) > 0 {
		t.Errorf("%d statuses were tried, and the faults %v struck nobody", tried, left)
	}
}

// Who copies an example of a request from the document gets what it asks for.
func TestDocumentExamplesAreTaken(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	c := inMemory(t, portaltest.WithExamples(), portaltest.WithRateLimit(1000))
	sent := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue
			}
			for name, example := range op.RequestBody.Value.Content["application/json"].Examples {
				body, err := json.Marshal(example.Value.Value)
				if err != nil {
					t.Fatal(err)
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
