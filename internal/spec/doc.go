// Package spec holds the tests behind make spec: they hold openapi.yaml to OpenAPI, to what
// WorkOS promises and to how this project writes it, and gen/ to openapi.yaml.
//
//   - check_test.go: kin-openapi, with examples and formats, and the words that must be there
//   - promises_test.go: the routes, statuses, fields, headers and security that WorkOS promises
//   - linters_test.go: Redocly and Spectral, with the rules that they bring
//   - generated_test.go: gen/ is what go generate makes, of the files as they lie here
//   - upstream_test.go: what WorkOS's own document has otherwise (make upstream)
//   - edits_test.go: edits of the document that all of these must refuse, or pass
//
// The tests of client and client/portaltest with Document in their names hold the code to the
// document; make spec runs them too.
package spec
