package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/internal/contract/edit"
)

// The document and the tools are named from the module's folder.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestBreakingEditsAreNamed(t *testing.T) {
	for _, e := range edits(t, "internal/breaking/testdata/breaking") {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			var said []string
			for _, c := range changesOf(t, e) {
				if c.whom != "" {
					said = append(said, c.what+" | "+c.whom)
				}
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, e.Want) {
				t.Errorf("%s: said\n%s\nwant %s", e.Why, all, e.Want)
			}
		})
	}
}

// The edits that make spec lets pass break nobody either.
func TestGoodEditsBreakNobody(t *testing.T) {
	for _, e := range edits(t, "internal/speccheck/testdata/good") {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range changesOf(t, e) {
				if c.whom != "" {
					t.Errorf("%s: %s breaks %s", e.Why, c.what, c.whom)
				}
			}
		})
	}
}

func edits(t *testing.T, folder string) []edit.Edit {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs oasdiff")
	}
	return edit.All(t, "openapi.yaml", folder)
}

func changesOf(t *testing.T, e edit.Edit) []change {
	t.Helper()
	before, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(e.File)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := documentChanges(before, now)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestParseAPIDiff(t *testing.T) {
	const out = `Incompatible changes:
- IntentSSO: removed
- Client.Do: changed from func() to func(int)
Compatible changes:
- IntentX: added
`
	got := parseAPIDiff(out, "client", "users")
	want := []change{
		{"client", "IntentSSO: removed", "users"},
		{"client", "Client.Do: changed from func() to func(int)", "users"},
		{"client", "IntentX: added", ""},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("parseAPIDiff() = %v, want %v", got, want)
	}
}

func TestJSONNamesAreCompared(t *testing.T) {
	names := func(source string) map[string]string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte("package x\n"+source), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := jsonNames(dir)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	was := names("type Icon struct {\nID, Kind string `json:\"id\"`\nName string `json:\"name\" xml:\"n\"`\nOld string\nhidden string `json:\"a\"`\n}\ntype own struct { A string `json:\"a\"` }")
	is := names("type Icon struct {\nID, Kind string `json:\"id\"`\nName string `json:\"name,omitempty\" xml:\"m\"`\nhidden string `json:\"b\"`\n}\ntype own struct { A string `json:\"b\"` }")
	want := []change{{"client", `Icon.Name: its JSON is "name,omitempty" and was "name"`, "who keeps it as JSON, or sends it on"}}
	if got := nameChanges(was, is, "client"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("nameChanges() = %v, want %v", got, want)
	}
}

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		tag          string
		breaks, adds bool
		want         string
	}{
		{"", true, true, "v0.1.0, the first"},
		{"v0.3.1", true, true, "v0.4.0, a minor one, which may break before v1"},
		{"v0.3.1", false, true, "v0.4.0, a minor one"},
		{"v0.3.1", false, false, "v0.3.2, a patch"},
		{"v1.2.3", true, false, "v2.0.0, a major one, and the module's path gets /v2"},
		{"v1.2.3", false, true, "v1.3.0, a minor one"},
	} {
		if got := next(tt.tag, tt.breaks, tt.adds); got != tt.want {
			t.Errorf("next(%q, %v, %v) = %q, want %q", tt.tag, tt.breaks, tt.adds, got, tt.want)
		}
	}
}

func TestSaysEnough(t *testing.T) {
	for _, tt := range []struct {
		tag          string
		breaks, adds bool
		enough, not  string
	}{
		{"v0.3.1", true, true, "v0.4.0", "v0.3.2"},
		{"v0.3.1", true, true, "v1.0.0", "v0.3.1"},
		{"v0.3.1", false, true, "v0.4.0", "v0.3.9"},
		{"v0.3.1", false, false, "v0.3.2", "v0.3.1"},
		{"v0.3.9", false, false, "v0.3.10", "v0.3.9"},
		{"v1.2.3", true, false, "v2.0.0", "v1.9.9"},
	} {
		if err := saysEnough(tt.enough, tt.tag, tt.breaks, tt.adds); err != nil {
			t.Errorf("%s after %s: %v", tt.enough, tt.tag, err)
		}
		if err := saysEnough(tt.not, tt.tag, tt.breaks, tt.adds); err == nil {
			t.Errorf("%s after %s passes (breaks: %v, adds: %v)", tt.not, tt.tag, tt.breaks, tt.adds)
		}
	}
}

func TestBreakingNotes(t *testing.T) {
	const released = "\n## [0.1.0] - 2026-11-01\n\n### Breaking\n\n- An old one.\n"
	for _, tt := range []struct {
		name, changelog string
		want            []string
	}{
		{"nothing new", "# Changelog\n\n## [Unreleased]\n" + released, nil},
		{"an addition", "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- More.\n" + released, nil},
		{"a break", "# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- A field is gone.\n\n### Fixed\n\n- A slip.\n" + released, []string{"- A field is gone."}},
		{"written another way", "# Changelog\n\n## [Unreleased]\n\n### Breaking\nMind:\n\n\n* A field is gone.\n- One more.\n" + released, []string{"* A field is gone.", "- One more."}},
		{"a heading and nothing under it", "# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n" + released, nil},
		{"a remark", "# Changelog\n\n## [Unreleased]\n<!--\n### Breaking\n\n- Not yet.\n-->\n" + released, nil},
	} {
		if got := breakingNotes(tt.changelog, "Unreleased"); !slices.Equal(got, tt.want) {
			t.Errorf("%s: breakingNotes() = %q, want %q", tt.name, got, tt.want)
		}
		if len(breakingNotes(tt.changelog, "0.1.0")) != 1 {
			t.Errorf("%s: the release's own break is not found", tt.name)
		}
	}
}

// An entry excuses the break that it came with, and no later one; and a branch is not
// blamed for what its base got since.
func TestBaseOfABranch(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(args ...string) string {
		t.Helper()
		out, err := git(append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	commit := func(changelog string) string {
		t.Helper()
		if err := os.WriteFile("CHANGELOG.md", []byte(changelog), 0o600); err != nil {
			t.Fatal(err)
		}
		run("add", ".")
		run("commit", "-q", "-m", "x")
		return run("rev-parse", "HEAD")
	}
	const first = "# Changelog\n\n## [Unreleased]\n\n### Breaking\n\n- A field is gone.\n"
	run("init", "-q", "-b", "main")
	left := commit(first)
	commit(first + "- Another is gone.\n")
	if !intended(left, "") {
		t.Error("a new entry is not seen")
	}
	if intended("HEAD", "") {
		t.Error("an entry of the base excuses a break")
	}
	if got := fork("HEAD~1"); got != "HEAD~1" {
		t.Errorf("fork(HEAD~1) = %s, want it as it is named", got)
	}
	run("switch", "-q", "-c", "branch", left)
	commit(first + "- A third is gone.\n")
	if got := fork("main"); got != left {
		t.Errorf("fork(main) = %s, want %s, where the branch left it", got, left)
	}
}

// What the facts add to what oasdiff says, and what they leave alone.
func TestFactsAddToOasdiff(t *testing.T) {
	const small = `openapi: 3.0.3
servers:
  - url: https://a.example
security:
  - key: []
paths:
  /things:
    post:
      operationId: makeThing
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/Order'
      responses:
        '200':
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Thing'
components:
  schemas:
    Order:
      type: object
      properties:
        part:
          $ref: '#/components/schemas/Part'
    Part:
      type: object
    Thing:
      type: object
      properties:
        size:
          type: string
`
	said := []change{{"document", "the response's property `size` changed", "services"}}
	for _, tt := range []struct {
		name, old, now string
		listed         []change
		want           string
	}{
		{"one more server", "  - url: https://a.example\n", "  - url: https://a.example\n  - url: https://b.example\n", nil, ""},
		{"another server first", "  - url: https://a.example\n", "  - url: https://b.example\n  - url: https://a.example\n", nil, `POST /things server is "https://b.example or https://a.example" and was "https://a.example"`},
		{"one more key", "  - key: []\n", "  - key: []\n  - other: []\n", nil, ""},
		{"closed within a request", "    Part:\n      type: object\n", "    Part:\n      type: object\n      additionalProperties: false\n", nil, "Part takes no other fields any more"},
		{"closed in an answer", "    Thing:\n      type: object\n", "    Thing:\n      type: object\n      additionalProperties: false\n", nil, ""},
		{"another kind", "type: string", "type: integer", nil, `Thing.size is "optional integer" and was "optional string"`},
		{"another kind, spoken of", "type: string", "type: integer", said, ""},
		{"a body that may be left out", "      requestBody:\n        required: true\n", "      requestBody:\n", nil, ""},
		{"another amount", "type: string", "type: string\n          maxLength: 3", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was, err := read("was", []byte(small))
			if err != nil {
				t.Fatal(err)
			}
			is, err := read("is", []byte(strings.Replace(small, tt.old, tt.now, 1)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range factChanges(was, is, tt.listed) {
				if c.whom != "" {
					got = append(got, c.what)
				}
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("factChanges() = %q, want %q", got, tt.want)
			}
		})
	}
}
