package browser

import (
	"os"
	"path/filepath"

	"github.com/adminportal-go/adminportal/internal/require"
)

// judge holds a page to what every page must be: accessible, in both color schemes, and no wider than a phone.
func (b *tab) judge() {
	b.t.Helper()
	b.accessible(`{resultTypes: ["violations", "incomplete"]}`)
	b.phone("dark")
	b.accessible(`{runOnly: ["color-contrast"]}`) // the other rules do not depend on the view
	type widths struct{ Page, View float64 }
	if w := evaluate[widths](b, "({Page: document.documentElement.scrollWidth, View: innerWidth})"); w.Page > phoneWidth || w.View != phoneWidth {
		b.t.Errorf("%s scrolls sideways on a phone: %+v, want %d", b.address().Path, w, phoneWidth)
	}
	b.desk("light")
	b.until(`[...document.images].every(i => i.complete)`) // those of that scheme are loaded again
}

// accessible has axe-core judge the page. What it finds, and what it cannot tell, fails the test.
func (b *tab) accessible(options string) {
	b.t.Helper()
	if !evaluate[bool](b, `typeof axe === "object"`) {
		script, err := os.ReadFile(filepath.Join(require.Module(b.t, "axe-core"), "axe.min.js"))
		if err != nil {
			b.t.Fatal(err)
		}
		evaluate[bool](b, string(script)+"\n;true")
	}
	type finding struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Nodes []struct {
			Target []string `json:"target"`
		} `json:"nodes"`
	}
	verdict := evaluate[struct {
		Violations []finding `json:"violations"`
		Incomplete []finding `json:"incomplete"`
		Passes     int       `json:"passes"`
	}](b, `axe.run(document, `+options+`).then(r => ({violations: r.violations, incomplete: r.incomplete, passes: r.passes.length}))`)
	if verdict.Passes == 0 {
		b.t.Errorf("axe-core judged nothing at %s", b.address().Path)
	}
	for _, f := range append(verdict.Violations, verdict.Incomplete...) {
		b.t.Errorf("axe-core at %s: %s: %s: %v", b.address().Path, f.ID, f.Help, f.Nodes)
	}
}
