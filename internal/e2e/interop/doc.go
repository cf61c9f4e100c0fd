// Package interop lets what WorkOS itself publishes judge both sides of our work:
// its Node SDK runs against the sandbox, and the client runs against its emulator.
// Both come from npm and are run as they are.
//
// What they exchange on the way is in turn held against the live operations of
// openapi.yaml, request by request and answer by answer (judge_test.go). Where an
// exchange deviates from the document, the document is mended, or the deviation stands in
// the test with its reason, until it is gone.
//
// There is nothing here but tests. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs; without those they are skipped, and with CI=true they fail.
package interop
