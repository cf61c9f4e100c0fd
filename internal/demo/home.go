package demo

import (
	"net"
	"net/http"
	"strings"
)

// atHome serves only what was sent to the demo's own address. A name that somebody
// made to point at loopback gets nothing: its pages would be of our own origin, and
// could ask for links. Another name of loopback is led to the one that has the
// cookie.
func (d *Demo) atHome(next http.Handler) http.Handler {
	elsewhere := d.refuse(http.StatusMisdirectedRequest, "This page has another address", "It is served under its own address only.")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin") // where a link leads is told of nothing
		h.Set("X-Content-Type-Options", "nosniff")
		switch {
		case r.Host == d.site.Host:
			next.ServeHTTP(w, r)
		case isLoopback(r.Host) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			to := *r.URL
			to.Scheme, to.Host = d.site.Scheme, d.site.Host
			http.Redirect(w, r, to.String(), http.StatusSeeOther)
		default:
			elsewhere.ServeHTTP(w, r)
		}
	})
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
