package client

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	ours := func(version string) debug.Module { return debug.Module{Path: modulePath, Version: version} }
	own, commit, devel := ours("v0.1.0"), ours("v0.0.0-20261124190000-c0e3789abcde"), ours("(devel)")
	for _, tt := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a service", debug.BuildInfo{Main: debug.Module{Path: "example.com/service", Version: "v9.9.9"}, Deps: []*debug.Module{{Path: "example.com/other", Version: "v1.0.0"}, &own}}, "v0.1.0"},
		{"a service, of a commit", debug.BuildInfo{Deps: []*debug.Module{&commit}}, "v0.0.0-20261124190000-c0e3789abcde"},
		{"a workspace", debug.BuildInfo{Deps: []*debug.Module{&devel}}, "devel"},
		{"our command, installed", debug.BuildInfo{Main: ours("v0.1.0")}, "v0.1.0"},
		{"our command, changed", debug.BuildInfo{Main: ours("v0.1.1-0.20261124190000-c0e3789abcde+dirty")}, "v0.1.1-0.20261124190000-c0e3789abcde+dirty"},
		{"our test", debug.BuildInfo{Main: ours("(devel)")}, "devel"},
		{"built without modules", debug.BuildInfo{}, "unknown"},
	} {
		if got := version(&tt.info, true); got != tt.want {
			t.Errorf("%s: version = %q, want %q", tt.name, got, tt.want)
		}
	}
}
