package browser

import (
	"os/exec"
	"path/filepath"
	"strconv"
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
	follow := func(start string) {
		// Not with the mouse: the list moves under it while the page scrolls.
		evaluate[bool](b, anchor(start)+`.click() ?? true`)
	}
	for tag, operations := range operationsByTag(t) {
		b.until("the page's script", `Object.keys(`+anchor(tag)+` ?? {}).some(k => k.startsWith("__react"))`)
		if !evaluate[bool](b, anchor(operations[0])+` !== undefined`) {
			follow(tag)
		}
		for _, o := range operations {
			b.until("a link to "+o, anchor(o)+` !== undefined`)
			follow(o)
			b.until("the heading "+o, `[...document.querySelectorAll("h1, h2, h3")].some(h => h.innerText.trim() === `+strconv.Quote(o)+`)`)
		}
	}
}

// anchor is the page's link to a tag, or to an operation, whose method follows.
func anchor(name string) string {
	return `[...document.querySelectorAll("a")].find(a => new RegExp("^" + RegExp.escape(` + strconv.Quote(name) + `) + "\\s*(GET|POST)?$").test(a.innerText.trim()))`
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
