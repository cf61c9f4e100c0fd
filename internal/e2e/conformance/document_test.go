package conformance

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/client"
)

// An operation is one of the document's, with how the client comes to call it.
type operation struct {
	id, path string
	dialect  client.Dialect
	links    bool // it makes links; else it lists icons
	public   bool // it takes no API key
	spec     *openapi3.Operation
}

// An answer is an example of what an operation may answer.
type answer struct {
	operation
	status int
	media  string
	name   string
	value  any
}

// field is a text in the example, or empty.
func (a answer) field(name string) string { return text(a.value, name) }

func text(object any, name string) string {
	fields, _ := object.(map[string]any)
	s, _ := fields[name].(string)
	return s
}

// operations are those of the document, by their IDs.
func operations(t *testing.T) map[string]operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]operation{
		"generatePortalLink":   {dialect: client.DialectPortalLinks, links: true},
		"generateLink":         {dialect: client.DialectGenerateLink, links: true},
		"listProviderIcons":    {dialect: client.DialectPortalLinks},
		"listCDNProviderIcons": {dialect: client.DialectGenerateLink, public: true},
	}
	for path, item := range doc.Paths.Map() {
		for _, spec := range item.Operations() {
			op, ok := all[spec.OperationID]
			if !ok {
				t.Errorf("the test does not know how to call %s: add it to operations", spec.OperationID)
				continue
			}
			op.id, op.path, op.spec = spec.OperationID, path, spec
			all[op.id] = op
		}
	}
	for id, op := range all {
		if op.spec == nil {
			t.Fatalf("openapi.yaml has no operation %s", id)
		}
	}
	return all
}

// answers are the examples of an operation's answers.
func (op operation) answers(t *testing.T) []answer {
	t.Helper()
	var all []answer
	for code, response := range op.spec.Responses.Map() {
		status, err := strconv.Atoi(code)
		if err != nil {
			t.Fatalf("%s: the status %s is no number", op.id, code)
		}
		for media, body := range response.Value.Content {
			for name, example := range body.Examples {
				all = append(all, answer{op, status, media, name, plain(t, example.Value.Value)})
			}
		}
	}
	return all
}

// requests are the bodies that an operation's requests may have: its examples, and one for each intent.
func (op operation) requests(t *testing.T) map[string]any {
	t.Helper()
	body := op.spec.RequestBody.Value.Content["application/json"]
	all := map[string]any{}
	for name, example := range body.Examples {
		all["example "+name] = plain(t, example.Value.Value)
	}
	for _, intent := range body.Schema.Value.Properties["intent"].Value.Enum {
		name, _ := intent.(string)
		all[name] = map[string]any{"organization": organization, "intent": intent}
	}
	return all
}

// plain is an example as JSON has it.
func plain(t *testing.T, example any) (v any) {
	t.Helper()
	data, _ := json.Marshal(example)
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
