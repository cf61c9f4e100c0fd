package main

import (
	"runtime/debug"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// smallDocument has one of everything that the judges look at.
const smallDocument = `openapi: 3.0.3
info:
  title: Things
  version: 1.0.0
  contact: {name: Us, url: https://workos.com}
  license: {name: MIT, url: https://opensource.org/license/mit}
tags:
  - name: Things
    externalDocs: {description: More., url: https://workos.com/docs}
servers:
  - url: https://api.workos.com
security:
  - apiKey: []
paths:
  /things:
    post:
      operationId: makeThing
      tags: [Things]
      summary: Make a thing
      parameters:
        - {name: Key, in: header, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
            examples:
              one: {$ref: '#/components/examples/Thing'}
      responses:
        '200':
          description: The thing.
          headers:
            Retry-After: {description: How long., schema: {type: string}}
          links:
            again: {operationId: makeThing, parameters: {Key: x}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
              examples:
                one: {$ref: '#/components/examples/Thing'}
        '400':
          description: No thing.
          content:
            application/json:
              encoding: {x: {contentType: text/plain}}
              schema: {type: object, properties: {code: {type: string}}}
              examples:
                two: {summary: Two, value: {code: bad}}
components:
  securitySchemes:
    apiKey: {type: http, scheme: bearer}
  schemas:
    Thing:
      type: object
      required: [kind]
      properties:
        kind: {type: string, enum: [a, b], minLength: 1, readOnly: true}
        parts: {type: array, items: {oneOf: [{type: string}, {$ref: '#/components/schemas/Thing'}]}}
        more: {type: object, additionalProperties: {type: string}}
        pairs: {type: array, enum: [[a], [a]], items: {type: string}}
        deep: {oneOf: [{type: string}, {$ref: '#/components/schemas/Deep'}]}
        headers: {type: array, items: {$ref: '#/components/schemas/Thing'}}
        properties: {type: object, additionalProperties: false}
    Deep: {oneOf: [{type: string}, {$ref: '#/components/schemas/Deep'}]}
  examples:
    Thing: {summary: One, value: {kind: a, parts: [x, {kind: b}], more: {x: z}, deep: x}}
`

// What should stand somewhere may be missing, or be another kind of thing: the judges
// say so, and none of them falls over.
func TestOddDocuments(t *testing.T) {
	t.Parallel()
	nothing := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(smallDocument), &root); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, n := range values(&root) {
		was := *n
		for _, odd := range []yaml.Node{
			*nothing,
			{Kind: yaml.ScalarNode, Value: "x"},
			{Kind: yaml.MappingNode},
			{Kind: yaml.SequenceNode},
			{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "x"}, nothing}},
			{Kind: yaml.SequenceNode, Content: []*yaml.Node{nothing}},
		} {
			*n = odd
			data, err := yaml.Marshal(&root)
			if err != nil {
				t.Fatal(err)
			}
			if doc, _ := contract.Read("openapi.yaml", data); doc != nil {
				judged++
				judgeOdd(t, doc)
			}
		}
		*n = was
	}
	if judged < 100 {
		t.Errorf("only %d documents could be judged", judged)
	}
}

// A field may have the name of a word of OpenAPI's.
func TestFieldsNamedLikeKeywords(t *testing.T) {
	t.Parallel()
	doc, unreadable := contract.Read("openapi.yaml", []byte(smallDocument))
	if unreadable != nil {
		t.Fatal(unreadable)
	}
	for _, f := range ours(doc) {
		t.Error(f)
	}
}

func judgeOdd(t *testing.T, doc *contract.Document) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%v, of\n%s\n%s", p, doc.Data, debug.Stack())
		}
	}()
	doc.Missing(contract.ParseFacts(promises), source)
	ours(doc)
	whole(doc)
	kin(doc)
}

// values are the values of mappings and the elements of sequences below n.
func values(n *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for i, child := range n.Content {
		if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode && i%2 == 1 {
			all = append(all, child)
		}
		all = append(all, values(child)...)
	}
	return all
}
