package browser

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The example is a program of its own, built and run as its reader does.
func TestExample(t *testing.T) {
	b := newTab(t)
	program := filepath.Join(t.TempDir(), "settings")
	build := exec.Command("go", "build", "-o", program, "./examples/settings")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WORKOS_") })
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has ended it
	line, err := bufio.NewReader(out).ReadString('\n')
	_, site, found := strings.Cut(strings.TrimSpace(line), "settings page: ")
	if !found {
		t.Fatalf("the example prints %q, %v", line, err)
	}

	b.open(site)
	b.press(button("Sign in as Ada of Acme"))
	b.says("Ada of Acme")
	b.judge()
	for _, f := range features {
		b.press(button(f.button))
		b.find(heading(f.portal))
		b.press(link("Done"))
		b.says("Done: your changes")
	}
	b.press(button("Sign in as Bob of Acme"))
	b.press(button("Configure SSO"))
	b.find(heading("Your account may not open this"))
	b.judge()
	b.press(link("Back to " + strings.TrimPrefix(site, "http://")))
	b.says("Bob of Acme")
}
