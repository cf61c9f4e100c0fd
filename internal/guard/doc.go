// Package guard holds tests about this module as a whole, and nothing else: who
// may import whom and what that links (imports_test.go), that go.mod asks nothing
// of its users that they do not need (module_test.go), that gen/ is what go
// generate makes (generated_test.go), and that the Go in the documentation is the
// Go of tested Examples (snippets_test.go).
package guard
