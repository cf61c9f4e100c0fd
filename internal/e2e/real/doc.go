// Package real runs the client against rate limiters that people put in front of a service,
// as they come, and against WorkOS's own emulator: how many calls they refuse, and how
// long the client waits for what they allow.
//
// Every exchange with the emulator is held against the live operations of openapi.yaml
// (judge_test.go). What deviates from the document stands in emulator_test.go with its reason.
//
// There are only tests here. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs. Without those they are skipped, and with CI=true they fail.
package real
