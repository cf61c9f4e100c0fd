// Package portaltest is an Admin Portal to test against, as net/http/httptest is a web server to
// test against.
//
// A [Server] is closed with its test and shares nothing with another, so tests can run in parallel.
// A [Handler] is the same without a listener. Any client, in any language, can talk to it: this
// package does not import package client.
//
// It speaks both dialects at once, or one ([WithDialect]). It holds every request against the
// contract, the module's OpenAPI document, and refuses it with the status and the words of WorkOS's
// reference. Every key has a rate budget and every answer tells it. A link opens, expires, and
// leads back to where the request said. In the live dialect it takes what WorkOS's published SDKs
// send: an optional field that is null or empty counts as left out, an unknown field is ignored,
// and a link without an intent offers the features.
//
// [Handler.Requests] lists the requests, without secrets, and why one was refused. [Handler.Links]
// lists who was given a link to what. [Handler.Fail] puts a [Fault] on a script: the next request
// that fits is hit by it, and the one after that is served again. Name the operation, or a fault
// hits whatever comes first, a request for icons too:
//
//	const op = portaltest.OperationGeneratePortalLink
//	srv.Fail(portaltest.Fault{Operation: op, Status: 503})                            // an error
//	srv.Fail(portaltest.Fault{Operation: op, Status: 429, RetryAfter: time.Minute})   // too many
//	srv.Fail(portaltest.Fault{Operation: op, Cut: portaltest.BeforeAnswer, Times: 2}) // done, but nobody was told
//	srv.Fail(portaltest.Fault{Operation: op, Body: []byte(`{}`)})                     // a success that is none
//	…
//	happened := srv.Requests()[0].Fault && len(srv.PendingFaults()) == 0
//
// A test in another language does with JSON under /_sandbox/ what a Go test does with methods; GET
// answers with a description. That address takes no key and is closed to web pages. Whoever can
// reach it controls the portal.
//
// To read the source, follow a request: handler.go records it and chooses who answers, contract.go
// finds the operation, state.go counts it, check.go holds it against the contract and words what is
// wrong, api.go does what was asked, pages.go shows a link, and faults.go makes the answer go wrong
// and sends it.
package portaltest
