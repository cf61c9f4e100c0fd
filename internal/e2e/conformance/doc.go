// Package conformance puts Prism between the client and the sandbox. Prism reads
// openapi.yaml by itself: it answers a request that the document does not allow with 422
// or 401, and turns an answer that the document does not allow into a 500. An exchange
// that passes is in order on both sides.
//
//	prism_test.go     starts Prism and the sandbox for all tests
//	exchange_test.go  every example of an answer and of a request, and every status that the sandbox makes
//
// There are only tests here. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs. Without those they are skipped, and with CI=true they fail.
package conformance
