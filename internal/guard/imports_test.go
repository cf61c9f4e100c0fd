package guard

import (
	"slices"
	"strings"
	"testing"
)

// A rule says what a package may have to do with others. Packages of ours go by
// their folder, the root package by ".".
type rule struct {
	imports []string // of ours, and no more than these
	links   []string // of other modules, exactly these; nil: whatever it needs
	never   []string // import paths that it links under no circumstances
	later   bool     // need not exist yet
}

// What the generated client needs. A line more here is a package more in every
// binary that imports client.
var genLinks = []string{
	"github.com/apapsch/go-jsonmerge/v2",
	"github.com/google/uuid",
	"github.com/oapi-codegen/runtime",
	"github.com/oapi-codegen/runtime/types",
}

// nothing differs from nil, which would be no rule.
var nothing = []string{}

// rules has every package but those under internal/ that serve this repository's
// maintainers: they may import what they like, and since none of them stands here,
// nothing that users import may import them.
var rules = map[string]rule{
	".":          {links: nothing},
	"gen":        {links: genLinks},
	"gen/server": {imports: []string{"gen"}},
	"client":     {imports: []string{"gen"}, links: genLinks},
	"client/portaltest": {
		imports: []string{".", "gen", "gen/server"},
		// A fake that used the client would share its mistakes, and the command,
		// which serves the fake, has no use for test flags.
		never: []string{module + "/client", "testing"},
	},
	"client/portalhttp": {imports: []string{"client"}, links: genLinks},
	"client/redislimit": {},
	"cmd/adminportal": {
		imports: []string{"client", "client/portalhttp", "client/portaltest", "internal/demo"},
		never:   []string{"testing"},
	},
	"internal/demo": {
		imports: []string{"client", "client/portalhttp", "client/portaltest"},
		never:   []string{"testing"},
	},
	"examples/settings": {
		imports: []string{"client", "client/portalhttp", "client/portaltest"},
		later:   true,
	},
}

func TestEveryPackageHasARule(t *testing.T) {
	have := ourPackages(t)
	for dir := range have {
		if _, ok := rules[dir]; !ok && !isInternal(dir) {
			t.Errorf("package %s has no rule: say in imports_test.go what it may import", dir)
		}
	}
	for dir, r := range rules {
		if _, ok := have[dir]; !ok && !r.later {
			t.Errorf("package %s does not exist", dir)
		}
	}
}

func TestImports(t *testing.T) {
	for dir, p := range ourPackages(t) {
		r, ok := rules[dir]
		if !ok && isInternal(dir) {
			continue
		}
		may := r.imports
		for _, path := range p.Imports {
			if other, ok := folder(path); ok && !slices.Contains(may, other) {
				t.Errorf("%s imports %s; of ours it may import %s", dir, other, words(may))
			}
		}
	}
}

func TestLinks(t *testing.T) {
	for dir, p := range ourPackages(t) {
		r := rules[dir]
		var links []string
		for _, path := range p.Deps {
			if slices.Contains(r.never, path) {
				t.Errorf("%s links %s, which it never may: go list -deps ./%[1]s", dir, path)
			}
			if strings.HasPrefix(path, generator) {
				t.Errorf("%s links the generator", dir)
			}
			if _, ours := folder(path); !ours && !isStandard(t, path) {
				links = append(links, path)
			}
		}
		slices.Sort(links)
		if r.links != nil && !slices.Equal(links, r.links) {
			t.Errorf("%s links %s of other modules, want %s", dir, words(links), words(r.links))
		}
	}
}

func isInternal(dir string) bool { return strings.HasPrefix(dir, "internal/") }

func words(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
