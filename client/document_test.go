package client_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/client"
)

// Every example of a success is one that the client takes from the service: its link is
// of WorkOS, and encrypted.
func TestDocumentExamplesAreRead(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for code, response := range op.Responses.Map() {
				status, err := strconv.Atoi(code)
				if err != nil || status >= 300 {
					continue
				}
				for name, example := range response.Value.Content["application/json"].Examples {
					body, err := json.Marshal(example.Value.Value)
					if err != nil {
						t.Fatal(err)
					}
					portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
						if r.Method != method || r.URL.Path != path {
							reply(w, http.StatusNotFound, `{"message":"Not Found"}`)
							return
						}
						reply(w, status, string(body))
					}, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), client.WithLinkHosts("id.workos.com", "setup.workos.com"))
					read++
					if method == http.MethodPost {
						_, err = portal.GeneratePortalLink(t.Context(), sso)
					} else {
						_, err = portal.ListProviderIcons(t.Context())
					}
					if err != nil {
						t.Errorf("openapi.yaml: %s %s %s: the client does not take its example %s: %v; mend the example, or how the client reads", method, path, code, name, err)
					}
				}
			}
		}
	}
	if read == 0 {
		t.Error("the document has no examples of successes")
	}
}
