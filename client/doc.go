// Package client asks WorkOS for Admin Portal links and provider icons.
//
// A service sends one customer organization's IT admin to a short-lived link,
// where they set up SSO, Directory Sync, Audit Logs or Log Streams by themselves:
//
//	portal, err := client.New(apiKey)
//	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
//		Organization: session.Organization, // never from the form
//		Intent:       client.IntentSSO,
//		ReturnURL:    "https://example.com/settings",
//	})
//	http.Redirect(w, r, link.URL, http.StatusSeeOther)
//
// Make the link when the admin presses the button, not before, and redirect at
// once; a link that had to wait goes through [Client.EnsureFresh] first. What
// went wrong is one type, [*Error], and a few sentinels to decide by
// ([ErrOrganizationNotFound], [ErrRateLimited], …). Tests run against package
// portaltest, a portal on loopback.
//
// # The way of a call
//
// Each step has its file, and run in call.go puts them together:
//
//	request.go    what is wrong with the request is refused before anything is sent
//	key.go        which API key; flight.go shares one question among callers
//	dialect.go    which of two routes; learned from the first clear answer
//	gate.go       is there budget? what the headers say (ratelimit.go) is shared
//	route.go      the request: addressed by the constants, bodied by the types that
//	              package gen has from openapi.yaml, with the key
//	attempt.go    one request and its answer (transport.go)
//	body.go       the answer is read, to a cap
//	link.go       status first, then body: a PortalLink with its clock,
//	icons.go      or the icons,
//	errors.go     or an Error, with its hint (hint.go) and without secrets (redact.go)
//	observe.go    observer and log hear of the attempt
//	retry.go      once more? and after how long
//
// fresh.go replaces stale links; catalog.go keeps icons for pages, and
// connection.go knows which icon belongs to which SSO connection type.
//
// # Waiting
//
// Everything waits within the caller's context. A wait that cannot end before the
// context's deadline, or that is longer than [RetryPolicy].MaxWait, is not begun:
// the call returns at once, and [Error].RetryAfter says how long the wait would
// have been. Without a deadline a call takes at most MaxAttempts attempts of
// AttemptTimeout each, with waits of at most MaxWait between them.
package client
