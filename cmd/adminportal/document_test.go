package main

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
)

// The flags of link are the document's: its intents are in the help and in the completion, and each field has a flag.
func TestFlagsAreTheDocuments(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	link := new(app).linkCommand()
	complete, _ := link.GetFlagCompletionFunc("intent")
	offered, _ := complete(link, nil, "")
	for _, intent := range doc.Components.Schemas["LiveIntent"].Value.Enum {
		intent := intent.(string)
		if !strings.Contains(link.Flag("intent").Usage, intent) || !strings.Contains(strings.Join(offered, "\n"), intent+"\t") {
			t.Errorf("openapi.yaml: the intent %s is not in the help or the completion of --intent: see link.go", intent)
		}
	}
	for field := range doc.Components.Schemas["LiveLinkRequest"].Value.Properties {
		if flag, ok := strings.CutPrefix(setBy[field], "--"); !ok || link.Flag(flag) == nil {
			t.Errorf("openapi.yaml: no flag of link sets %s: see link.go, and setBy in failure.go", field)
		}
	}
}
