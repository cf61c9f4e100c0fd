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
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	redocly = "internal/tools/node_modules/.bin/redocly"
	// The very script that the page would fetch, which comes with the program.
	script  = "internal/tools/node_modules/@redocly/cli/lib/chunks/redoc.standalone.js"
	install = "npm ci --prefix internal/tools"
)

func main() {
	dir := flag.String("dir", "docs", "the `folder` that gets what is built")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(docs string) error {
	if err := os.MkdirAll(filepath.Join(docs, "godoc"), 0o755); err != nil {
		return err
	}
	if err := page(filepath.Join(docs, "api.html")); err != nil {
		return err
	}
	for _, dir := range []string{".", "client", "client/portaltest", "client/portalhttp", "client/redislimit"} {
		out, err := exec.Command("go", "doc", "-all", "./"+dir).Output()
		if err != nil {
			return fmt.Errorf("go doc ./%s: %w", dir, err)
		}
		name := filepath.Base(dir)
		if dir == "." {
			name = "adminportal"
		}
		if err := os.WriteFile(filepath.Join(docs, "godoc", name+".txt"), out, 0o644); err != nil {
			return err
		}
	}
	if dead := deadLinks("."); dead != nil {
		return fmt.Errorf("links that lead nowhere:\n%s", strings.Join(dead, "\n"))
	}
	fmt.Printf("%[1]s/api.html and %[1]s/godoc/ are built; open %[1]s/api.html in a browser\n", docs)
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
	imports  = regexp.MustCompile(`import (\{[^}]*\}) from "([^"]+)";`)
	external = regexp.MustCompile(`(?:<(?:script|img|iframe|link)\b[^>]*\s(?:src|href)=|\bfrom |\bimport\(|url\()["']?https?://[^"')\s]+`)
)

const (
	// logo is the one thing that the script fetches by itself.
	logo = "https://cdn.redoc.ly/redoc/logo-mini-full.svg"
	// policy holds the page to what it says of itself: what is not in it, it does
	// not get.
	policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ` +
		`script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'">` +
		`<link rel="icon" href="data:,">`
)

// inline replaces the import of the script by the script itself, after making sure
// that it is the one that the page was made for. The page imports it from a blob: a
// data: URL of this length takes Chromium a minute to look at.
func inline(html, code []byte) ([]byte, error) {
	m := preload.FindSubmatch(html)
	if m == nil {
		return nil, errors.New("the page names no script to preload: see what redocly build-docs writes now")
	}
	if sum := sha512.Sum384(code); base64.StdEncoding.EncodeToString(sum[:]) != string(m[2]) {
		return nil, fmt.Errorf("%s is not the script that the page asks for", script)
	}
	html = bytes.Replace(html, m[0], []byte(policy), 1)
	code = bytes.ReplaceAll(code, []byte(logo), []byte("data:,"))
	i := imports.FindSubmatchIndex(html)
	if i == nil || string(html[i[4]:i[5]]) != string(m[1]) {
		return nil, errors.New("the page does not import the script that it preloads: see what redocly build-docs writes now")
	}
	html = slices.Concat(html[:i[0]],
		[]byte(`const code = Uint8Array.from(atob("`+base64.StdEncoding.EncodeToString(code)+`"), (c) => c.charCodeAt(0));
      const `), html[i[2]:i[3]], []byte(` = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));`),
		html[i[1]:])
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
