package guard

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract/edit"
)

// TestGeneratedFilesAreCurrent generates from the files as they lie here,
// committed or not, and compares. It works on a copy: a check that repaired what
// it checks would fail once and then never again. Everything in gen/ that is not
// configuration is taken out of the copy first, so that a file which no
// configuration makes any more, or never did, is found too.
//
// Whether what lies here is committed is the CI script's question.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	before := tree(t, root)
	work := bare(t, before)
	if _, err := goTool(work, "generate", "./..."); err != nil {
		t.Fatalf("openapi.yaml: the generator cannot make code of it: %s; run go generate ./...", strings.Join(strings.Fields(err.Error()), " "))
	}
	after := tree(t, work)

	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		is, have := before[name]
		want, made := after[name]
		switch {
		case !made:
			t.Errorf("%s: nothing generates it, and gen/ holds generated files only; remove it", name)
		case !have:
			t.Errorf("%s: missing; run go generate ./...", name)
		case !bytes.Equal(is, want):
			t.Errorf("%s: not what go generate makes; run go generate ./...", name)
		}
	}
}

// What a document may have, the generator can make: an operation with parameters in
// its path, say, which is none of the client's routes.
func TestGeneratorTakesNewOperations(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the generator")
	}
	good := edit.All(t, filepath.Join(root, "openapi.yaml"), filepath.Join(root, "internal/speccheck/testdata/good"))
	i := slices.IndexFunc(good, func(e edit.Edit) bool { return e.Name == "operation-added" })
	if i < 0 {
		t.Fatal("the good edits add no operation any more")
	}
	document, err := os.ReadFile(good[i].File)
	if err != nil {
		t.Fatal(err)
	}
	files := tree(t, root)
	files["openapi.yaml"] = document
	work := bare(t, files)
	if _, err := goTool(work, "generate", "./..."); err != nil {
		t.Fatal(err)
	}
	if _, err := goTool(work, "build", "./gen/..."); err != nil {
		t.Error(err)
	}
}

// bare is a copy of files without what is generated.
func bare(t *testing.T, files map[string][]byte) string {
	t.Helper()
	work := t.TempDir()
	for name, content := range files {
		if strings.HasPrefix(name, "gen/") && filepath.Ext(name) != ".yaml" {
			continue
		}
		path := filepath.Join(work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return work
}

// tree reads the module in dir, without the folders that go leaves out.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		files[name] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
