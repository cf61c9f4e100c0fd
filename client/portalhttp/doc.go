// Package portalhttp is the server's side of a button "Configure SSO": an http.Handler that makes a portal link when an
// admin clicks and sends the admin to it. On the page:
//
//	<form method="post" action="/configure/sso" data-turbo="false"><button>Configure SSO</button></form>
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
// A plain form needs no library: data-turbo="false" keeps Turbo off it, and hx-boost="false" htmx. Turbo cannot follow a
// redirect to another origin. Its click costs one more request, or one more press where the page's policy forbids inline
// scripts, and the log says so. Turbo shows the page of a failure, and so does htmx 4. htmx 1 and 2 show nothing for 4xx
// and 5xx by default. In htmx 2 this shows it:
//
//	<meta name="htmx-config" content='{"responseHandling":[{"code":"204","swap":false},{"code":".*","swap":true}]}'>
//
// Only POST makes a link: scanners and previews follow links with GET. A page of another origin gets none, by
// [http.CrossOriginProtection] and a stricter rule for "Origin: null". A request with neither Sec-Fetch-Site nor Origin
// comes from a program and passes: nobody can make it send somebody else's cookies. Two clicks make two good links.
//
// # When there is no link
//
// The person gets a page that says what to do and leads back, a script {"error":{"code":…}} (see [Failure.ServeHTTP]),
// and the operator a log line with the cause, the hint and the request ID (see [WithLogger]).
//
//	status  code                    why                                                            fixed by
//	401     unauthenticated         the function returned ErrUnauthenticated                       the person
//	403     forbidden               the function returned ErrForbidden                             the person
//	403     cross_origin, prefetch  a page of another origin; a prefetch                           the person
//	405     method_not_allowed      not a POST                                                     the person
//	413     too_large               the function read more than 64 KiB of body                     the person
//	422     turbo                   a click through Turbo; the page sends the form again           the page
//	500     internal                any other error of the function; a refused request or API key  the operator
//	500     organization_not_found  WorkOS does not know the session's organization                the operator
//	502     unavailable             WorkOS, the network, or what stands between                    time
//	503     rate_limited            client.ErrRateLimited                                          time
//	504     timeout                 WithTimeout, or an attempt's own                               time
//
// organization_not_found is not 404: the button is there, and the person cannot fix it. A page with 500 has a reference
// that is in the log line too. A 502 that says how long it lasts becomes 503. Every 503 has Retry-After, a minute if nobody
// knows better. Nothing is written to a person who has left. A panic of the function goes through to the server.
//
// # What to look out for
//
// A Content-Security-Policy with form-action must list the portal's hosts beside 'self' (https://setup.workos.com
// https://id.workos.com, or your own): Chromium and WebKit apply it to a form's redirects too, and the click seems to do
// nothing. A button inside a frame needs target="_top". With target="_blank" WebKit says that the click comes from
// another site; the handler then goes by the Origin, and a page that sends none needs rel="opener" on the form.
//
// Over plain http browsers do not send Sec-Fetch-Site, and the handler knows its own pages by the Host header alone. A
// proxy must pass it on: nginx with "proxy_set_header Host $http_host;", Apache with "ProxyPreserveHost On", haproxy and
// Caddy by default (Caddy to an https upstream with "header_up Host {http.request.hostport}"). Where it cannot, name the
// origin with [WithTrustedOrigins] and set [WithReturnURL].
package portalhttp
