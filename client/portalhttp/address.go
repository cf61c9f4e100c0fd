package portalhttp

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// What is wrong with an address. None repeats it: it may be a link.
var (
	errAddress       = errors.New("must be an absolute URL, such as https://example.com/settings")
	errAddressScheme = errors.New("must be https (http on loopback only)")
	errAddressUser   = errors.New("must not contain a user name or password")
)

// checkAddress is package client's rule for wherever a browser is sent. It is here
// too because a failure's page links to the address before, or without, the client
// seeing it.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme == "", u.Hostname() == "", strings.ContainsFunc(address, unfit),
		strings.ContainsAny(u.Host, "!$&'()*+,;=<>\"`{|}^"): // net/url takes a host of signs that no host has
		return errAddress
	case u.User != nil:
		return errAddressUser
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errAddressScheme
	}
	return nil
}

// unfit is what browsers drop from an address or read as something else, and what JSON
// cannot carry.
func unfit(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// home is the way back where the caller's function names none: the address of
// WithReturnURL; else the page that the button is on, if the browser says that it
// is of our own origin; else the front page.
//
// Its query is left out: it goes to WorkOS, and may hold what is none of their
// business.
func (h *handler) home(r *http.Request) string {
	if h.returnURL != "" {
		return h.returnURL
	}
	for _, header := range []string{"Referer", "Origin"} {
		u, err := url.Parse(r.Header.Get(header))
		if err != nil || u.Host != r.Host && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			continue
		}
		page := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
		if page.Path == "" {
			page.Path = "/"
		}
		if checkAddress(page.String()) == nil {
			return page.String()
		}
	}
	front := url.URL{Scheme: "https", Host: r.Host, Path: "/"}
	if r.TLS == nil && isLoopback(front.Hostname()) {
		front.Scheme = "http"
	}
	return front.String()
}
