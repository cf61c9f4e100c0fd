// Package real runs the client against rate limiters that people put in front of a service,
// as they come, and against WorkOS's own emulator: how many calls they refuse, and how
// long the client waits for what they allow.
//
// There are only tests here. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs. Without those they are skipped, and with CI=true they fail.
package real
