// Command docs is make docs: it builds what there is to read into docs/.
//
//   - docs/api.html: the document as one page that asks nothing of the network
//   - docs/godoc/: what go doc says of each package that users import
//
// and it checks that every link between files of this module leads somewhere. What
// it builds is not committed: it is 3 MB, and any change of the document is a change
// of most of it.
package main

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	redocly = "internal/tools/node_modules/.bin/redocly"
	// The very script that the page would fetch, which comes with the program.
	script  = "internal/tools/node_modules/@redocly/cli/lib/chunks/redoc.standalone.js"
	install = "npm ci --prefix internal/tools"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := os.MkdirAll("docs/godoc", 0o755); err != nil {
		return err
	}
	if err := page("docs/api.html"); err != nil {
		return err
	}
	for _, dir := range []string{".", "client", "client/portaltest", "client/portalhttp", "client/redislimit"} {
		out, err := exec.Command("go", "doc", "-all", "./"+dir).Output()
		if err != nil {
			return fmt.Errorf("go doc ./%s: %w", dir, err)
		}
		name := "docs/godoc/" + filepath.Base(dir) + ".txt"
		if dir == "." {
			name = "docs/godoc/adminportal.txt"
		}
		if err := os.WriteFile(name, out, 0o644); err != nil {
			return err
		}
	}
	if dead := deadLinks("."); dead != nil {
		return fmt.Errorf("links that lead nowhere:\n%s", strings.Join(dead, "\n"))
	}
	fmt.Println("docs/api.html and docs/godoc/ are built; open docs/api.html in a browser")
	return nil
}

// page renders the document and puts the script into the page.
func page(name string) error {
	if _, err := os.Stat(redocly); err != nil {
		return errors.New("without Redocly there is no page, and it is not installed: run " + install)
	}
	cmd := exec.Command(redocly, "build-docs", "openapi.yaml", "--output", name)
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("redocly build-docs: %w\n%s", err, out)
	}
	html, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	code, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	if html, err = inline(html, code); err != nil {
		return err
	}
	return os.WriteFile(name, html, 0o644)
}

var (
	preload  = regexp.MustCompile(`<link rel="modulepreload" href="([^"]+)" integrity="sha384-([^"]+)"[^>]*>`)
	external = regexp.MustCompile(`(?:<(?:script|img|iframe|link)\b[^>]*\s(?:src|href)=|\bfrom |\bimport\(|url\()["']?https?://[^"')\s]+`)
)

// inline replaces the address that the page loads its script from by the script,
// after making sure that it is the one that the page was made for.
func inline(html, code []byte) ([]byte, error) {
	m := preload.FindSubmatch(html)
	if m == nil {
		return nil, errors.New("the page names no script to preload: see what redocly build-docs writes now")
	}
	if sum := sha512.Sum384(code); base64.StdEncoding.EncodeToString(sum[:]) != string(m[2]) {
		return nil, fmt.Errorf("%s is not the script that the page asks for", script)
	}
	html = bytes.Replace(html, m[0], nil, 1)
	html = bytes.ReplaceAll(html, m[1], []byte("data:text/javascript;base64,"+base64.StdEncoding.EncodeToString(code)))
	if left := external.Find(html); left != nil {
		return nil, fmt.Errorf("the page would still load %s", left)
	}
	return html, nil
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// deadLinks lists the links in Markdown files whose file is not there. Other sites
// are theirs to keep.
func deadLinks(root string) []string {
	var dead []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		files, _ := filepath.Glob(filepath.Join(root, pattern)) // the pattern is well-formed
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				dead = append(dead, err.Error())
				continue
			}
			for i, line := range strings.Split(string(text), "\n") {
				for _, m := range link.FindAllStringSubmatch(line, -1) {
					target, _, _ := strings.Cut(m[1], "#")
					if target == "" || strings.Contains(target, ":") {
						continue
					}
					if _, err := os.Stat(filepath.Join(filepath.Dir(name), target)); err != nil {
						dead = append(dead, fmt.Sprintf("%s:%d: %s: mend the link, or add the file", name, i+1, m[1]))
					}
				}
			}
		}
	}
	return dead
}
