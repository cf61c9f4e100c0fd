package spec

import (
	"testing"

	"github.com/adminportal-go/adminportal"
)

// openapiYAML is the path of the document in the repository, and its name in messages.
const openapiYAML = "openapi.yaml"

func TestDocument(t *testing.T) {
	for _, problem := range check(adminportal.Document()) {
		t.Errorf("%s:%s", openapiYAML, problem)
	}
}

func TestDocumentPassesLinters(t *testing.T) {
	for _, problem := range lint(t, map[string][]byte{openapiYAML: adminportal.Document()})[openapiYAML] {
		t.Errorf("%s:%s", openapiYAML, problem)
	}
}
