// Command release judges a release, before and after it is built.
//
//	go run ./internal/release check [-notes file] v1.2.3
//
// says whether CHANGELOG.md is ready for the tag (changelog.go), and whether the number
// is high enough for what changed, which make breaking tells. It can write what the
// changelog says of the version to a file.
//
//	go run ./internal/release verify v1.2.3 folder linux_amd64…
//
// says whether the folder holds what .ci/release makes: for each platform the command,
// which is of this version and of a clean checkout, the list of what it was built from,
// and checksums (verify.go).
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	repository = "https://github.com/adminportal-go/adminportal"
	changelog  = "CHANGELOG.md"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	notes := flags.String("notes", "", "write what the changelog says of the version to this `file`")
	switch {
	case len(args) > 3 && args[0] == "verify":
		return verify(args[1], args[2], args[3:])
	case len(args) > 1 && args[0] == "check":
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() == 1 {
			return check(flags.Arg(0), *notes)
		}
	}
	return errors.New("usage: go run ./internal/release check [-notes file] v1.2.3, or verify v1.2.3 folder linux_amd64…; run it in the module's folder")
}

func check(tag, notes string) error {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	log, findings := readChangelog(string(text))
	findings = append(findings, log.readyFor(tag, time.Now())...)
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		return fmt.Errorf("%s is not ready for %s: %d findings", changelog, tag, len(findings))
	}
	if err := highEnough(tag); err != nil {
		return err
	}
	if notes != "" {
		if err := os.WriteFile(notes, []byte(log.notes(tag)), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%s is ready for %s.\n", changelog, tag)
	return nil
}

// highEnough compares with the release before, by make breaking's verdict.
func highEnough(tag string) error {
	previous, err := previousTag(tag)
	if err != nil || previous == "" {
		return err
	}
	cmd := exec.Command("go", "run", "./internal/breaking", "-base", previous, "-release", tag)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compared with %s: %w", previous, err)
	}
	return nil
}

// previousTag is the last whole release before tag; empty where tag is the first. The tag
// itself may stand already, or not yet.
func previousTag(tag string) (string, error) {
	from := "HEAD"
	if exec.Command("git", "rev-parse", "--verify", "--quiet", "refs/tags/"+tag).Run() == nil {
		from = tag
	}
	out, err := exec.Command("git", "tag", "--merged", from, "--list", "v*").Output()
	if err != nil {
		return "", fmt.Errorf("git tag: %w", err)
	}
	var last version
	var name string
	for t := range strings.FieldsSeq(string(out)) {
		if v, ok := parseVersion(t); ok && v.pre == "" && t != tag && (name == "" || last.less(v)) {
			last, name = v, t
		}
	}
	return name, nil
}

func names(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		all = append(all, filepath.Base(e.Name()))
	}
	return all, nil
}
