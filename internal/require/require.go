// Package require finds the programs that tests of real parts run.
package require

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// LeftOut names the environment variable that may hold the path of a file: the
// Debian package of every part that is missing is added to it, a line each, so that
// whoever runs the tests can say at the end what was left out.
const LeftOut = "ADMINPORTAL_LEFT_OUT"

// Tool returns the path of a program. Where it is not installed the test is
// skipped, and with CI=true it fails.
func Tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	missing := fmt.Sprintf("%s is not installed: apt-get install -y %s", name, debianPackage)
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	note(t, debianPackage)
	t.Skip(missing)
	return ""
}

func note(t testing.TB, debianPackage string) {
	t.Helper()
	file := os.Getenv(LeftOut)
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintln(f, debianPackage)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		t.Fatal(err)
	}
}
