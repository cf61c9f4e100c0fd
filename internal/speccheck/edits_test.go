package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// The document, the linters and their rules are named from the module's folder.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const edits = "internal/speccheck/testdata"

// An edit is a patch of openapi.yaml under a head that says why it is there. That
// of a bad one also says which finding refuses it, and the line that it is found at.
type edit struct {
	name, why, want, at string
	document            string // the edited one
}

// Every bad edit is refused, and where it is. No edit is ever a matter of gen/:
// documents are judged here, and no code.
//
// All documents go through the judges at once, since a linter takes seconds to
// start; then each edit is looked at by itself, in parallel.
func TestBadEditsAreRefused(t *testing.T) {
	needLinters(t)
	all := apply(t, "bad")
	found := judgeAll(t, all)
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(e.document)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(data), "\n")
			for _, f := range found[e.document] {
				if strings.Contains(f.What, e.want) && strings.TrimSpace(lines[f.Line-1]) == e.at {
					return
				}
			}
			t.Errorf("%s: found %v, want %q at %q", e.why, found[e.document], e.want, e.at)
		})
	}
}

// A harmless edit is not in anybody's way.
func TestGoodEditsPass(t *testing.T) {
	needLinters(t)
	all := apply(t, "good")
	found := judgeAll(t, all)
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range found[e.document] {
				t.Errorf("%s: %s", e.why, f)
			}
		})
	}
}

func needLinters(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the linters")
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Redocly and Spectral are not installed: run " + install)
		}
		t.Skip("needs Redocly and Spectral: run " + install)
	}
}

// apply makes a document of every patch in a folder.
func apply(t *testing.T, folder string) []edit {
	t.Helper()
	patches, err := filepath.Glob(filepath.Join(edits, folder, "*.patch"))
	if err != nil || len(patches) == 0 {
		t.Fatalf("no patches in %s (%v)", folder, err)
	}
	original, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []edit
	for _, patch := range patches {
		text, err := os.ReadFile(patch)
		if err != nil {
			t.Fatal(err)
		}
		e := edit{name: strings.TrimSuffix(filepath.Base(patch), ".patch")}
		head, _, _ := strings.Cut(string(text), "\n\n")
		for line := range strings.Lines(head) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch key {
			case "why":
				e.why = value
			case "want":
				e.want = value
			case "at":
				e.at = value
			default:
				t.Fatalf("%s: %q in its head", patch, key)
			}
		}
		dir := t.TempDir()
		e.document = filepath.Join(dir, "openapi.yaml")
		if err := os.WriteFile(e.document, original, 0o600); err != nil {
			t.Fatal(err)
		}
		git := exec.Command("git", "apply")
		git.Dir, git.Stdin = dir, bytes.NewReader(text)
		git.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		if out, err := git.CombinedOutput(); err != nil {
			t.Errorf("%s: openapi.yaml has moved on; bring the patch up to date: %s", patch, out)
			continue
		}
		all = append(all, e)
	}
	return all
}

func judgeAll(t *testing.T, all []edit) map[string][]contract.Finding {
	t.Helper()
	var files []string
	for _, e := range all {
		files = append(files, e.document)
	}
	findings, err := judge(files)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]contract.Finding{}
	for _, f := range findings {
		found[f.File] = append(found[f.File], f)
	}
	return found
}
