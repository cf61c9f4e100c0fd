// Package sdk runs WorkOS's published Node SDK, as it is, against the sandbox, and sends
// the sandbox the requests that other published SDKs send. What the SDKs say is in
// docs/sandbox.md; a line there that stops working fails here.
//
// There is nothing here but tests. The Node tests need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs; without those they are skipped, and with CI=true they fail.
package sdk
