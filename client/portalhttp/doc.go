// Package portalhttp is the button "Configure SSO" on the server's side: an
// http.Handler that makes a portal link when an admin clicks and sends them to it.
//
//	portal, err := client.NewFromEnv()
//	http.Handle("/configure/sso", portalhttp.NewHandler(portal,
//		func(r *http.Request) (client.PortalLinkRequest, error) {
//			session, err := sessionOf(r)
//			if err != nil {
//				return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
//			}
//			if !session.IsAdmin {
//				return client.PortalLinkRequest{}, portalhttp.ErrForbidden
//			}
//			return client.PortalLinkRequest{
//				Organization: session.Organization, // never from the form
//				Intent:       client.IntentSSO,
//			}, nil
//		},
//		portalhttp.WithReturnURL("https://example.com/settings")))
//
// and on the page
//
//	<form method="post" action="/configure/sso"><button>Configure SSO</button></form>
//
// The one thing to get right is the function: whoever it lets through becomes an
// administrator of the organization that it names. Everything else is done here.
//
// # What a click gets
//
// 303 to the link, which no cache keeps and no Referer gives away. To those whose
// Accept header prefers JSON, 200 and
//
//	{"url":"https://…","expires_at":"2024-01-15T12:00:00Z"}
//
// with expires_at by the server's clock, and left out if nobody knows it. Send the
// browser there at once: location.assign(url). The link is a secret; it is in no
// page and in no log.
//
// Only POST makes a link: scanners, previews and prefetchers follow links with GET.
// A POST that says it is a prefetch is refused, and so is one from a page of
// another origin, by http.CrossOriginProtection and a stricter rule for
// "Origin: null" (see [WithTrustedOrigins]). A request with neither Sec-Fetch-Site nor Origin
// comes from no browser of this decade and passes: a program cannot be tricked
// into sending somebody else's cookies. Clicking twice makes two links, both good,
// of which the browser follows the second.
//
// # When there is no link
//
// The person gets a page that says what to do and leads back, in the status of
// who can mend it; the operator gets a log line (see [WithLogger]) with the cause,
// the hint and the request ID; programs get {"error":{"code":…}}.
//
//	status  code                    why                                           mended by
//	401     unauthenticated         the function returned ErrUnauthenticated      the person
//	403     forbidden               the function returned ErrForbidden            the person
//	403     cross_origin            a page of another origin                      the person
//	403     prefetch                a prefetch                                    the person
//	405     method_not_allowed      not a POST                                    the person
//	413     too_large               the function read more than 64 KiB of body    the person
//	500     internal                any other error of the function;              the operator
//	                                client.ErrInvalidRequest, ErrUnauthorized,
//	                                a wrong base URL, the API key's source
//	500     organization_not_found  client.ErrOrganizationNotFound: the session   the operator
//	                                names one that WorkOS does not know
//	502     unavailable             client.ErrServer, ErrMalformedResponse, or    time
//	                                the network; 503 if WorkOS says how long
//	503     rate_limited            client.ErrRateLimited, with Retry-After       time
//	504     timeout                 WithTimeout, or an attempt's own              time
//
// Retry-After comes with every 503, rounded up; a limit that does not say is
// taken to last a minute. A page with 500 has a reference that is in the log line
// too. Nothing is written to somebody who has left, and what the function panics
// with goes through to the server.
//
// [WithErrorHandler] puts all this into a page of yours, or into another language.
//
// # What to look out for
//
// A page whose Content-Security-Policy has form-action must list the portal's
// hosts there (https://setup.workos.com https://id.workos.com, or your own):
// Chromium holds a form's redirects to it too, and the click seems to do nothing.
//
// A middleware that logs or keeps answers must leave out the Location header and
// the JSON, which hold the link.
//
// Icons of identity providers for the settings page are [IconFuncs] and
// [IconHTML].
package portalhttp
