package client

import (
	"net/http"
	"strings"
)

// hints has a fix for every error status that openapi.yaml lists, after the error
// table of WorkOS's Admin Portal reference. A test holds the two lists together.
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
	hintRedirect     = "no redirect is followed, since it would carry the API key elsewhere: set WithBaseURL to the final address"
	hintNoRoute      = "check the base URL: neither POST /portal_links nor POST /portal/generate_link exists there"
	hintMalformed    = "check that the base URL is the WorkOS API's and that no proxy answers in its place"
	hintLinkHost     = "add the host to WithLinkHosts if it is right, or ask WorkOS why links lead there"
	hintNetwork      = "check the network, a proxy, and the base URL"
	hintProxy        = "a proxy on the way wants credentials: give them in HTTPS_PROXY, or in the HTTP client's transport"
	hintTooLong      = "try again later, or give the call's context more time"
)

func hintFor(status int, description string) string {
	switch {
	case status == http.StatusBadRequest && strings.Contains(description, "intent"):
		return hintIntent
	case status == http.StatusBadRequest && strings.Contains(description, "organization"):
		return hintOrganization
	case status >= 300 && status <= 399:
		return hintRedirect
	case status == http.StatusProxyAuthRequired:
		return hintProxy
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		status = http.StatusInternalServerError
	}
	return hints[status]
}
