package browser

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
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
	cmd := exec.Command(program, "-addr", "127.0.0.1:0")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "WORKOS_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, site, found := strings.Cut(strings.TrimSpace(line), "settings page: ")
	if !found {
		t.Fatalf("the example prints %q, %v", line, err)
	}

	b.open(site)
	b.press(button("Sign in as Ada of Acme"))
	b.says("Ada of Acme")
	b.judge()
	for name, title := range map[string]string{
		"Configure SSO":            "Configure Single Sign-On",
		"Configure Directory Sync": "Configure Directory Sync",
		"Configure Audit Logs":     "Audit Logs",
		"Configure Log Streams":    "Configure Log Streams",
	} {
		b.press(button(name))
		b.find(heading(title))
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
