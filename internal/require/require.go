// Package require finds the programs and npm packages that tests of real parts run.
package require

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// LeftOut names the environment variable that may hold the path of a file: what
// installs a part that is missing is added to it, a line each, so that whoever runs
// the tests can say at the end what was left out.
const LeftOut = "ADMINPORTAL_LEFT_OUT"

// Tool returns the path of a program. Where it is not installed the test is
// skipped, and with CI=true it fails.
func Tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name, "apt-get install -y "+debianPackage)
	}
	return path
}

// Module returns the folder of an npm package that internal/tools pins. Where it is
// not installed the test is skipped, and with CI=true it fails.
func Module(t testing.TB, npmPackage string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("no telling where the sources are: test without -trimpath")
	}
	folder := filepath.Join(filepath.Dir(here), "..", "tools", "node_modules", filepath.FromSlash(npmPackage))
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err != nil {
		missing(t, "npm package "+npmPackage, "npm ci --prefix internal/tools")
	}
	return folder
}

func missing(t testing.TB, part, install string) {
	t.Helper()
	message := fmt.Sprintf("%s is not installed: %s", part, install)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	if file := os.Getenv(LeftOut); file != "" {
		note(t, file, install)
	}
	t.Skip(message)
}

func note(t testing.TB, file, install string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintln(f, install)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		t.Fatal(err)
	}
}
