// Package portalhttp is the server's side of a button "Configure SSO": an http.Handler that makes a portal link when an
// admin clicks and sends the admin to it. On the page:
//
//	<form method="post" action="/configure/sso"><button>Configure SSO</button></form>
//
// The package's example has the handler. The one thing to get right is its function: whoever it lets through becomes an
// administrator of the organization that it names.
//
// # What a click gets
//
//	a form                                            303 to the link
//	HX-Request: true (htmx)                           204 with HX-Redirect
//	Accept prefers JSON; fetch and XMLHttpRequest     200 {"url":"https://…","expires_at":"2024-01-15T12:00:00Z"}
//	Accept names text/vnd.turbo-stream.html (Turbo)   422 and a page that sends the form again, without Turbo
//
// A script goes to the link at once: location.assign(url). expires_at is by the server's clock, and left out if unknown.
// The link is a secret: no cache keeps the answer and no Referer tells it. A middleware that logs answers must leave out
// Location, HX-Redirect and the JSON. Sec-Fetch-Mode (cors, same-origin) tells fetch from a form; browsers do not send it
// over plain http, so ask for JSON there.
//
// A plain form needs no library: keep Turbo and htmx off it with data-turbo="false" and hx-boost="false". Turbo cannot
// follow a redirect to another origin. Its click costs one more request, or one more press where the page's policy
// forbids inline scripts, and the log says so. Turbo shows the page of a failure, and so does htmx 4. htmx 1 and 2 show
// nothing for 4xx and 5xx by default. In htmx 2 this shows it:
//
//	<meta name="htmx-config" content='{"responseHandling":[{"code":"204","swap":false},{"code":".*","swap":true}]}'>
//
// Only POST makes a link: scanners and previews follow links with GET. A prefetch gets none, and neither does a page of
// another origin, by [http.CrossOriginProtection] and a stricter rule for "Origin: null". A request with neither
// Sec-Fetch-Site nor Origin comes from a program and passes: nobody can make it send somebody else's cookies. Two clicks
// make two links, and both are good.
//
// # When there is no link
//
// The person gets a page that says what to do and leads back, a script {"error":{"code":…}} (see [Failure.ServeHTTP]),
// and the operator a log line with the cause, the hint and the request ID (see [WithLogger]).
//
//	status  code                    why                                                            fixed by
//	401     unauthenticated         the function returned ErrUnauthenticated                       the person
//	403     forbidden               the function returned ErrForbidden                             the person
//	403     cross_origin            a page of another origin                                       the person
//	403     prefetch                a prefetch                                                     the person
//	405     method_not_allowed      not a POST                                                     the person
//	413     too_large               the function read more than 64 KiB of body                     the person
//	422     turbo                   a click through Turbo; the page sends the form again           the page
//	500     internal                any other error of the function; a refused request or API key  the operator
//	500     organization_not_found  WorkOS does not know the session's organization                the operator
//	502     unavailable             WorkOS, the network, or an answer of something in between;     time
//	                                503 if it says how long
//	503     rate_limited            client.ErrRateLimited                                          time
//	504     timeout                 WithTimeout, or an attempt's own                               time
//
// organization_not_found is not 404: the button is there, and the person cannot fix it. A page with 500 has a reference
// that is in the log line too. Every 503 has Retry-After, a minute if nobody knows better. Nothing is written to a person
// who has left. A panic of the function goes through to the server.
//
// # Waiting for the rate limit
//
// A click waits for its turn, but no longer than [WithTimeout]. Where a fleet shares one budget (package redislimit) and
// jobs use it up, clicks queue behind the jobs: a click whose turn comes within 10 s waits, any other gets 503 at once
// and reads when to come back. Give the jobs a limiter with less than the budget, so that clicks find room.
//
// # What to look out for
//
// A Content-Security-Policy with form-action must list the portal's hosts beside 'self' (https://setup.workos.com
// https://id.workos.com, or your own): Chromium and WebKit apply it to a form's redirects too, and the click seems to do
// nothing. A button inside a frame needs target="_top". With target="_blank" WebKit says that the click comes from
// another site; the handler then goes by the Origin, and a page that sends none needs rel="opener" on the form.
//
// Over plain http browsers do not send Sec-Fetch-Site, and the handler knows its own pages by the Host header alone. A
// proxy must pass it on as the browser sent it:
//
//	nginx    proxy_set_header Host $http_host;
//	Apache   ProxyPreserveHost On
//	haproxy  by default; remove any "http-request set-header Host"
//	Caddy    by default over http; for an https upstream: header_up Host {http.request.hostport}
//
// Where it cannot, name the origin with [WithTrustedOrigins] and set [WithReturnURL].
package portalhttp
