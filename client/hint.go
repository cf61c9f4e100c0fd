package client

import (
	"net/http"
	"strings"
)

// hints has a fix for every error status that openapi.yaml lists, after the error table of
// WorkOS's Admin Portal reference. A test compares the two lists.
var hints = map[int]string{
	http.StatusBadRequest:          hintIntent + "; " + hintOrganization,
	http.StatusUnauthorized:        "check that the API key is whole and current, and its permissions in the WorkOS Dashboard",
	http.StatusForbidden:           "check the API key's permissions in the WorkOS Dashboard",
	http.StatusNotFound:            "confirm that the organization exists, that its ID is correct, and that the API key belongs to the same environment",
	http.StatusUnprocessableEntity: "check each field; an organization ID must start with org_",
	http.StatusTooManyRequests:     "wait as long as RetryAfter says and try again; share one client, and one limiter if several processes use the key",
	http.StatusInternalServerError: "try again after a brief delay; if it lasts, ask WorkOS support, with the request ID",
}

var hintIntent = "use one of the intents " + list(intents)

const (
	hintOrganization = "give a valid organization ID (it starts with org_)"
	hintBetween      = "this answer came from a proxy, gateway or firewall between this host and WorkOS, not from WorkOS: it may pass; if it lasts, check what stands between, and the base URL"
	hintRedirect     = "no redirect is followed, since it would carry the API key elsewhere: set WithBaseURL to the final address"
	hintIconFile     = "check the address of the icon file: set WithCDNURL to where it is"
	hintNoRoute      = "check the base URL: neither POST /portal_links nor POST /portal/generate_link exists there"
	hintNoIcons      = "check the CDN URL and the base URL: neither GET /provider_icons nor GET /provider-icons.json exists there"
	hintMalformed    = "check that the base URL is the WorkOS API's and that no proxy answers in its place"
	hintLinkHost     = "add the host to WithLinkHosts if it is right, or ask WorkOS why links lead there"
	hintNetwork      = "check the network, a proxy, and the base URL"
	hintProxyLogin   = "the proxy between this host and WorkOS wants credentials: give them in HTTPS_PROXY, or in the HTTP client's transport"
	hintProxy        = "the proxy between this host and WorkOS refused the connection: ask its operator to allow the host, or set HTTPS_PROXY and NO_PROXY"
	hintTooLong      = "try again later, or give the call's context more time"
)

// hintFor is the hint for an answer of the service.
func hintFor(status int, description string) string {
	switch {
	case status == http.StatusBadRequest && strings.Contains(description, "intent"):
		return hintIntent
	case status == http.StatusBadRequest && strings.Contains(description, "organization"):
		return hintOrganization
	case status >= 300 && status <= 399:
		return hintRedirect
	case status == http.StatusProxyAuthRequired:
		return hintProxyLogin
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		status = http.StatusInternalServerError
	}
	return hints[status]
}
