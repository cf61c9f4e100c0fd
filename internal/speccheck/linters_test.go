package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// A pattern that backtracks keeps Node busy for longer than anyone waits.
func TestLinterWithoutEnd(t *testing.T) {
	needLinters(t)
	t.Parallel()
	name := filepath.Join(t.TempDir(), "openapi.yaml")
	text := strings.Replace(readFile(t, "openapi.yaml"), "          example: okta\n", "          example: "+strings.Repeat("a", 40)+"1\n          pattern: ^([a-z]+)+$\n", 1)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, unreadable := contract.Read(name, []byte(text))
	if unreadable != nil {
		t.Fatal(unreadable)
	}
	spectral := linters[slices.IndexFunc(linters, func(l linter) bool { return l.name == "spectral" })]
	spectral.patience = 5 * time.Second
	findings, err := spectral.run(map[string]*contract.Document{name: doc})
	if err != nil {
		t.Fatal(err)
	}
	if of := findings[name]; len(of) != 1 || !strings.Contains(of[0].What, "does not come to an end with this") {
		t.Errorf("run() = %v", of)
	}
}

func TestOverruled(t *testing.T) {
	if findings := overruled("."); findings != nil {
		t.Errorf("here: %v", findings)
	}
	dir := t.TempDir()
	for _, name := range []string{".redocly.lint-ignore.yaml", "openapi.yaml", "redocly.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, f := range overruled(dir) {
		got = append(got, f.File)
	}
	if want := []string{"redocly.yaml", ".redocly.lint-ignore.yaml"}; !slices.Equal(got, want) {
		t.Errorf("overruled() = %q, want %q", got, want)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
