#!/bin/sh
# A discriminator's mapping leads to schemas, by reference or by name: OpenAPI has both. By
# name, the code that oapi-codegen makes knows nothing of the mapping and takes the schemas'
# names for values. It writes what kin-openapi, which it is built on, refuses for the same
# document, and cannot tell what kin-openapi accepts. Neither says a word about the document.
. "$(dirname "$0")/form"
go_modules github.com/oapi-codegen/oapi-codegen/v2@v2.8.2 github.com/oapi-codegen/runtime@v1.8.0 github.com/getkin/kin-openapi@v0.153.0
cat >reference.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
paths: {}
components:
  schemas:
    Intent:
      oneOf:
        - $ref: "#/components/schemas/Sso"
        - $ref: "#/components/schemas/Dsync"
      discriminator:
        propertyName: intent
        mapping: {sso: "#/components/schemas/Sso", dsync: "#/components/schemas/Dsync"}
    Sso:
      type: object
      required: [intent, issuer]
      properties: {intent: {type: string}, issuer: {type: string}}
    Dsync:
      type: object
      required: [intent, directory]
      properties: {intent: {type: string}, directory: {type: string}}
END
sed 's|{sso: .*}|{sso: Sso, dsync: Dsync}|' reference.yaml >name.yaml
cat >config.yaml <<'END'
generate: {models: true}
output-options: {skip-prune: true}
END
for by in reference name; do
	go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config config.yaml -package $by -o $by/intent.go $by.yaml
done
cat >main.go <<'END'
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"finding/name"
	"finding/reference"

	"github.com/getkin/kin-openapi/openapi3"
)

type intent interface {
	json.Marshaler
	json.Unmarshaler
	ValueByDiscriminator() (any, error)
}

func try(by string, written intent) {
	doc, err := openapi3.NewLoader().LoadFromFile(by + ".yaml")
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		panic(err)
	}
	schema := doc.Components.Schemas["Intent"].Value
	accepts := func(text []byte) bool {
		var value any
		_ = json.Unmarshal(text, &value)
		return schema.VisitJSON(value) == nil
	}
	text, _ := written.MarshalJSON()
	var what struct{ Intent string }
	_ = json.Unmarshal(text, &what)
	fmt.Printf("by %s: writes %s, valid %t", by, what.Intent, accepts(text))
	sent := []byte(`{"intent":"sso","issuer":"https://example.com"}`)
	_ = written.UnmarshalJSON(sent)
	_, err = written.ValueByDiscriminator()
	fmt.Printf("; gets sso, valid %t, reads it %t", accepts(sent), err == nil)
}

func main() {
	var first reference.Intent
	_ = first.FromSso(reference.Sso{Issuer: "https://example.com"})
	try("reference", &first)
	fmt.Print("; ")
	var second name.Intent
	_ = second.FromSso(name.Sso{Issuer: "https://example.com"})
	try("name", &second)
	fmt.Println()
}
END
report 'by reference: writes sso, valid true; gets sso, valid true, reads it true; by name: writes sso, valid true; gets sso, valid true, reads it true' \
	"$(go run .)" \
	'by reference: writes sso, valid true; gets sso, valid true, reads it true; by name: writes Sso, valid false; gets sso, valid true, reads it false'
