package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const ready = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-24

### Breaking

- A field is gone.

### Added

- More.

## [0.1.0] - 2026-11-01

### Added

- Everything.

[Unreleased]: https://github.com/adminportal-go/adminportal/compare/v0.2.0...HEAD
[0.2.0]: https://github.com/adminportal-go/adminportal/compare/v0.1.0...v0.2.0
[0.1.0]: https://github.com/adminportal-go/adminportal/releases/tag/v0.1.0
`

var today = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestReadyFor(t *testing.T) {
	for _, tt := range []struct {
		name, tag, old, now, want string // old becomes now; want: the findings, empty for none
	}{
		{name: "ready", tag: "v0.2.0"},
		{"no tag of a release", "0.2.0", "", "", `CHANGELOG.md:1: "0.2.0" is no tag`},
		{"leading zero", "v0.02.0", "", "", `CHANGELOG.md:1: "v0.02.0" is no tag`},
		{"another path", "v2.0.0", "0.2.0", "2.0.0", "CHANGELOG.md:1: v2.0.0 is for a module whose path ends in /v2"},
		{"another version", "v0.3.0", "", "", "CHANGELOG.md:3: no heading ## [0.3.0] - 2026-11-24"},
		{"an older version", "v0.1.0", "", "", "CHANGELOG.md:3: no heading ## [0.1.0]"},
		{"something unreleased", "v0.2.0", "## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- It.\n", "CHANGELOG.md:5: a change that is not released"},
		{"no Unreleased", "v0.2.0", "## [Unreleased]\n", "", "CHANGELOG.md:1: no heading ## [Unreleased]"},
		{"Unreleased below", "v0.2.0", "## [0.1.0]", "## [Unreleased]\n\n## [0.1.0]", "CHANGELOG.md:15: Unreleased stands once"},
		{"no date", "v0.2.0", " - 2026-11-24", "", "CHANGELOG.md:5: 0.2.0 has no date"},
		{"no such day", "v0.2.0", "2026-11-24", "2026-11-31", "CHANGELOG.md:5: 0.2.0 has no date"},
		{"a date to come", "v0.2.0", "2026-11-24", "2027-11-24", "CHANGELOG.md:5: 0.2.0 is dated 2027-11-24, which is yet to come"},
		{"a date before the one before", "v0.2.0", "2026-11-24", "2026-10-24", "CHANGELOG.md:5: 0.2.0 is dated before 0.1.0"},
		{"another dash", "v0.2.0", "] - 2026-11-24", "] – 2026-11-24", `CHANGELOG.md:5: "## [0.2.0] – 2026-11-24" is no heading`},
		{"order", "v0.2.0", "0.1.0", "0.3.0", "CHANGELOG.md:15: 0.3.0 stands below 0.2.0"},
		{"a kind of its own", "v0.2.0", "### Added", "### New", `CHANGELOG.md:11: "New" is no kind of change`},
		{"an empty kind", "v0.2.0", "- More.\n", "", "CHANGELOG.md:11: nothing under ### Added"},
		{"under no heading", "v0.2.0", "### Breaking\n\n", "", "CHANGELOG.md:7: a change under no heading"},
		{"nothing", "v0.2.0", "### Breaking\n\n- A field is gone.\n\n### Added\n\n- More.\n\n", "", "CHANGELOG.md:5: nothing changed in 0.2.0"},
		{"link lost", "v0.2.0", "[0.2.0]: https", "[0.2.0] https", `CHANGELOG.md:5: [0.2.0] leads to "": write [0.2.0]: https://github.com/adminportal-go/adminportal/compare/v0.1.0...v0.2.0 at the end`},
		{"link stayed", "v0.2.0", "v0.2.0...HEAD", "v0.1.0...HEAD", `CHANGELOG.md:21: [Unreleased] leads to "https://github.com/adminportal-go/adminportal/compare/v0.1.0...HEAD": write [Unreleased]: https://github.com/adminportal-go/adminportal/compare/v0.2.0...HEAD at the end`},
		{"link to nowhere", "v0.2.0", "[0.1.0]: https", "[0.0.9]: https://example.com\n[0.1.0]: https", "CHANGELOG.md:23: [0.0.9] is no release"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(ready, tt.old, tt.now)
			if tt.old == "" {
				text = ready
			}
			l, findings := readChangelog(text)
			findings = append(findings, l.readyFor(tt.tag, today)...)
			if tt.want == "" && len(findings) > 0 || tt.want != "" && !slices.ContainsFunc(findings, func(f finding) bool { return strings.HasPrefix(f.String(), tt.want) }) {
				t.Errorf("findings = %v, want %q", findings, tt.want)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	l, _ := readChangelog(ready)
	if got, want := l.notes("v0.2.0"), "### Breaking\n\n- A field is gone.\n\n### Added\n\n- More.\n"; got != want {
		t.Errorf("notes(v0.2.0) = %q, want %q", got, want)
	}
	if got, want := l.notes("v0.1.0"), "### Added\n\n- Everything.\n"; got != want {
		t.Errorf("notes(v0.1.0) = %q, want %q", got, want)
	}
}

// Our own changelog is always one that can become a release by moving its top.
func TestChangelog(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", changelog))
	if err != nil {
		t.Fatal(err)
	}
	_, findings := readChangelog(string(text))
	for _, f := range findings {
		t.Error(f)
	}
}

func TestVersions(t *testing.T) {
	inOrder := []string{"v0.1.0-rc.1", "v0.1.0", "v0.1.1", "v0.2.0", "v0.10.0", "v1.0.0"}
	for i, a := range inOrder {
		for j, b := range inOrder {
			v, ok := parseVersion(a)
			w, okToo := parseVersion(b)
			if !ok || !okToo || v.less(w) != (i < j) {
				t.Errorf("%s before %s = %v, want %v", a, b, v.less(w), i < j)
			}
		}
	}
	for _, tag := range []string{"", "v1", "v1.2", "1.2.3", "v1.2.3.4", "v01.2.3", "v1.2.3-", "v1.2.3 ", "v99999999999999999999.0.0"} {
		if v, ok := parseVersion(tag); ok {
			t.Errorf("parseVersion(%q) = %v, want none", tag, v)
		}
	}
}
