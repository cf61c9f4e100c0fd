package loopback_test

import (
	"testing"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

func TestIs(t *testing.T) {
	for want, hosts := range map[bool][]string{
		true: {
			"localhost", "LOCALHOST", "localhost.", "acme.localhost", "a.b.localhost.",
			"127.0.0.1", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1",
		},
		false: {
			"", ".", "notlocalhost", "localhost.example", "127.0.0.1.example", "host.docker.internal",
			"128.0.0.1", "0.0.0.0", "::", "127.1", "0x7f.0.0.1",
		},
	} {
		for _, host := range hosts {
			if got := loopback.Is(host); got != want {
				t.Errorf("Is(%q) = %v, want %v", host, got, want)
			}
		}
	}
}
