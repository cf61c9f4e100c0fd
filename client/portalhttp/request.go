package portalhttp

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/internal/loopback"
)

// refuse says why a request is not a click on a page of our own. Scanners and previews send GET, browsers prefetch,
// and other sites' pages post forms: none of them gets a link.
func (h *handler) refuse(r *http.Request) (kind, error) {
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch {
	case r.Method != http.MethodPost:
		return notPost, errors.New("not a POST")
	case isPrefetch(r.Header):
		return prefetch, errors.New("a prefetch: nobody has clicked")
	// A sandboxed frame and a data: page send null. So does a page of our own with "Referrer-Policy: no-referrer",
	// and Sec-Fetch-Site tells it from the others.
	case slices.Contains(r.Header.Values("Origin"), "null") && site != "same-origin":
		return crossOrigin, errors.New("cross-origin request detected: Origin is null, and Sec-Fetch-Site is not same-origin")
	}
	if err := h.origins.Check(r); err != nil && !isOwn(origin, r.Host) {
		return crossOrigin, fmt.Errorf("%w (Origin %.200q, Host %.200q): if this is your own page, let the proxy in front pass on the browser's Host header, or name the origin with portalhttp.WithTrustedOrigins", err, origin, r.Host)
	}
	if askerOf(r) == turbo {
		return throughTurbo, errors.New(`the button was pressed through Turbo, which cannot follow a redirect to another origin, so the browser is asked to send the form again by itself: put data-turbo="false" on the form`)
	}
	return kind{}, nil
}

// isOwn says that no other site can have sent the Origin. It comes before Sec-Fetch-Site, since WebKit calls a click
// into a new tab cross-site. A plain http Origin does not count: somebody on the network can make up such a page.
func isOwn(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])) && (u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname()))
}

// isPrefetch knows today's header (Sec-Purpose) and the older ones.
func isPrefetch(h http.Header) bool {
	return prefetching.MatchString(strings.Join(slices.Concat(h.Values("Sec-Purpose"), h.Values("Purpose"), h.Values("X-Purpose"), h.Values("X-Moz")), ","))
}

var prefetching = regexp.MustCompile(`(?i)prefetch|prerender|preview`)

// complete adds a way back where the function gives none. It refuses an address that is not one: the function may
// have taken it from the request.
func (h *handler) complete(req *client.PortalLinkRequest, r *http.Request) error {
	if req.ReturnURL == "" {
		req.ReturnURL = h.home(r)
		if h.returnURL == "" {
			h.guessed.Do(func() {
				h.log(r, slog.LevelWarn, "portal return address guessed, which is wrong on plain http and behind a proxy that rewrites Host: set it with portalhttp.WithReturnURL",
					*req, slog.String("return_url", req.ReturnURL))
			})
		}
	}
	return client.PortalLinkRequest{Organization: "org_1", Intent: client.IntentSSO, ReturnURL: req.ReturnURL, SuccessURL: req.SuccessURL}.Validate()
}

// home is the way back if the caller's function names none; WithReturnURL says which. The query is left out: it would go
// to WorkOS, and may hold what is not their business.
func (h *handler) home(r *http.Request) string {
	if h.returnURL != "" {
		return h.returnURL
	}
	for _, page := range []string{r.Referer(), r.Header.Get("Origin")} {
		if u, err := url.Parse(page); err == nil && (u.Host == r.Host || r.Header.Get("Sec-Fetch-Site") == "same-origin") {
			page = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: cmp.Or(u.Path, "/"), RawPath: u.RawPath}).String()
			if isAddress(page) {
				return page
			}
		}
	}
	front := url.URL{Scheme: "https", Host: r.Host, Path: "/"}
	if r.TLS == nil && loopback.Is(front.Hostname()) {
		front.Scheme = "http"
	}
	return front.String()
}

// isAddress is the client's rule for where a browser may be sent.
func isAddress(address string) bool {
	return address != "" && client.PortalLinkRequest{Organization: "org_1", Intent: client.IntentSSO, ReturnURL: address}.Validate() == nil
}
