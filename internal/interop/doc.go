// Package interop lets what WorkOS itself publishes judge both sides of our work:
// its Node SDK runs against the sandbox, and the client runs against its emulator.
// Both come from npm and are run as they are.
//
// There is nothing here but tests. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs; without those they are skipped, and with CI=true they fail.
package interop
