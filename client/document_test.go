package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

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
				media := response.Value.Content["application/json"]
				if media == nil {
					continue
				}
				for name, example := range media.Examples {
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
					if err := readExample(t, portal, method, example.Value.Value); err != nil {
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

// readExample asks for what an example shows, and misses nothing of it.
func readExample(t *testing.T, portal *client.Client, method string, example any) error {
	t.Helper()
	fields, _ := example.(map[string]any)
	if method == http.MethodPost {
		link, err := portal.GeneratePortalLink(t.Context(), sso)
		if err != nil {
			return err
		}
		if link.URL != fields["link"] {
			return errors.New("it reads another link")
		}
		if expiry, ok := fields["expires_at"].(string); ok {
			at, err := time.Parse(time.RFC3339, expiry)
			if err != nil || at.Year() < 2000 {
				return fmt.Errorf("no link expires at %s", expiry)
			}
		}
		return nil
	}
	entries, ok := example.([]any)
	if !ok {
		entries, _ = fields["data"].([]any)
	}
	icons, err := portal.ListProviderIcons(t.Context())
	read := map[string]bool{}
	for _, icon := range icons {
		read[icon.ID] = true
	}
	if err == nil && (len(read) == 0 || len(read) < len(entries)) {
		err = fmt.Errorf("it has %d entries, and the client reads %d: give each an ID of its own, and an https address", len(entries), len(read))
	}
	return err
}
