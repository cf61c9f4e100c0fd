package main

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInline(t *testing.T) {
	code := []byte("export const hydrate = 1")
	sum := sha512.Sum384(code)
	page := func(sum, more string) []byte {
		return []byte(`<head><link rel="modulepreload" href="https://cdn.example.com/a.js" integrity="sha384-` + sum +
			`" crossorigin="anonymous" /></head><script type="module">import { hydrate } from "https://cdn.example.com/a.js";</script>` +
			`<a href="https://example.com/">a link is no request</a>` + more)
	}
	right := base64.StdEncoding.EncodeToString(sum[:])

	got, err := inline(page(right, ""), code)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(got); strings.Contains(s, "cdn.example.com") || !strings.Contains(s, base64.StdEncoding.EncodeToString(code)) ||
		!strings.Contains(s, `const { hydrate } = await import(`) {
		t.Errorf("inline() = %s", s)
	}
	for name, html := range map[string][]byte{
		"another script": page("AAAA", ""),
		"a picture":      page(right, `<img alt="" src="https://example.com/a.png">`),
		"no script":      []byte("<p>"),
		"no import":      bytes.ReplaceAll(page(right, ""), []byte("import {"), []byte("fetch {")),
	} {
		if _, err := inline(html, code); err == nil {
			t.Errorf("%s: inline() = no error", name)
		}
	}
}

func TestDeadLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("[a](a.md#top) [b](https://example.com)\n[c](gone.md)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dead := deadLinks(dir)
	if len(dead) != 1 || !strings.HasSuffix(dead[0], "a.md:2: gone.md: mend the link, or add the file") {
		t.Errorf("deadLinks() = %q", dead)
	}
}
