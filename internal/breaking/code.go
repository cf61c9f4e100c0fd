package main

import (
	"os"
	"path/filepath"
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
	}
	return changes, nil
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
