package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What users import, and who they are.
var packages = []struct{ dir, whom string }{
	{".", "Go code that reads the embedded document"},
	{"gen", "Go code that uses the generated client"},
	{"gen/server", "Go code that uses the generated server"},
	{"client", "Go code that imports client"},
	{"client/portaltest", "tests that import portaltest"},
	{"client/portalhttp", "services that import portalhttp"},
	{"client/redislimit", "services that import redislimit"},
}

// codeChanges compares the Go API of the work tree with that of a commit.
func codeChanges(base string) ([]change, error) {
	apidiff, err := tool("apidiff")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "breaking")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // only a temporary folder
	before := filepath.Join(dir, "before")
	// Not git worktree, which an interrupted run would leave behind in the repository.
	if err := os.Mkdir(before, 0o700); err != nil {
		return nil, err
	}
	archive := filepath.Join(dir, "before.tar")
	if _, err := git("archive", "--output", archive, base); err != nil {
		return nil, err
	}
	if _, err := output(before, "tar", "-xf", archive); err != nil {
		return nil, err
	}
	oldModule, err := modulePath(before)
	if err != nil {
		return nil, err
	}
	newModule, err := modulePath(".")
	if err != nil {
		return nil, err
	}
	var changes []change
	if oldModule != newModule {
		changes = append(changes, change{"go.mod", fmt.Sprintf("the module is %s and was %s", newModule, oldModule), "everybody who imports it"})
	}
	for _, p := range packages {
		had, has := holdsGo(filepath.Join(before, p.dir)), holdsGo(p.dir)
		switch {
		case !had && has:
			changes = append(changes, change{where: p.dir, what: "a new package"})
		case had && !has:
			changes = append(changes, change{p.dir, "the package is gone", p.whom})
		}
		if !had || !has {
			continue
		}
		export := filepath.Join(dir, "export-"+strings.ReplaceAll(p.dir, "/", "-"))
		if _, err := output(before, apidiff, "-w", export, path.Join(oldModule, p.dir)); err != nil {
			return nil, err
		}
		out, err := output(".", apidiff, export, path.Join(newModule, p.dir))
		if err != nil {
			return changes, fmt.Errorf("%s cannot be compared: where it does not compile, go build ./... says why: %w", p.dir, err)
		}
		changes = append(changes, parseAPIDiff(out, p.dir, p.whom)...)
		was, err := jsonNames(filepath.Join(before, p.dir))
		if err != nil {
			return nil, err
		}
		is, err := jsonNames(p.dir)
		if err != nil {
			return nil, err
		}
		changes = append(changes, nameChanges(was, is, p.dir)...)
	}
	return changes, nil
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)`)

func modulePath(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	m := moduleLine.FindSubmatch(data)
	if m == nil {
		return "", fmt.Errorf("%s: no module line", filepath.Join(dir, "go.mod"))
	}
	return string(m[1]), nil
}

func holdsGo(dir string) bool {
	sources, _ := filepath.Glob(filepath.Join(dir, "*.go")) // the pattern is a good one
	return len(sources) > 0
}

// jsonNames are the json tags of the exported fields of a package's exported structs,
// by Type.Field: apidiff does not look at them.
func jsonNames(dir string) (map[string]string, error) {
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok || !spec.Name.IsExported() {
				return false
			}
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					if !name.IsExported() {
						continue
					}
					tag := ""
					if field.Tag != nil {
						tag, _ = strconv.Unquote(field.Tag.Value)
					}
					names[spec.Name.Name+"."+name.Name] = reflect.StructTag(tag).Get("json")
				}
			}
			return false
		})
	}
	return names, nil
}

func nameChanges(was, is map[string]string, where string) []change {
	var changes []change
	for _, field := range slices.Sorted(maps.Keys(was)) {
		if now, ok := is[field]; ok && now != was[field] {
			changes = append(changes, change{where, fmt.Sprintf("%s: its JSON is %q and was %q", field, now, was[field]), "who keeps it as JSON, or sends it on"})
		}
	}
	return changes
}

// parseAPIDiff reads what apidiff prints: a heading for what breaks, one for what
// does not, and under each a line that starts with a dash for every change.
func parseAPIDiff(out, where, whom string) []change {
	var changes []change
	breaks := false
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		what, isChange := strings.CutPrefix(line, "- ")
		switch {
		case isChange && breaks:
			changes = append(changes, change{where, what, whom})
		case isChange:
			changes = append(changes, change{where: where, what: what})
		case line != "":
			breaks = strings.HasPrefix(line, "Incompatible")
		}
	}
	return changes
}
