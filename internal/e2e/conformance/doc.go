// Package conformance lets servers and clients of other people judge ours by the
// document. There is nothing here but tests. They need Node and the packages that
//
//	npm ci --prefix internal/tools
//
// installs; without those they are skipped, and with CI=true they fail.
//
// Prism serves openapi.yaml as a mock, one process for all tests (prism_test.go), and
// the real client calls it:
//
//	document_test.go  what there is to try, read from the document itself
//	answers_test.go   every example of every status of every operation, and in made-up words
//	requests_test.go  every example of a request, every intent; what is refused on this side
//	key_test.go       where the key goes, and what comes of none
//	dialect_test.go   which answers teach the dialect, and where the next call goes then
//	retry_test.go     what is sent again, by whose leave, and under which idempotency key
//	fresh_test.go     links that are kept and renewed, and what else an answer must be
//	catalog_test.go   the icons, kept
//
// Prism also stands between our client and our sandbox and watches both
// (proxy_test.go), and another generator makes a client from the same document
// (secondclient_test.go).
//
// A mock cannot show everything, so some behaviour is tested in package client alone:
//
//   - The waits. Prism's time is the host's, and the document's Retry-After is 30 s:
//     here is shown that such a wait is not begun where it is not wanted, there, on
//     a clock of the test's, that it is kept to the second. So is a window's end:
//     Prism's budget is the document's example, which never shrinks.
//   - One renewal for all who hold a link: its successor on the mock is as dead, or as
//     near its end, and so is renewed again.
//   - Life by the server's clock. The document's link died in 2024; that TTL follows
//     Date rather than the host's clock takes a server whose clock can be set.
//   - Answers that no document allows: a proxy's page, JSON cut short, a success without a
//     link, a body without end, a redirect, an odd header. Prism serves what is
//     documented and nothing else.
//   - Networks that break: Prism neither drops a connection nor stalls.
//   - Whose organization it is, and which key is right: Prism has no memory and takes
//     any key, so it is told what to answer.
package conformance
