// Package interop runs the client against WorkOS's own emulator, the npm package workos,
// as it comes. Every exchange is held against the live operations of openapi.yaml
// (judge_test.go). What deviates from the document stands in the test with its reason.
//
// There are only tests here. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs. Without those they are skipped, and with CI=true they fail.
package interop
