package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// built is what the go command writes into a release's binary.
func built() *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.27.0",
		Path:      module + "/cmd/adminportal",
		Main:      debug.Module{Path: module, Version: "v0.1.0"},
		Deps:      []*debug.Module{{Path: "example.com/dep", Version: "v1.2.3"}},
		Settings: []debug.BuildSetting{
			{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "arm64"}, {Key: "CGO_ENABLED", Value: "0"},
			{Key: "-trimpath", Value: "true"}, {Key: "vcs", Value: "git"}, {Key: "vcs.modified", Value: "false"},
			{Key: "-buildmode", Value: "exe"}, {Key: "GOARM64", Value: "v8.0"}, {Key: "vcs.revision", Value: "0123abc"},
		},
	}
}

func TestVerifyBuild(t *testing.T) {
	set := func(key, value string) func(*debug.BuildInfo) {
		return func(i *debug.BuildInfo) {
			for n := range i.Settings {
				if i.Settings[n].Key == key {
					i.Settings[n].Value = value
				}
			}
		}
	}
	for _, tt := range []struct {
		name string
		edit func(*debug.BuildInfo)
		want string // in the error; empty: none
	}{
		{"a release", func(*debug.BuildInfo) {}, ""},
		{"another tag", func(i *debug.BuildInfo) { i.Main.Version = "v0.0.9" }, "v0.0.9, want v0.1.0"},
		{"no tag", func(i *debug.BuildInfo) { i.Main.Version = "(devel)" }, "(devel), want v0.1.0"},
		{"another program", func(i *debug.BuildInfo) { i.Path = module + "/examples/settings" }, "examples/settings"},
		{"another module", func(i *debug.BuildInfo) { i.Main.Path = "example.com/fork" }, "example.com/fork"},
		{"another machine", set("GOARCH", "amd64"), "GOARCH=amd64, want arm64"},
		{"a changed checkout", set("vcs.modified", "true"), "vcs.modified=true, want false"},
		{"paths of the machine", set("-trimpath", ""), "-trimpath=, want true"},
		{"linked with C", set("CGO_ENABLED", "1"), "CGO_ENABLED=1, want 0"},
		{"for a newer processor", set("GOARM64", "v9.0"), "GOARM64=v9.0, which is not in every release"},
		{"with tags", func(i *debug.BuildInfo) {
			i.Settings = append(i.Settings, debug.BuildSetting{Key: "-tags", Value: "debug"})
		}, "-tags=debug, which is not in every release"},
		{"a dependency replaced", func(i *debug.BuildInfo) { i.Deps[0].Replace = &debug.Module{Path: "../dep"} }, "../dep instead of"},
	} {
		info := built()
		tt.edit(info)
		if err := verifyBuild(info, "v0.1.0", "linux_arm64"); !says(err, tt.want) {
			t.Errorf("%s: verifyBuild() = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestVerifyBOM(t *testing.T) {
	const bom = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"name":"` + module + `","version":"v0.1.0"}},"components":[
		{"name":"example.com/dep","version":"v1.2.3","purl":"pkg:golang/example.com/dep@v1.2.3"},
		{"name":"std","version":"go1.27.0","purl":"pkg:golang/std@1.27.0"}]}`
	for _, tt := range []struct{ name, old, now, want string }{
		{"whole", "", "", ""},
		{"no JSON", "}]}", "", "bill of materials: unexpected end"},
		{"another format", "CycloneDX", "SPDX", `format "SPDX"`},
		{"of another version", `"v0.1.0"`, `"v0.0.9"`, "v0.0.9, want"},
		{"a module forgotten", `{"name":"example.com/dep","version":"v1.2.3","purl":"pkg:golang/example.com/dep@v1.2.3"},`, "", "was built from"},
		{"another version of a module", `"v1.2.3"`, `"v1.2.4"`, "was built from"},
		{"the standard library forgotten", `,
		{"name":"std","version":"go1.27.0","purl":"pkg:golang/std@1.27.0"}`, "", "was built from"},
		{"no package URL", `"pkg:golang/std@1.27.0"`, `""`, "std has no package URL"},
	} {
		if err := verifyBOM([]byte(strings.Replace(bom, tt.old, tt.now, 1)), built()); !says(err, tt.want) {
			t.Errorf("%s: verifyBOM() = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestVerifySums(t *testing.T) {
	line := func(name, text string) string {
		return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name)
	}
	for _, tt := range []struct{ name, sums, want string }{
		{"all", line("a", "one") + line("b", "two"), ""},
		{"one wrong", line("a", "one") + line("b", "one"), "of b, want"},
		{"one forgotten", line("a", "one"), "of b, want"},
		{"one too many", line("a", "one") + line("b", "two") + line("c", "three"), "lists 3 files, want 2"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"a": "one", "b": "two", sums: tt.sums} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := verifySums(dir, []string{sums, "a", "b"}); !says(err, tt.want) {
			t.Errorf("%s: verifySums() = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func says(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}
