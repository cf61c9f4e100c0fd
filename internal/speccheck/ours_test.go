package main

import (
	"strings"
	"testing"
)

func TestUnseen(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "a: b\n# … “quoted” é\n\tc", ""},
		{"byte-order mark", "\ufeffa: b\n", "x:1: a byte-order mark"},
		{"carriage returns", "a: b\r\nc: d\r\n", "x:1: a line that ends as on Windows"},
		{"zero-width space", "a: b\nc\u200bd: e\n", "x:2: an invisible character, U+200B"},
		{"right to left", "a: \u202eb\n", "x:1: an invisible character, U+202E"},
		{"no-break space", "a:\u00a0b\n", "x:1: an invisible character, U+00A0"},
		{"bell", "a: \ab\n", "x:1: an invisible character, U+0007"},
	} {
		var got []string
		for _, f := range unseen("x", []byte(tt.text)) {
			got = append(got, f.String())
		}
		if tt.want == "" && got != nil || tt.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], tt.want)) {
			t.Errorf("%s: unseen() = %q, want %q", tt.name, got, tt.want)
		}
	}
}
