package loopback_test

import (
	"testing"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

func TestIs(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":            true,
		"LOCALHOST":            true,
		"localhost.":           true,
		"acme.localhost":       true,
		"a.b.localhost.":       true,
		"127.0.0.1":            true,
		"127.255.255.254":      true,
		"::1":                  true,
		"[::1]":                true,
		"::ffff:127.0.0.1":     true,
		"":                     false,
		".":                    false,
		"notlocalhost":         false,
		"localhost.example":    false,
		"127.0.0.1.example":    false,
		"128.0.0.1":            false,
		"0.0.0.0":              false,
		"::":                   false,
		"host.docker.internal": false,
		"127.1":                false,
		"0x7f.0.0.1":           false,
	} {
		if got := loopback.Is(host); got != want {
			t.Errorf("Is(%q) = %v, want %v", host, got, want)
		}
	}
}
