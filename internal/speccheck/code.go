package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adminportal-go/adminportal/internal/contract"
)

const module = "github.com/adminportal-go/adminportal"

// The tests that hold the code to the document: gen/ is what go generate makes of
// it, the embedded document is the file, and every status, intent, server and route
// in it is known to the client and to the sandbox.
const documentTests = `Document|Generated`

// judgeCode runs those tests, and makes findings of what they say, at the places that
// doc knows; it may be nil.
func judgeCode(doc *contract.Document) ([]contract.Finding, error) {
	cmd := exec.Command("go", "test", "-json", "-vet=off", "-run", documentTests, ".", "./client/...", "./internal/guard")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	runErr := cmd.Run()
	findings, err := parseTests(&out)
	if err != nil {
		return nil, fmt.Errorf("go test: %w\n%s", err, complaint.Bytes())
	}
	if doc != nil {
		locateFacts(findings, doc)
	}
	if runErr != nil && len(findings) == 0 {
		return nil, fmt.Errorf("go test: %w\n%s", runErr, complaint.Bytes())
	}
	return findings, nil
}

var (
	// kit_test.go:12: what the test says
	testLine = regexp.MustCompile(`^\s+(\w+\.go):(\d+): (.*)`)
	// gen/gen.go:12: what is said of it, or without the line
	ownPlace = regexp.MustCompile(`^([\w./-]+\.(?:go|yaml))(?::(\d+))?: (.*)`)
	// panic: what went wrong, and of the stack below it the first line in a test
	panicLine = regexp.MustCompile(`^panic: (.*?)(?: \[recovered.*)?\n`)
	stackLine = regexp.MustCompile(`/(\w+_test\.go):(\d+) `)
	// the compiler's: gen/gen.go:12:3: what is wrong
	buildLine = regexp.MustCompile(`^([\w./-]+\.go):(\d+):\d+: (.*)`)
)

func parseTests(out io.Reader) ([]contract.Finding, error) {
	type test struct{ Package, Test string }
	said := map[test][]contract.Finding{}
	var findings []contract.Finding
	panicked := ""
	for dec := json.NewDecoder(out); ; {
		var event struct {
			test
			Action, Output string
		}
		if err := dec.Decode(&event); errors.Is(err, io.EOF) {
			return once(findings), nil
		} else if err != nil {
			return nil, err
		}
		switch event.Action {
		case "output":
			dir := strings.TrimPrefix(strings.TrimPrefix(event.Package, module), "/")
			if m := panicLine.FindStringSubmatch(event.Output); m != nil && panicked == "" {
				panicked = m[1]
			} else if m := stackLine.FindStringSubmatch(event.Output); m != nil && panicked != "" {
				said[event.test] = append(said[event.test], place(path.Join(dir, m[1]), m[2], panicked+": this takes for granted what the document has no more; put that back, or mend this"))
				panicked = ""
			} else if m := testLine.FindStringSubmatch(event.Output); m != nil {
				said[event.test] = append(said[event.test], place(path.Join(dir, m[1]), m[2], m[3]))
			}
		case "fail":
			findings = append(findings, said[event.test]...)
		case "build-output":
			if m := buildLine.FindStringSubmatch(strings.TrimPrefix(event.Output, "./")); m != nil {
				findings = append(findings, place(m[1], m[2], m[3]+": it does not compile; bring it up to date with the document"))
			}
		}
	}
}

// once leaves out what was said before: a test may try a thing in two ways, and go
// compiles a package again for each package that tests it.
func once(findings []contract.Finding) []contract.Finding {
	var all []contract.Finding
	for _, f := range findings {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// locateFacts finds the line of findings that begin with what a fact of the document is
// about, such as "POST /portal_links 429: …".
func locateFacts(findings []contract.Finding, doc *contract.Document) {
	facts := map[string]contract.Fact{}
	for _, f := range doc.Facts() {
		facts[f.About] = f
	}
	for i, f := range findings {
		about, _, _ := strings.Cut(f.What, ": ")
		if fact, ok := facts[about]; ok && f.File == doc.Name {
			findings[i] = fact.At(doc, f.What)
		}
	}
}

// place prefers what the test speaks of to where the test is.
func place(file, line, what string) contract.Finding {
	if m := ownPlace.FindStringSubmatch(what); m != nil {
		file, line, what = m[1], m[2], m[3]
	}
	n, _ := strconv.Atoi(line)
	return contract.Finding{File: file, Line: max(n, 1), What: what}
}
