package portaltest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

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
