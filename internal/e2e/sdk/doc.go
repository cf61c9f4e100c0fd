// Package sdk runs WorkOS's published Node SDK, as it is, against the sandbox. What the SDK
// says is in docs/sandbox.md; a line there that stops working fails here. What other published
// SDKs send is in the tests of client/portaltest.
//
// There is nothing here but tests. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs; without those they are skipped, and with CI=true they fail.
package sdk
