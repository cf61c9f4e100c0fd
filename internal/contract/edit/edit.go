// Package edit reads edits of the document from patches, for the tests that try them.
//
// A patch has a head of its own above the diff, which git apply passes over:
//
//	why: a 429 dropped
//	want: what is said about it
//	at: the line that it is said of
package edit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An Edit is a patch of openapi.yaml with the reason why it is there.
type Edit struct {
	Name, Why, Want, At string
	File                string // the edited document
}

// All makes an edited document of every patch in a folder.
func All(t *testing.T, document, folder string) []Edit {
	t.Helper()
	patches, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil || len(patches) == 0 {
		t.Fatalf("no patches in %s (%v)", folder, err)
	}
	original, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var all []Edit
	for _, patch := range patches {
		text, err := os.ReadFile(patch)
		if err != nil {
			t.Fatal(err)
		}
		e, err := head(string(text))
		if err != nil {
			t.Fatalf("%s: %v", patch, err)
		}
		e.Name = strings.TrimSuffix(filepath.Base(patch), ".patch")
		dir := t.TempDir()
		e.File = filepath.Join(dir, filepath.Base(document))
		if err := os.WriteFile(e.File, original, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := apply(dir, text); err != nil {
			t.Errorf("%s: the document has moved on; bring the patch up to date: %s", patch, out)
			continue
		}
		all = append(all, e)
	}
	return all
}

// apply is git apply, for which a line of context above and below will do: a patch is
// to outlive an edit of the document near its own.
func apply(dir string, patch []byte) ([]byte, error) {
	git := exec.Command("git", "apply", "-C1")
	git.Dir, git.Stdin = dir, bytes.NewReader(patch)
	// A temporary folder may lie in somebody's repository, where git apply would look
	// for the file at its top.
	git.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	return git.CombinedOutput()
}

func head(patch string) (Edit, error) {
	var e Edit
	text, _, _ := strings.Cut(patch, "\n\n")
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "why":
			e.Why = value
		case "want":
			e.Want = value
		case "at":
			e.At = value
		default:
			return e, fmt.Errorf("%q in its head", key)
		}
	}
	return e, nil
}
