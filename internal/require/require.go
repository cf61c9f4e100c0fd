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

// leftOut names the environment variable with the path of a file. make test reads from it what
// installs the missing parts, a command on each line.
const leftOut = "ADMINPORTAL_LEFT_OUT"

const npmInstall = "npm ci --prefix internal/tools"

// Tool returns the path of a program. Where the program is not installed, the test is skipped;
// with CI=true it fails.
func Tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		install := "apt-get install -y " + debianPackage
		if name == "node" { // all that it runs here comes from npm
			install += " && " + npmInstall
		}
		missing(t, name, install)
	}
	return path
}

// Module returns the folder of an npm package that internal/tools pins. Where the package is not
// installed, the test is skipped; with CI=true it fails.
func Module(t testing.TB, npmPackage string) string {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("the path of the sources is unknown: run the test without -trimpath")
	}
	folder := filepath.Join(filepath.Dir(here), "..", "tools", "node_modules", filepath.FromSlash(npmPackage))
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err != nil {
		missing(t, "npm package "+npmPackage, npmInstall)
	}
	return folder
}

func missing(t testing.TB, part, install string) {
	t.Helper()
	message := fmt.Sprintf("%s is not installed: %s", part, install)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	if name := os.Getenv(leftOut); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := fmt.Fprintln(f, install); err != nil {
			t.Fatal(err)
		}
	}
	t.Skip(message)
}
