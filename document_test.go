package adminportal_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
)

// load reads and validates doc as strictly as kin-openapi can: examples are
// held against their schemas, and the formats uri and email mean something.
func load(t *testing.T, doc []byte) (*openapi3.T, error) {
	t.Helper()
	openapi3.DefineStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^[a-z][a-z0-9+.-]*://[^\s/?#]+\S*$`))
	openapi3.DefineStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail))
	loader := openapi3.NewLoader()
	parsed, err := loader.LoadFromData(doc)
	if err != nil {
		return nil, err
	}
	return parsed, parsed.Validate(loader.Context, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
}

func TestDocumentIsValid(t *testing.T) {
	if _, err := load(t, adminportal.Document()); err != nil {
		t.Fatalf("openapi.yaml: %v", err)
	}
}

// A validator that passes everything would pass the test above too.
func TestValidationSeesMistakes(t *testing.T) {
	for name, edit := range map[string][2]string{
		"example of a wrong type":        {"intent: dsync\n", "intent: 7\n"},
		"example outside the enum":       {"intent: dsync\n", "intent: dsnyc\n"},
		"example without required field": {"        object: portal_link\n        link:", "        link:"},
		"uri that is none":               {"icon_url: https://workos.com/icons/okta.svg\n          - id", "icon_url: okta.svg\n          - id"},
		"e-mail address that is none":    {"- it@customer.example", "- it at customer.example"},
		"dangling reference":             {"responses/RateLimited'", "responses/RateLimitted'"},
		"two operations of one name":     {"operationId: generateLink", "operationId: generatePortalLink"},
		"response without description":   {"      description: WorkOS failed. Send the request again after a brief delay.\n      headers: *rateLimitHeaders\n      content:\n        application/json:\n          schema:\n            $ref: '#/components/schemas/Error'", "      headers: *rateLimitHeaders"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := string(adminportal.Document())
			if strings.Count(doc, edit[0]) == 0 {
				t.Fatalf("the document has no %q any more: mend this case", edit[0])
			}
			if _, err := load(t, []byte(strings.ReplaceAll(doc, edit[0], edit[1]))); err == nil {
				t.Errorf("validation passes a document with %q", edit[1])
			}
		})
	}
}

func TestDocumentIsTheFile(t *testing.T) {
	file, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc := adminportal.Document()
	if !bytes.Equal(doc, file) {
		t.Error("Document() differs from openapi.yaml")
	}
	clear(doc)
	if !bytes.Equal(adminportal.Document(), file) {
		t.Error("changing what Document() returned changed the document")
	}
}
