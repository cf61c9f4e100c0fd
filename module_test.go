package adminportal_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/adminportal-go/adminportal"

// A service that imports client links the standard library and these, and no more: each package
// here is one in every user's binary.
func TestClientLinksLittle(t *testing.T) {
	allowed := []string{
		module + "/client", module + "/gen", module + "/internal/loopback",
	}
	// Of the standard library these would make every binary larger.
	large := []string{"testing", "text/template", "html/template", "net/http/httptest", "net/http/cookiejar", "expvar"}
	for path := range strings.FieldsSeq(goTool(t, "list", "-deps", "./client")) {
		domain, _, _ := strings.Cut(path, "/")
		if slices.Contains(large, path) || strings.Contains(domain, ".") && !slices.Contains(allowed, path) {
			t.Errorf("client links %s: see go list -deps ./client", path)
		}
	}
}

// Which packages of ours each package may import. A package that is not here may import all.
var layers = map[string]string{
	".":                 "",
	"gen":               "",
	"gen/server":        "gen",
	"client":            "gen internal/loopback",
	"client/portaltest": ". gen gen/server internal/loopback", // never client: a fake that used it would share its mistakes
	"client/portalhttp": "client internal/loopback",
	"client/redislimit": "",
	"internal/loopback": "",
}

func TestLayers(t *testing.T) {
	out := goTool(t, "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	for line := range strings.Lines(out) {
		imports := strings.Fields(line)
		allowed, limited := layers[folder(imports[0])]
		for _, path := range imports[1:] {
			if limited && strings.HasPrefix(path, module) && !slices.Contains(strings.Fields(allowed), folder(path)) {
				t.Errorf("%s imports %s; of ours it may import %q (see layers in module_test.go)", folder(imports[0]), folder(path), allowed)
			}
			if path == "testing" && !strings.HasPrefix(folder(imports[0]), "internal/") {
				t.Errorf("%s imports testing, which adds its flags to every program", folder(imports[0]))
			}
		}
	}
}

func folder(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

// What go.mod asks for reaches every user, and replace and exclude work nowhere but here.
func TestGoMod(t *testing.T) {
	for line := range strings.Lines(read(t, "go.mod")) {
		switch word, _, _ := strings.Cut(line, " "); word {
		case "replace", "exclude", "tool", "toolchain":
			t.Errorf("go.mod: %s: tools belong into internal/tools, and the others into no module that is imported", strings.TrimSpace(line))
		}
	}
	modules := glob(t, "go.mod", "*/go.mod", "*/*/go.mod")
	if want := []string{"go.mod", "internal/e2e/go.mod", "internal/tools/go.mod"}; !slices.Equal(modules, want) {
		t.Errorf("modules = %q, want %q", modules, want)
	}
}

// A block of Go in a document is a run of lines of an Example (or of another function in the
// tests of a folder), which a comment right above the block names.
func TestSnippetsAreExamples(t *testing.T) {
	snippet := regexp.MustCompile("(?m)^(?:<!-- example: (\\S+) (\\w+) -->\n)?```go\n((?s:.*?))^```$")
	seen := 0
	for _, file := range glob(t, "*.md", "*/*.md", "*/*/*.md") {
		for _, m := range snippet.FindAllStringSubmatch(read(t, file), -1) {
			seen++
			if !strings.Contains(function(t, m[1], m[2]), trimmed(m[3])) {
				t.Errorf("%s: not lines of function %q in the tests of folder %q:\n%s", file, m[2], m[1], m[3])
			}
		}
	}
	if seen == 0 {
		t.Error("no document has a snippet, want some in README.md")
	}
}

// function is the source of a function in the tests of a folder, or empty.
func function(t *testing.T, dir, name string) string {
	t.Helper()
	for _, file := range glob(t, filepath.Join(dir, "*_test.go")) {
		if _, rest, ok := strings.Cut(read(t, file), "\nfunc "+name+"("); ok {
			body, _, _ := strings.Cut(rest, "\n}\n")
			return trimmed("func " + name + "(" + body + "\n}\n")
		}
	}
	return ""
}

// trimmed is text without the indentation of its lines.
func trimmed(text string) string {
	return regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "")
}

// A command that a document tells the reader to run is there.
func TestMakeTargetsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, file := range glob(t, "*.md", "*/*.md", "*/*/*.md") {
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)").FindAllStringSubmatch(read(t, file), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s says make %s, and the Makefile has no such target", file, m[1])
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

func goTool(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, complaint.Bytes())
	}
	return string(out)
}
