// Package loopback says which hosts are this machine, so that plain http to them stays on it.
// The client, the button and the sandbox share this one rule.
package loopback

import (
	"net/netip"
	"strings"
)

// Is reports whether host is a loopback address or a name that RFC 6761 reserves for loopback:
// localhost and every name below it. The host comes without a port, with or without the brackets
// of an IPv6 address. DNS is not asked.
func Is(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.IsLoopback()
}
