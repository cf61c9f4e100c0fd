package client

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

// What is wrong with an address. No error repeats the address: it may be a secret.
var (
	errNotLink  = errors.New("not a portal link in JSON")
	errLink     = errors.New("link: must be an absolute https URL (http on loopback only, or with WithPlainHTTPForTests)")
	errLinkHost = errors.New("link: leads to a host that WithLinkHosts does not list")
)

// parseAddress checks an address to which a browser or this client is sent: an absolute https URL
// without user info. Plain http is allowed on loopback, and anywhere where plainHTTP says so.
func parseAddress(address string, plainHTTP bool) (*url.URL, error) {
	u, err := url.Parse(address)
	// net/url accepts a host of characters that no host has, and anything after a #.
	if err != nil || u.Scheme == "" || u.Hostname() == "" ||
		strings.ContainsFunc(address, unfit) || strings.ContainsAny(u.Host, "!$&'()*+,;=<>\"`{|}^") {
		return nil, errors.New("must be an absolute URL, such as https://example.com/settings")
	}
	if u.User != nil {
		return nil, errors.New("must not contain a user name or password")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !plainHTTP && !loopback.Is(u.Hostname())) {
		return nil, errors.New("must be https (http is allowed on loopback only)")
	}
	return u, nil
}

// unfit is what browsers drop from an address or read as something else, and what JSON cannot carry.
func unfit(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }

// parseBaseURL checks the address of a server and returns it without a trailing slash.
func parseBaseURL(address string, plainHTTP bool) (string, error) {
	u, err := parseAddress(address, plainHTTP)
	if err != nil {
		return "", err
	} else if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(address, "#") {
		return "", errors.New("must not have a query or a fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// trust is which addresses of an answer are accepted.
type trust struct {
	plainHTTP bool
	linkHosts []string // empty: all
	cdnURL    string   // where icons are
}

func (t *trust) allowsHost(link *url.URL) bool {
	port := cmp.Or(link.Port(), map[string]string{"https": "443", "http": "80"}[link.Scheme])
	host := normalHost(link.Hostname())
	return len(t.linkHosts) == 0 || slices.ContainsFunc(t.linkHosts, func(allowed string) bool {
		allowed = normalHost(allowed)
		return allowed == host || allowed == host+":"+port || allowed == normalHost(link.Host)
	})
}

func normalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
