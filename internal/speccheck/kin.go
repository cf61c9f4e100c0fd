package main

import (
	"errors"
	"reflect"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/internal/contract"
)

func init() {
	// kin-openapi takes any string for these formats until it is told better.
	openapi3.DefineStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^[a-z][a-z0-9+.-]*://[^\s/?#]+\S*$`))
	openapi3.DefineStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail))
}

// kin asks kin-openapi, with which the tests and the sandbox read the document. It
// holds every example and default against its schema, format included.
func kin(doc *contract.Document) []contract.Finding {
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	parsed, err := loader.LoadFromData(doc.Data)
	if err != nil {
		line, what := contract.Position(err)
		return []contract.Finding{{File: doc.Name, Line: max(line, 1), What: what + ": mend it (kin-openapi)"}}
	}
	err = parsed.Validate(loader.Context, openapi3.EnableMultiError(),
		openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
	if err == nil {
		return nil
	}
	all := []error{err}
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // not wrapped: Validate hands it out as it is
		all = several
	}
	findings := make([]contract.Finding, len(all))
	for i, err := range all {
		findings[i] = locate(doc, err)
	}
	return findings
}

// locate finds the place that an error is about: the component or path that it
// names, or better, the deepest element whose origin kin-openapi has noted.
func locate(doc *contract.Document, err error) contract.Finding {
	what := firstLine(err) + ": mend it (kin-openapi)"
	var path []string
	line := 0
	for ; err != nil; err = inner(err) {
		switch e := err.(type) { //nolint:errorlint // the chain is walked link by link
		case *openapi3.ComponentValidationError:
			path = []string{"components", plurals[e.Section], e.Name}
		case *openapi3.PathValidationError:
			path = []string{"paths", e.Path}
		}
		if origin, ok := field(err, "Origin").(*openapi3.Origin); ok && origin != nil && origin.Key != nil {
			line = origin.Key.Line
		}
	}
	f := doc.At(path, what)
	if line > 0 {
		f.Line = line
	}
	return f
}

// What kin-openapi calls a component, and where the document keeps it.
var plurals = map[string]string{
	"schema": "schemas", "parameter": "parameters", "request body": "requestBodies", "response": "responses",
	"header": "headers", "security scheme": "securitySchemes", "example": "examples", "link": "links", "callback": "callbacks",
}

func inner(err error) error {
	if several, ok := err.(openapi3.MultiError); ok && len(several) > 0 { //nolint:errorlint // as above
		return several[0]
	}
	return errors.Unwrap(err)
}

// field reads a field that many of kin-openapi's error types have, and no method of
// theirs tells.
func field(err error, name string) any {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return nil
	}
	if f := v.FieldByName(name); f.IsValid() {
		return f.Interface()
	}
	return nil
}

var prefixes = regexp.MustCompile(`^(invalid (components|paths|path \S+|operation \w+): )+`)

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return prefixes.ReplaceAllString(line, "")
}
