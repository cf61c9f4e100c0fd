package spec

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/internal/require"
)

// make upstream FILE=… sets it.
var upstream = flag.String("upstream", "", "a copy of WorkOS's own OpenAPI `document`, instead of the one from npm")

// What WorkOS's document says and ours does not, with the reason.
var omitted = map[string]string{
	"field intent_options of the request": "WorkOS took it out on 2026-07-22, after the version on npm",
	"server https://api.workos-test.com":  "WorkOS's own, for its tests",
}

// The live dialect has all that WorkOS's own document has. A new intent, field, status or route
// of theirs fails, until openapi.yaml has it or omitted says why it has not.
func TestUpstream(t *testing.T) {
	file := *upstream
	if file == "" {
		file = filepath.Join(require.Module(t, "@workos/openapi-spec"), "open-api-spec.yaml")
	}
	data, err := os.ReadFile(file)
	must(t, err)
	theirs, ours := facts(t, data), facts(t, adminportal.Document())
	for _, fact := range slices.Sorted(maps.Keys(theirs)) {
		if !ours[fact] && omitted[fact] == "" {
			t.Errorf("%s: WorkOS has %s: add it to %s, or to omitted in internal/spec/upstream_test.go with the reason", openapiYAML, fact, openapiYAML)
		}
	}
}

// facts lists what a document says of POST /portal/generate_link, in words that do not depend
// on the names of schemas, and its routes for portal and icons.
func facts(t *testing.T, data []byte) map[string]bool {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(data)
	must(t, err)
	all := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if strings.Contains(path, "portal") || strings.Contains(path, "icons") {
				all["route "+method+" "+path] = true
				if op.Deprecated {
					all["deprecated "+method+" "+path] = true
				}
			}
		}
	}
	if !all["route POST /portal/generate_link"] {
		t.Fatal("no POST /portal/generate_link")
	}
	op := doc.Paths.Value("/portal/generate_link").Post
	for _, server := range doc.Servers {
		all["server "+server.URL] = true
	}
	for _, parameter := range op.Parameters {
		all[parameter.Value.In+" "+parameter.Value.Name] = true
	}
	for status := range op.Responses.Map() {
		all["status "+status] = true
	}
	request := op.RequestBody.Value.Content["application/json"].Schema.Value
	for of, schema := range map[string]*openapi3.Schema{
		"the request": request,
		"the answer":  op.Responses.Value("201").Value.Content["application/json"].Schema.Value,
	} {
		for field := range schema.Properties {
			all["field "+field+" of "+of] = true
		}
		for _, field := range schema.Required {
			all["field "+field+" of "+of+" is required"] = true
		}
	}
	for _, intent := range request.Properties["intent"].Value.Enum {
		all["intent "+intent.(string)] = true
	}
	return all
}
