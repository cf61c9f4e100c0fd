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

// The client reads every example of a success in the document, whole, with links to WorkOS.
func TestDocumentExamplesAreRead(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for code, response := range op.Responses.Map() {
				status, _ := strconv.Atoi(code)
				media := response.Value.Content["application/json"]
				if status < 200 || status > 299 || media == nil {
					continue
				}
				for name, example := range media.Examples {
					read++
					value := example.Value.Value
					body, err := json.Marshal(value)
					if err != nil {
						t.Fatal(err)
					}
					routes := http.NewServeMux()
					routes.HandleFunc(method+" "+path, answer(status, string(body)))
					portal := inMemory(t, routes.ServeHTTP, oneTry, client.WithLinkHosts("id.workos.com", "setup.workos.com"))
					fields, _ := value.(map[string]any)
					if method == http.MethodPost {
						link, err := portal.GeneratePortalLink(t.Context(), sso)
						errorIf(t, err != nil || link.URL != fields["link"] || link.ExpiresAt.Year() < 2000, "openapi.yaml: %s %s %s: the client reads %v (%v) from the example %s; correct the example, or readLink", method, path, code, link, err, name)
						continue
					}
					entries, isList := value.([]any)
					if !isList {
						entries, _ = fields["data"].([]any)
					}
					icons, err := portal.ListProviderIcons(t.Context())
					errorIf(t, err != nil || len(icons) < max(len(entries), 1), "openapi.yaml: %s %s %s: the client reads %d of %d icons (%v) from the example %s; give each an ID and an https address", method, path, code, len(icons), len(entries), err, name)
				}
			}
		}
	}
	errorIf(t, read == 0, "the document has no examples of successes")
}
