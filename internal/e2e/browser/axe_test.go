package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/require"
)

// axe reads what is put into a page to judge it.
func axe(t testing.TB) string {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(require.Module(t, "axe-core"), "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(code)
}

// accessible has axe-core look at the page: whatever it finds fails the test, and so
// does what it cannot tell.
func (b *tab) accessible() {
	b.t.Helper()
	type finding struct {
		ID     string `json:"id"`
		Impact string `json:"impact"`
		Help   string `json:"help"`
		Nodes  []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	}
	type verdict struct {
		Violations []finding `json:"violations"`
		Incomplete []finding `json:"incomplete"`
		Passes     int       `json:"passes"`
	}
	if !evaluate[bool](b, `typeof axe === "object"`) {
		evaluate[bool](b, axe(b.t)+"\n;true")
	}
	v := evaluate[verdict](b, `axe.run(document, {resultTypes: ["violations", "incomplete"]}).then(r => ({
		violations: r.violations, incomplete: r.incomplete, passes: r.passes.length}))`)
	if v.Passes < 10 {
		b.t.Errorf("axe-core judged %s by %d rules only", b.place(), v.Passes)
	}
	for kind, findings := range map[string][]finding{"finds": v.Violations, "cannot tell": v.Incomplete} {
		for _, f := range findings {
			var where []string
			for _, n := range f.Nodes {
				where = append(where, n.HTML+"\n"+n.Summary)
			}
			b.t.Error(quiet(fmt.Sprintf("axe-core %s at %s: %s (%s): %s\n%s", kind, b.place(), f.ID, f.Impact, f.Help, strings.Join(where, "\n"))))
		}
	}
}
