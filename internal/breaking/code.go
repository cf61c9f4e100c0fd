package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// What users import, and who they are.
var packages = []struct{ dir, whom string }{
	{"gen", "Go code that uses the generated client"},
	{"client", "Go code that imports client"},
	{"client/portaltest", "tests that import portaltest"},
	{"client/portalhttp", "services that import portalhttp"},
	{"client/redislimit", "services that import redislimit"},
}

const module = "github.com/adminportal-go/adminportal"

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
	var changes []change
	for _, p := range packages {
		if _, err := os.Stat(filepath.Join(before, p.dir)); err != nil {
			continue // it is new
		}
		export := filepath.Join(dir, strings.ReplaceAll(p.dir, "/", "-"))
		if _, err := output(before, apidiff, "-w", export, module+"/"+p.dir); err != nil {
			return nil, err
		}
		out, err := output(".", apidiff, export, module+"/"+p.dir)
		if err != nil {
			return nil, err
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
