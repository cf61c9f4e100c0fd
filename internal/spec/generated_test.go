package spec

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// gen/ is what go generate makes, committed or not. It is made in a copy, so that the check does not repair what it checks.
func TestGeneratedIsCurrent(t *testing.T) {
	have := tree(t, filepath.Join(root, "gen"))
	made, err := generate(t, read(t, openapiYAML))
	if err != nil {
		t.Fatalf("%s: the generator fails: %v", openapiYAML, err)
	}
	names := maps.Clone(have)
	maps.Copy(names, made)
	for _, file := range slices.Sorted(maps.Keys(names)) {
		if _, ok := made[file]; !ok {
			t.Errorf("gen/%s: nothing generates it: remove it", file)
		} else if !bytes.Equal(have[file], made[file]) {
			t.Errorf("gen/%s: not what go generate makes of %s: run go generate ./... and commit both", file, openapiYAML)
		}
	}
}

// An operation with parameters in its path and query is not used today; gen/client.tmpl can write it.
func TestGeneratorTakesParameters(t *testing.T) {
	document := apply(read(t, openapiYAML), edit{old: "  /provider_icons:\n", new: `  /organizations/{id}/things:
    get:
      operationId: listThings
      tags: [Admin Portal]
      summary: List things
      description: Lists things.
      parameters:
        - {name: id, in: path, required: true, description: Whose., schema: {type: string}}
        - {name: limit, in: query, description: How many., schema: {type: integer}}
      responses:
        '200': {$ref: '#/components/responses/ProviderIconList'}
  /provider_icons:
`})
	made, err := generate(t, document)
	must(t, err)
	dir := t.TempDir()
	write(t, dir, "gen.go", made["gen.go"])
	write(t, dir, "go.mod", read(t, "go.mod"))
	write(t, dir, "go.sum", read(t, "go.sum"))
	if out, err := goTool(dir, "build", "."); err != nil {
		t.Errorf("go build: %v\n%s", err, out)
	}
}

// The SHA-256 of oapi-codegen's own pkg/codegen/templates/client.tmpl.
const stockTemplate = "393820c177b1bcd8a7ae8a39099b4cab95209964bd17d79cb12534f7a65d677c"

func TestStockTemplate(t *testing.T) {
	dir, err := goTool(root, "list", "-m", "-f", "{{.Dir}}", "github.com/oapi-codegen/oapi-codegen/v2")
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, dir)
	}
	stock, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "pkg/codegen/templates/client.tmpl"))
	must(t, err)
	if sum := fmt.Sprintf("%x", sha256.Sum256(stock)); sum != stockTemplate {
		t.Errorf("oapi-codegen's client.tmpl has changed (SHA-256 %s): see what it does now that gen/client.tmpl, made from the old one, should do too, and put the new sum here", sum)
	}
}

// generate returns the files in gen/ when it is made of document.
func generate(t *testing.T, document []byte) (map[string][]byte, error) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"go.mod", "go.sum", "generate.go", "tools.go", "gen/config.yaml", "gen/client.tmpl", "gen/server/config.yaml"} {
		write(t, dir, file, read(t, file))
	}
	write(t, dir, openapiYAML, document)
	if out, err := goTool(dir, "generate", "."); err != nil {
		return nil, fmt.Errorf("go generate: %w\n%s", err, out)
	}
	return tree(t, filepath.Join(dir, "gen")), nil
}

func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[file], err = os.ReadFile(filepath.Join(dir, file))
		}
		return err
	}))
	return files
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	must(t, err)
	return content
}

func write(t *testing.T, dir, file string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, file)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, content, 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func goTool(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}
