package conformance

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/client"
)

// An operation is one of the document's, and how the client comes to call it.
type operation struct {
	id, path string
	dialect  client.Dialect
	links    bool // it makes links; else it lists icons
	secured  bool // it takes the API key
	spec     *openapi3.Operation
}

// An answer is an example of what an operation may answer.
type answer struct {
	operation
	status  int
	media   string
	example string
	value   any
	header  map[string]string // the examples of the headers that it comes with
}

func (a answer) String() string { return a.id + "/" + strconv.Itoa(a.status) + "/" + a.example }

// prefer asks Prism for the answer.
func (a answer) prefer() string { return "code=" + strconv.Itoa(a.status) + ", example=" + a.example }

func (a answer) ok() bool { return a.status < 300 }

// field is a text of the answer's body, by its name; empty if there is none.
func (a answer) field(name string) string { return text(a.value, name) }

func text(object any, name string) string {
	fields, _ := object.(map[string]any)
	s, _ := fields[name].(string)
	return s
}

func readDocument(t *testing.T) *openapi3.T {
	t.Helper()
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// operations are all of the document's, in the order of their IDs.
func operations(t *testing.T) []operation {
	t.Helper()
	doc := readDocument(t)
	// How the client is made to call each, which the document does not say.
	calls := map[string]operation{
		"generatePortalLink":   {dialect: client.DialectPortalLinks, links: true},
		"generateLink":         {dialect: client.DialectGenerateLink, links: true},
		"listProviderIcons":    {dialect: client.DialectPortalLinks},
		"listCDNProviderIcons": {dialect: client.DialectGenerateLink},
	}
	var all []operation
	for path, item := range doc.Paths.Map() {
		for _, spec := range item.Operations() {
			op, ok := calls[spec.OperationID]
			if !ok {
				t.Errorf("no call for %s: add it to operations", spec.OperationID)
				continue
			}
			op.id, op.path, op.spec = spec.OperationID, path, spec
			security := doc.Security
			if spec.Security != nil {
				security = *spec.Security
			}
			op.secured = len(security) > 0
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return cmp.Compare(a.id, b.id) })
	return all
}

// oneOperation is the operation with that ID.
func oneOperation(t *testing.T, id string) operation {
	t.Helper()
	for _, op := range operations(t) {
		if op.id == id {
			return op
		}
	}
	t.Fatalf("openapi.yaml has no operation %s", id)
	return operation{}
}

// answers are all of an operation's.
func (op operation) answers(t *testing.T) []answer {
	t.Helper()
	var all []answer
	for _, code := range slices.Sorted(maps.Keys(op.spec.Responses.Map())) {
		status, err := strconv.Atoi(code)
		if err != nil {
			t.Fatalf("%s: the status %s is no number", op.id, code)
		}
		response := op.spec.Responses.Value(code).Value
		header := map[string]string{}
		for name, h := range response.Headers {
			if h.Value.Example != nil {
				header[http.CanonicalHeaderKey(name)] = inWords(t, h.Value.Example)
			}
		}
		before := len(all)
		for media, body := range response.Content {
			for _, name := range slices.Sorted(maps.Keys(body.Examples)) {
				all = append(all, answer{op, status, media, name, plain(t, body.Examples[name].Value.Value), header})
			}
		}
		if len(all) == before {
			t.Errorf("%s %d has no example that Prism could serve", op.id, status)
		}
	}
	return all
}

// oneAnswer is an operation's first example of a status.
func (op operation) oneAnswer(t *testing.T, status int) answer {
	t.Helper()
	for _, a := range op.answers(t) {
		if a.status == status {
			return a
		}
	}
	t.Fatalf("%s has no answer of status %d", op.id, status)
	return answer{}
}

// success is an operation's first example of a success.
func (op operation) success(t *testing.T) answer {
	t.Helper()
	for _, a := range op.answers(t) {
		if a.ok() {
			return a
		}
	}
	t.Fatalf("%s has no success", op.id)
	return answer{}
}

// body is the schema of an operation's request.
func (op operation) body() *openapi3.Schema {
	return op.spec.RequestBody.Value.Content["application/json"].Schema.Value
}

// intents are what an operation's requests may ask for.
func (op operation) intents() []client.Intent {
	var all []client.Intent
	for _, value := range op.body().Properties["intent"].Value.Enum {
		if s, ok := value.(string); ok {
			all = append(all, client.Intent(s))
		}
	}
	return all
}

// plain is an example as JSON would have it.
func plain(t *testing.T, example any) (v any) {
	t.Helper()
	data, err := json.Marshal(example)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// inWords is an example as it stands in a header.
func inWords(t *testing.T, example any) string {
	t.Helper()
	if s, ok := plain(t, example).(string); ok {
		return s
	}
	data, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
