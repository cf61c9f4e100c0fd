// Package portaltest is an Admin Portal to test against, as net/http/httptest is a
// web server to test against:
//
//	func TestConfigureSSO(t *testing.T) {
//		srv := portaltest.NewServer(t)
//		portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
//		…
//		link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
//			Organization: srv.Organization,
//			Intent:       client.IntentSSO,
//		})
//
// A [Server] is closed with its test and shares nothing with another, so tests run
// in parallel. A [Handler] is the same without a listener; every method but Close is
// a Handler's. This package knows nothing of package client: any client, in any
// language, may talk to it.
//
// # What it does
//
// It speaks both dialects at once, or one ([WithDialect]). Every request is held
// against the contract, the module's OpenAPI document, and refused with the status
// and the words that WorkOS's reference gives to it. Every key has its rate budget
// ([WithRateLimit]) and every answer tells it. A link opens on a page for its intent,
// which expires and leads back to where the request said.
//
// # Seeing what arrived
//
// [Handler.Requests] lists the requests, without secrets, and [Handler.Links] who was
// given a link to what:
//
//	if got := srv.Links()[0].Intent; got != "sso" {
//		t.Errorf("intent = %q, want sso", got)
//	}
//
// # Making it fail
//
// [Handler.Fail] puts a [Fault] on the script. The next request that fits is hit by
// it, and the one after that is served again:
//
//	srv.Fail(portaltest.Fault{Status: 503})                            // an error
//	srv.Fail(portaltest.Fault{Status: 429, RetryAfter: time.Minute})   // too many
//	srv.Fail(portaltest.Fault{Cut: portaltest.BeforeAnswer, Times: 2}) // done, but nobody was told
//	srv.Fail(portaltest.Fault{Body: []byte(`{}`)})                     // a success that is none
//
// A test may end by asking [Handler.PendingFaults] whether something never happened.
//
// # Moving time
//
// [Handler.SetClock] and [Handler.Advance] move the portal's clock: links expire by
// it, rate windows end by it, the Date header tells it. To move the test's time as
// well, run the test in a testing/synctest bubble and reach the portal through
// [Handler.Transport], which needs no socket.
//
// # From other languages
//
// What methods do, a test in another language does with JSON under /_sandbox/, where
// GET answers with a description. That address takes no key and is closed to web
// pages. Serve it on loopback; who can reach it controls the portal.
//
// # Reading the source
//
// A request's way: handler.go tells files and control from the API; exchange.go
// records, answers and sends; contract.go finds the operation; keys.go and limit.go
// say whether it may; body.go and check.go hold it against the contract, and
// refuse.go words what is wrong; api.go does what was asked; pages.go and intents.go
// show a link; faults.go, spoil.go and send.go make it go wrong.
package portaltest
