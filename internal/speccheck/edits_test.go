package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract"
	"github.com/adminportal-go/adminportal/internal/contract/edit"
	"github.com/adminportal-go/adminportal/internal/require"
)

// The document, the linters and their rules are named from the module's folder.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Every bad edit is refused, with what is wrong and where; a good one is in nobody's
// way. It is never a matter of gen/: documents are judged here, and no code.
//
// All documents go through the judges at once, since a linter takes seconds to
// start; then each edit is looked at by itself, in parallel.
func TestEdits(t *testing.T) {
	needLinters(t)
	bad := edit.All(t, "openapi.yaml", "internal/speccheck/testdata/bad")
	good := edit.All(t, "openapi.yaml", "internal/speccheck/testdata/good")
	var files []string
	for _, e := range append(bad, good...) {
		files = append(files, e.File)
	}
	findings, err := judge(files)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]contract.Finding{}
	for _, f := range findings {
		found[f.File] = append(found[f.File], f)
	}
	for _, e := range bad {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(readFile(t, e.File), "\n")
			for _, f := range found[e.File] {
				if strings.Contains(f.What, e.Want) && strings.TrimSpace(lines[f.Line-1]) == e.At {
					return
				}
			}
			t.Errorf("%s: found %v, want %q at %q", e.Why, found[e.File], e.Want, e.At)
		})
	}
	for _, e := range good {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, f := range found[e.File] {
				t.Errorf("%s: %s", e.Why, f)
			}
		})
	}
}

func needLinters(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the linters")
	}
	require.Tool(t, "node", "nodejs npm")
	require.Module(t, "@redocly/cli")
	require.Module(t, "@stoplight/spectral-cli")
}
