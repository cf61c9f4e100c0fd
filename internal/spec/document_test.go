package spec

import (
	"testing"

	"github.com/adminportal-go/adminportal"
)

// name is how the document is called in what the tests say.
const name = "openapi.yaml"

func TestDocument(t *testing.T) {
	for _, problem := range check(adminportal.Document()) {
		t.Errorf("%s:%s", name, problem)
	}
}

func TestDocumentPassesLinters(t *testing.T) {
	for _, problem := range lint(t, map[string][]byte{name: adminportal.Document()})[name] {
		t.Errorf("%s:%s", name, problem)
	}
}
