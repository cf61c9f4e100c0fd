package browser

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/internal/require"
)

// The document as a page opens as a file, offline, has every operation, and asks
// nothing of anyone.
func TestDocumentAsAPage(t *testing.T) {
	t.Parallel()
	require.Module(t, "@redocly/cli")
	dir := filepath.Join(scratch, "docs")
	cmd := exec.Command("go", "run", "./internal/docs", "-dir", dir)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go run ./internal/docs: %v\n%s", err, out)
	}

	b := newTab(t)
	b.foreign = true
	b.open("file://" + filepath.ToSlash(dir) + "/api.html")
	for tag, operations := range operationsByTag(t) {
		b.until("the page's script", `[...document.querySelectorAll("a")].some(a => a.innerText.trim() === `+quoted(tag)+` && Object.keys(a).some(k => k.startsWith("__react")))`)
		b.click(link(tag), 1)
		for _, o := range operations {
			b.until("a link to "+o, `[...document.querySelectorAll("a")].some(a => a.innerText.startsWith(`+quoted(o)+`))`)
			b.click(b.linkThatStarts(o), 1)
			b.until("the heading "+o, `[...document.querySelectorAll("h1, h2, h3")].some(h => h.innerText.trim() === `+quoted(o)+`)`)
		}
	}
}

func (b *tab) linkThatStarts(start string) way {
	b.t.Helper()
	for _, n := range b.all(way{role: "link"}) {
		if name := said(n.Name); strings.HasPrefix(name, start) {
			return link(name)
		}
	}
	b.t.Fatalf("%s has no link %q; it has %s", b.place(), start, b.everything("link"))
	return way{}
}

// until waits for what an expression says of the page.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	if !evaluate[bool](b, `new Promise(resolve => {
		const end = performance.now() + `+strconv.Itoa(int((patience/2).Milliseconds()))+`;
		const look = () => (`+expression+`) ? resolve(true) : performance.now() > end ? resolve(false) : setTimeout(look, 20);
		look();
	})`) {
		b.t.Fatalf("%s is not there at %s", what, b.place())
	}
}

func quoted(s string) string { return strconv.Quote(s) }

// operationsByTag are the operations' headings.
func operationsByTag(t *testing.T) map[string][]string {
	t.Helper()
	type operation struct {
		Tags    []string `yaml:"tags"`
		Summary string   `yaml:"summary"`
	}
	var doc struct {
		Paths map[string]struct {
			Get  *operation `yaml:"get"`
			Post *operation `yaml:"post"`
		} `yaml:"paths"`
	}
	if err := yaml.Unmarshal(adminportal.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	found, n := map[string][]string{}, 0
	for _, item := range doc.Paths {
		for _, o := range []*operation{item.Get, item.Post} {
			if o != nil {
				found[o.Tags[0]] = append(found[o.Tags[0]], o.Summary)
				n++
			}
		}
	}
	if n < 4 {
		t.Fatalf("operations of the document = %v, want 4 or more", found)
	}
	return found
}
