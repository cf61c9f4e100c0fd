package contract

import (
	"slices"
	"strings"
	"testing"
)

const small = `openapi: 3.1.0
security:
  - apiKey: []
servers:
  - url: https://api.example.com
paths:
  /things:
    get:
      operationId: listThings
      responses:
        '200':
          $ref: '#/components/responses/Things'
components:
  responses:
    Things:
      headers:
        X-Count:
          schema:
            type: integer
      content:
        application/json:
          schema:
            $ref: '#/components/schemas/Thing'
  schemas:
    Thing:
      type: object
      required: [kind]
      properties:
        kind:
          type: string
          enum: [one, other]
        shade:
          type: string
          const: red
`

func document(t *testing.T, text string) *Document {
	t.Helper()
	doc, findings := Read("small.yaml", []byte(text))
	if findings != nil {
		t.Fatal(findings)
	}
	return doc
}

func TestFacts(t *testing.T) {
	var got strings.Builder
	for _, f := range document(t, small).Facts() {
		got.WriteString(f.About + ": " + f.What + "\n")
	}
	const want = `GET /things: listThings
GET /things server: https://api.example.com
GET /things key: apiKey
GET /things 200: application/json Thing
GET /things 200 X-Count: integer
Thing: object
Thing.kind: required string of a list
Thing.kind = one: allowed
Thing.kind = other: allowed
Thing.shade: optional string
Thing.shade = red: allowed
`
	if got.String() != want {
		t.Errorf("Facts() =\n%swant\n%s", &got, want)
	}
}

func TestMissing(t *testing.T) {
	var text strings.Builder
	for _, f := range document(t, small).Facts() {
		text.WriteString(f.String() + "\n")
	}
	facts := ParseFacts("# a remark  \n\n" + text.String())
	for _, tt := range []struct{ name, old, now, want string }{
		{"nothing", "", "", ""},
		{"a value", "[one, other]", "[one]", "small.yaml:29: Thing.kind = other (allowed) is gone: why"},
		{"a header", "      headers:\n        X-Count:\n          schema:\n            type: integer\n", "", "small.yaml:11: GET /things 200 X-Count (integer) is gone: why"},
		{"a field's place", "[kind]", "[]", `small.yaml:29: Thing.kind is "optional string of a list" and was "required string of a list": why`},
		{"an operation, of which the parts go without saying", "/things", "/thing", "small.yaml:6: GET /things (listThings) is gone: why"},
		{"a server", "https:", "http:", `small.yaml:4: GET /things server is "http://api.example.com" and was "https://api.example.com": why`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range document(t, strings.Replace(small, tt.old, tt.now, 1)).Missing(facts, "why") {
				got = append(got, f.String())
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("Missing() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"tab", "a:\n\tb: 1\n", "x:2: a tab: indent with spaces"},
		{"syntax", "a: 1\n b: 2\n", "x:2: "},
		{"key twice", "a: 1\nb: 2\na: 3\n", `x:3: "a" stands in line 1 already: leave one`},
		{"two documents", "a: 1\n---\nb: 2\n", "x:1: more than one YAML document in the file: leave one"},
		{"a list", "- a\n", "x:1: not a mapping: an OpenAPI document starts with openapi: 3.0.3"},
		{"nothing", "", "x:1: "},
		{"loop", "a: &a\n  b: *a\n", "x:2: *a is used inside &a itself: move the anchor"},
		{"dangling", "a:\n  $ref: '#/b'\n", "x:2: refers to #/b, which does not exist: mend the name, or add it"},
		{"itself", "a:\n  $ref: '#/a'\n", "x:2: refers to #/a, which leads back here: say there what it is"},
		{"too deep", "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "x:1: more than 100 levels: "},
		{"aliases of aliases", "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n" +
			"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n", "x:6: aliases of aliases, "},
		{"too deep behind an alias", "a: &a " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "\nb: " + strings.Repeat("[", 60) + "*a" + strings.Repeat("]", 60), "x:2: more than 100 levels: "},
		{"outside", "a:\n  $ref: other.yaml\n", `x:2: refers to "other.yaml" outside of this file: the document is one file`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, findings := Read("x", []byte(tt.text))
			if doc != nil || len(findings) != 1 || !strings.HasPrefix(findings[0].String(), tt.want) {
				t.Errorf("Read(%q) = %v, %v, want %s", tt.text, doc, findings, tt.want)
			}
		})
	}
}

// A schema may have itself as a part, and a part may stand elsewhere.
func TestFactsOfWhatRefersElsewhere(t *testing.T) {
	doc, unreadable := Read("x", []byte(`components:
  schemas:
    List: {type: array, items: {$ref: '#/components/schemas/List'}}
    JSON: {anyOf: [{type: string}, {type: array, items: {$ref: '#/components/schemas/JSON'}}]}
    Same: {allOf: [{$ref: '#/components/schemas/Same'}, {type: object}]}
    One:
      type: object
      required: &r [id]
      properties: &p
        id: &id {type: object, properties: {a: {type: string}}}
    Two: {type: object, required: *r, properties: *p}
    Three: {type: object, properties: {id: *id}}
`))
	if unreadable != nil {
		t.Fatal(unreadable)
	}
	var got []string
	for _, f := range doc.Facts() {
		got = append(got, f.About+": "+f.What)
	}
	for _, want := range []string{"List: array of List", "Two.id: required object", "Two.id.a: optional string", "Three.id.a: optional string"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
}
