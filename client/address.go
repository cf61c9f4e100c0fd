package client

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// What is wrong with an address. None repeats the address: it may be a secret.
var (
	errAddressRelative = errors.New("must be an absolute URL, such as https://example.com/settings")
	errAddressScheme   = errors.New("must be https (http is allowed on loopback only)")
	errAddressUser     = errors.New("must not contain a user name or password")
	errBaseURLQuery    = errors.New("must not have a query or a fragment")
)

// checkAddress holds for every URL that a browser or this client is sent to: an
// absolute https URL without user info. Plain http is for loopback, where a
// sandbox or an application under development listens.
func checkAddress(address string) error {
	if plain(address) {
		return nil
	}
	_, err := parseAddress(address)
	return err
}

// plain recognises what nearly every address looks like, without the cost of
// parsing it: https, a host of letters, digits, dots and dashes, and after a slash
// nothing that needs a second look.
func plain(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		return false
	}
	inHost := true
	for i, c := range []byte(rest) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-':
		case c == '/' && i > 0:
			inHost = false
		case inHost, c <= ' ', c >= 0x7f, c == '%', c == '\\', c == '#':
			return false
		}
	}
	return rest != "" && rest[0] != '/'
}

func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	// net/url takes a host of signs that no host has, and anything after a #.
	if err != nil || u.Scheme == "" || u.Hostname() == "" || strings.ContainsFunc(address, unfit) || strings.ContainsAny(u.Host, "!$&'()*+,;=<>\"`{|}^") {
		return nil, errAddressRelative
	}
	if u.User != nil {
		return nil, errAddressUser
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, errAddressScheme
	}
	return u, nil
}

// unfit is what browsers drop from an address or read as something else, and what JSON
// cannot carry.
func unfit(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }

// parseBaseURL checks the address of a server and returns it without a trailing
// slash.
func parseBaseURL(address string) (string, error) {
	u, err := parseAddress(address)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(address, "#") {
		return "", errBaseURLQuery
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// isLoopback goes by the name alone, without asking DNS.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
