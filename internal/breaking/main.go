// Command breaking is make breaking: it compares the work tree with a commit and
// says in words what breaks whom, and which version number follows.
//
// The document is compared by oasdiff and by the facts of package contract, for
// oasdiff lets a 429, a header, a server or a schema's name go (document.go); the Go
// that users import by apidiff, and by the names that its structs have as JSON (code.go).
//
// A change that breaks somebody fails, unless CHANGELOG.md has a new entry in a section
// "### Breaking" under Unreleased: then it is meant, and users are told.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// A change is one thing that is not as it was.
type change struct {
	where string // "document", or a package's folder
	what  string
	whom  string // who breaks by it; empty: nobody
}

func main() {
	base := flag.String("base", "", "the commit to compare with (unless told: the last tag, or the parent commit where there is none)")
	release := flag.String("release", "", "the `version` that is to be released: fail where its number says too little")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/breaking [-base commit] [-release version]\nRun it in the module's folder.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*base, *release); err != nil {
		fmt.Fprintln(os.Stderr, "breaking:", err)
		os.Exit(1)
	}
}

func run(base, release string) error {
	tag, _ := git("describe", "--tags", "--abbrev=0", "--match=v[0-9]*.[0-9]*.[0-9]*", "--exclude=*-*") // an error: there is none
	if release != "" {
		tag = base // the tag that is to be released may stand already
	}
	if base == "" {
		base = tag
	}
	if base == "" {
		base = "HEAD^"
	}
	// Not a commit: nothing to compare with, in the first commit of a repository or in
	// a clone that holds no other.
	if _, err := git("rev-parse", "--verify", "--quiet", base+"^{commit}"); err != nil {
		return fmt.Errorf("no commit %s: name another with BASE=, or fetch it", base)
	}
	if release == "" {
		base = fork(base)
	}
	before, err := git("show", base+":openapi.yaml")
	if err != nil {
		return fmt.Errorf("openapi.yaml at %s: %w", base, err)
	}
	now, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return err
	}
	changes, err := documentChanges([]byte(before+"\n"), now)
	if err != nil {
		return err
	}
	code, err := codeChanges(base)
	changes = append(changes, code...)
	if err != nil {
		table(base, changes) // what is known is said
		return fmt.Errorf("no verdict, for the code is not compared: %w", err)
	}
	broken := report(base, tag, changes)
	if release != "" {
		if err := saysEnough(release, tag, broken > 0, len(changes) > 0); err != nil {
			return err
		}
	}
	if broken == 0 || intended(base, release) {
		return nil
	}
	if release != "" {
		return fmt.Errorf("%s somebody: say so in CHANGELOG.md in a section \"### Breaking\" of the release", count(broken))
	}
	return fmt.Errorf("%s somebody: take that back, or, if it is meant, say so in CHANGELOG.md, in a new entry of a section \"### Breaking\" under Unreleased", count(broken))
}

// report tells the changes and the version that follows, and counts those that break
// somebody.
func report(base, tag string, changes []change) (broken int) {
	broken = table(base, changes)
	switch {
	case broken > 0:
		fmt.Printf("\n%s somebody.\n", count(broken))
	case len(changes) > 0:
		fmt.Println("Nothing breaks. New:")
		for _, c := range changes {
			fmt.Printf("  %s: %s\n", c.where, c.what)
		}
	default:
		fmt.Println("Nothing breaks, and nothing is added.")
	}
	fmt.Printf("The version that follows: %s.\n", next(tag, broken > 0, len(changes) > 0))
	return broken
}

// table tells the changes that break somebody, and counts them.
func table(base string, changes []change) (broken int) {
	fmt.Printf("Compared with %s:\n\n", base)
	rows := []change{{"WHERE", "WHAT", "WHOM IT BREAKS"}}
	where, what := 0, 0
	for _, c := range changes {
		if c.whom != "" {
			rows = append(rows, c)
		}
	}
	if len(rows) == 1 {
		return 0
	}
	for _, r := range rows {
		where, what = max(where, len(r.where)), max(what, len(r.what))
	}
	for _, r := range rows {
		fmt.Printf("%-*s  %-*s  %s\n", where, r.where, what, r.what, r.whom)
	}
	return len(rows) - 1
}

func count(broken int) string {
	if broken == 1 {
		return "1 change breaks"
	}
	return fmt.Sprintf("%d changes break", broken)
}

var version = regexp.MustCompile(`^v(\d+)\.(\d+)\.(\d+)(?:$|[,-])`)

// next is the version after tag, by Semantic Versioning; before v1, a minor one may
// break.
func next(tag string, breaks, adds bool) string {
	m := version.FindStringSubmatch(tag)
	if m == nil {
		return "v0.1.0, the first"
	}
	major, _ := strconv.Atoi(m[1]) // digits, all three
	minor, _ := strconv.Atoi(m[2])
	patch, _ := strconv.Atoi(m[3])
	switch {
	case breaks && major > 0:
		return fmt.Sprintf("v%d.0.0, a major one, and the module's path gets /v%[1]d", major+1)
	case breaks:
		return fmt.Sprintf("v0.%d.0, a minor one, which may break before v1", minor+1)
	case adds:
		return fmt.Sprintf("v%d.%d.0, a minor one", major, minor+1)
	}
	return fmt.Sprintf("v%d.%d.%d, a patch", major, minor, patch+1)
}

// saysEnough holds the number of a release against what the changes since tag ask for,
// which is the least: more may always be said.
func saysEnough(release, tag string, breaks, adds bool) error {
	is, want := version.FindStringSubmatch(release), version.FindStringSubmatch(next(tag, breaks, adds))
	if is == nil || want == nil {
		return fmt.Errorf("%q after %q: give two versions like v1.2.3", release, tag)
	}
	for i := 1; i <= 3; i++ {
		a, _ := strconv.Atoi(is[i]) // digits, all three
		b, _ := strconv.Atoi(want[i])
		if a > b {
			return nil
		}
		if a < b {
			return fmt.Errorf("%s says too little: what changed since %s is at least %s", release, tag, next(tag, breaks, adds))
		}
	}
	return nil
}

// fork is where HEAD left base, and base itself where HEAD holds all of it: what base
// got since then, the branch has not taken away.
func fork(base string) string {
	if _, err := git("merge-base", "--is-ancestor", base, "HEAD"); err != nil {
		if left, err := git("merge-base", base, "HEAD"); err == nil {
			return left
		}
	}
	return base
}

// intended tells whether the changelog owns up to a break, under the release's heading
// or, where there is none, under Unreleased: there what stood at the base already is of
// an earlier one.
func intended(base, release string) bool {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return false
	}
	if release != "" {
		return len(breakingNotes(string(text), strings.TrimPrefix(release, "v"))) > 0
	}
	before, _ := git("show", base+":CHANGELOG.md") // an error: there was none
	old := breakingNotes(before, "Unreleased")
	return slices.ContainsFunc(breakingNotes(string(text), "Unreleased"), func(note string) bool { return !slices.Contains(old, note) })
}

// breakingNotes are the entries of a heading's section "### Breaking".
func breakingNotes(changelog, heading string) []string {
	changelog = comments.ReplaceAllString(changelog, "")
	_, section, _ := strings.Cut(changelog, "\n## ["+heading+"]")
	section, _, _ = strings.Cut(section, "\n## ")
	_, section, _ = strings.Cut(section, "\n### Breaking\n")
	section, _, _ = strings.Cut(section, "\n### ")
	return entries.FindAllString(section, -1)
}

var (
	comments = regexp.MustCompile(`(?s)<!--.*?-->`)
	entries  = regexp.MustCompile(`(?m)^[-*] +\S.*$`)
)

func git(args ...string) (string, error) { return output(".", "git", args...) }

// output runs a program in dir and returns what it prints.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, complaint.Bytes())
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// tool returns where the go command keeps a tool of internal/tools, built.
func tool(name string) (string, error) {
	return output(".", "go", "tool", "-modfile=internal/tools/go.mod", "-n", name)
}

func read(name string, data []byte) (*contract.Document, error) {
	doc, findings := contract.Read(name, data)
	var errs []error
	for _, f := range findings {
		errs = append(errs, errors.New(f.String()))
	}
	return doc, errors.Join(errs...)
}
