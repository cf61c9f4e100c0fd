package client

import (
	"cmp"
	"runtime/debug"
	"strings"
)

const modulePath = "github.com/adminportal-go/adminportal"

// version is the module's, as the program was built with it: a release's tag or a pseudo-version;
// "devel" where the code is that of a folder; "unknown" where the program was built without modules.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionIn(info)
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil { // its own version is only the one that was asked for
			m = m.Replace
		}
		return cmp.Or(strings.Trim(m.Version, "()"), "devel")
	}
	return "unknown"
}
