package client

import "runtime/debug"

const modulePath = "github.com/adminportal-go/adminportal"

// version is the module's, as the program was built with it: a release's tag or a
// pseudo-version; "devel" where the code is that of a folder, whatever it is a copy of
// (this repository's own programs, a test of ours, a replace by a folder, a workspace);
// "unknown" where the program was built without modules.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknownVersion
	}
	return versionIn(info)
}

const unknownVersion = "unknown"

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil { // its own version is only the one that was asked for
			m = m.Replace
		}
		if m.Version == "" || m.Version == "(devel)" { // no word that a User-Agent may have
			return "devel"
		}
		return m.Version
	}
	return unknownVersion
}
