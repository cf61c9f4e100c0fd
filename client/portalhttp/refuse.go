package portalhttp

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

var (
	errNotPost    = errors.New("not a POST")
	errPrefetch   = errors.New("a prefetch, for which nobody has clicked")
	errNullOrigin = errors.New("cross-origin request detected: Origin is null, and Sec-Fetch-Site does not say same-origin")
)

// refuse says what is wrong with a request that is no click on a page of our own. A
// link is made for neither scanners and previews, which
// follow links with GET, nor prefetches, nor other people's pages.
func (h *handler) refuse(r *http.Request) (kind, error) {
	switch {
	case r.Method != http.MethodPost:
		return notPost, errNotPost
	case isPrefetch(r.Header):
		return prefetch, errPrefetch
	}
	// A sandboxed frame and a data: page say null. So does a page of our own with
	// Referrer-Policy: no-referrer, which Sec-Fetch-Site then tells from the rest.
	if slices.Contains(r.Header.Values("Origin"), "null") && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return crossOrigin, errNullOrigin
	}
	return crossOrigin, h.origins.Check(r)
}

// isPrefetch knows the header of today (Sec-Purpose) and those before it.
func isPrefetch(header http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range header.Values(name) {
			value = strings.ToLower(value)
			if strings.Contains(value, "prefetch") || strings.Contains(value, "prerender") || strings.Contains(value, "preview") {
				return true
			}
		}
	}
	return false
}
