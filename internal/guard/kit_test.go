package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/adminportal-go/adminportal"

// root is the module's folder; tests run in their package's.
var root = filepath.Join("..", "..")

// A pkg is what go list says of one package, its tests left aside.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// listed asks go list once for our packages and for all that they link.
var listed = sync.OnceValues(func() (map[string]pkg, error) {
	out, err := goTool(root, "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
	if err != nil {
		return nil, err
	}
	found := map[string]pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		found[p.ImportPath] = p
	}
})

func ourPackages(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]pkg{}
	for path, p := range all {
		if dir, ok := folder(path); ok {
			ours[dir] = p
		}
	}
	return ours
}

func isStandard(t *testing.T, path string) bool {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	// "C" and "unsafe" are imported and never listed.
	p, ok := all[path]
	return p.Standard || !ok
}

// folder names a package of ours by its folder.
func folder(path string) (dir string, ours bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// goTool runs the go command in dir and returns what it prints.
func goTool(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, errors.New("go " + strings.Join(args, " ") + ": " + err.Error() + "\n" + complaint.String())
	}
	return out.Bytes(), nil
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
