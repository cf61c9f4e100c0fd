// Package client asks WorkOS for Admin Portal links and provider icons.
//
// A service sends one customer organization's IT admin to a short-lived link, where they set up
// SSO, Directory Sync, Audit Logs or Log Streams by themselves:
//
//	portal, err := client.New(apiKey)
//	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
//		Organization: session.Organization, // never from the form
//		Intent:       client.IntentSSO,
//		ReturnURL:    "https://example.com/settings",
//	})
//	http.Redirect(w, r, link.URL, http.StatusSeeOther)
//
// Make the link when the admin presses the button, not before, and redirect at once. A link that
// had to wait goes through [Client.EnsureFresh] first. Every failure is an [*Error], with a few
// sentinels to decide by ([ErrOrganizationNotFound], [ErrRateLimited], …). [Client.Warm] opens the
// connection before anybody clicks. Tests run against package portaltest, a portal on loopback.
//
// # How a call travels
//
// Package gen has the generated client: it builds the requests. This package wraps it and puts four
// steps under it: authorize, retry, limit, attempt. Each step sends the request on to the next and
// names nothing of those above it. Calls to the CDN have retry and attempt alone.
//
//	link.go         what is wrong with the request (request.go) is refused before anything is sent
//	route.go        which operation to call, and the other one where the route is not there;
//	                dialect.go remembers
//	gen.Client      builds the request; client.go adds Accept and User-Agent
//	authorize.go    the key; after a 401 a different one, once
//	retry.go        again? after how long?
//	gate.go         the step limit: is there budget? It reads every answer's rate headers (headers.go)
//	attempt.go      one attempt: time limit, transport (transport.go), the body to its cap,
//	                observer and log
//	call.go         called by the attempt, before observer and log: what the answer means,
//	                status first, then body (answer.go); a link or icons (results.go), or an
//	                Error (errors.go)
//
// New in client.go puts them together with the options (options.go). One small value in the
// request's context, a call (call.go), is what the steps may read and what travels up from them:
// which operation is called and whether its route is known to be there, the number of the attempt,
// the key in use, the last answer and what it means. The response that the steps return says only
// that the call has succeeded: its body has been read. No foreign text gets into an Error without
// passing through redact.go. Callers who refresh one link, call Warm or ask the key source at the
// same time share one answer (flight.go).
//
// # Waiting
//
// Everything waits within the caller's context. A wait for a retry or for the rate limit's reset
// that cannot end before the context's deadline, or that is longer than [RetryPolicy].MaxWait, is
// not begun: the call returns at once. Where the service or the rate limit asks for the wait,
// [Error].RetryAfter says how long it is. Where budget is set aside for attempts under way, a call
// waits for their answers, as long as its context allows. A [Limiter] is given MaxWait, or what the
// context has left. While another call finds out the dialect, a call waits for it for 3 s, or half
// of its own time, at most. Each attempt, and each question to the key source, takes at most
// AttemptTimeout. Finding out the dialect and trying a rotated key take one attempt each, which
// MaxAttempts does not count.
//
// A kept connection that the server closes just as it is used again costs nothing: net/http itself
// sends the request again on another one. Such a resend is part of the same attempt; it is not
// observed and takes no token of a limiter.
package client
