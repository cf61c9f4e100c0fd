package guard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A snippet is a block of Go in a document, under the comment that names what it
// was copied from, by folder and function: an Example, or a function beside one.
//
//	<!-- example: client ExampleClient_GeneratePortalLink -->
//	```go
//	link, err := portal.GeneratePortalLink(ctx, …
//	```
//
// It is a run of whole lines of the function, so that an Example can set up before
// and print after what the reader sees.
var snippet = regexp.MustCompile("(?m)^(?:<!-- example: (\\S+) (\\w+) -->\n)?```go\n((?s:.*?))^```$")

// Documents that show how to use the module.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

func TestSnippetsAreExamples(t *testing.T) {
	seen := 0
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		document = filepath.Base(document)
		for _, m := range snippet.FindAllStringSubmatch(string(text), -1) {
			seen++
			dir, name, code := m[1], m[2], m[3]
			if name == "" {
				t.Errorf("%s: no <!-- example: folder Function --> right above this block:\n%s", document, code)
				continue
			}
			source, ok := function(t, dir, name)
			if !ok {
				t.Errorf("%s: the tests in folder %s have no function %s", document, dir, name)
				continue
			}
			if !contains(source, lines(code)) {
				t.Errorf("%s: not a copy of lines of %s, folder %s:\n%s", document, name, dir, code)
			}
		}
	}
	if seen == 0 {
		t.Error("found no snippet: README.md ought to have one")
	}
}

// contains tells whether part is a run of lines in body, at whatever depth.
func contains(body, part []string) bool {
	part = dedent(part)
	for i := 0; i+len(part) <= len(body); i++ {
		if slices.Equal(dedent(body[i:i+len(part)]), part) {
			return true
		}
	}
	return false
}

// function returns the source of a function in dir's tests.
func function(t *testing.T, dir, name string) (source []string, ok bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return lines(string(text[fset.Position(f.Pos()).Offset:fset.Position(f.End()).Offset])), true
			}
		}
	}
	return nil, false
}

func lines(s string) []string { return strings.Split(strings.Trim(s, "\n"), "\n") }

// dedent takes off the indentation that all lines share.
func dedent(block []string) []string {
	shared := -1
	for _, line := range block {
		if line != "" {
			depth := len(line) - len(strings.TrimLeft(line, "\t"))
			if shared < 0 || depth < shared {
				shared = depth
			}
		}
	}
	out := make([]string, len(block))
	for i, line := range block {
		out[i] = line[min(max(shared, 0), len(line)):]
	}
	return out
}

// The README's table has every option of the client, and no other.
func TestOptionsTableIsWhole(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "client", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var options []string
	declared := regexp.MustCompile(`(?m)^func (With\w+)\(.*\) Option {`)
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
			options = append(options, m[1])
		}
	}
	_, section, _ := strings.Cut(read(t, "README.md"), "\n## Options\n")
	section, _, _ = strings.Cut(section, "\n## ")
	table := regexp.MustCompile(`With\w+`).FindAllString(section, -1)
	slices.Sort(options)
	slices.Sort(table)
	if !slices.Equal(table, options) {
		t.Errorf("README.md's options = %q, want %q", table, options)
	}
}

// A command that a document tells the reader to run is there.
func TestMakeTargetsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	mention := regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)")
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s says make %s, and the Makefile has no such target", filepath.Base(name), m[1])
			}
		}
	}
}
