// Command speccheck is make spec: it judges openapi.yaml, and what was made from
// it, and prints each finding as
//
//	file:line: what is wrong, and what to do
//
// It reads the document itself (package contract), holds it against the facts in
// contract.txt and against how we write it (ours.go a line, whole.go the whole), and
// asks three judges who know nothing of each other: kin-openapi (kin.go), Redocly and
// Spectral (linters.go). Then it runs the tests that hold the code to the document
// (code.go).
//
// With file names, it judges those documents instead, and no code.
package main

import (
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// What the document must say, come what may. See its own remarks.
//
//go:embed contract.txt
var promises string

const source = "put it back, or, if WorkOS changed it, change internal/speccheck/contract.txt too"

func main() {
	facts := flag.Bool("facts", false, "print what the document promises, in the form of contract.txt, and judge nothing")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/speccheck [-facts] [document…]\nRun it in the module's folder.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*facts, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "speccheck:", err)
		os.Exit(1)
	}
}

func run(facts bool, files []string) error {
	withCode := len(files) == 0
	if withCode {
		files = []string{"openapi.yaml"}
	}
	if facts {
		return printFacts(files)
	}
	var code []contract.Finding
	var codeErr error
	var wg sync.WaitGroup
	if withCode {
		data, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		doc, _ := contract.Read(files[0], data) // what keeps it from being read, judge says
		if doc != nil {
			wg.Go(func() { code, codeErr = judgeCode(doc) })
		}
	}
	findings, err := judge(files)
	wg.Wait()
	findings = slices.Concat(overruled("."), findings, code)
	for _, f := range findings {
		fmt.Println(f)
	}
	if err = cmp.Or(err, codeErr); err != nil {
		return err
	}
	switch len(findings) {
	case 0:
		return nil
	case 1:
		return errors.New("1 finding")
	default:
		return fmt.Errorf("%d findings", len(findings))
	}
}

// judge holds each document against everything that is known here, and lists what
// it found in the order of the lines.
//
// One finding a line: several judges mostly mean the same mistake, and the first to
// speak is the one with the clearest words.
func judge(files []string) ([]contract.Finding, error) {
	var findings []contract.Finding
	docs := map[string]*contract.Document{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if hidden := unseen(name, data); hidden != nil {
			findings = append(findings, hidden...)
			continue
		}
		doc, unreadable := contract.Read(name, data)
		if doc == nil {
			// What can't be read is judged no further: the rest would only guess.
			findings = append(findings, unreadable...)
			continue
		}
		docs[name] = doc
	}
	// A linter that fails leaves what the others say.
	linted, err := lint(docs)
	for _, name := range files {
		if doc := docs[name]; doc != nil {
			findings = append(findings, causes(slices.Concat(
				doc.Missing(contract.ParseFacts(promises), source), ours(doc), whole(doc), linted[name], kin(doc),
			))...)
		}
	}
	slices.SortStableFunc(findings, func(a, b contract.Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.CompactFunc(findings, func(a, b contract.Finding) bool {
		return a.File == b.File && a.Line == b.Line
	}), err
}

// causes leaves out what only follows from something else: of a schema that is none,
// every example that it is held against; of an example, that kin-openapi, which knows
// its place less well, says again what a linter has said.
func causes(findings []contract.Finding) []contract.Finding {
	follows := func(f contract.Finding) bool { return consequence.MatchString(f.What) }
	if all := slices.DeleteFunc(slices.Clone(findings), follows); len(all) > 0 {
		findings = all
	}
	if slices.ContainsFunc(findings, func(f contract.Finding) bool { return strings.HasSuffix(f.What, mendExample) }) {
		findings = slices.DeleteFunc(findings, func(f contract.Finding) bool { return again.MatchString(f.What) })
	}
	return findings
}

var (
	consequence = regexp.MustCompile(`schema is invalid|JSONType`)
	again       = regexp.MustCompile(`invalid example.*\(kin-openapi\)$`)
)

func printFacts(files []string) error {
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		doc, findings := contract.Read(name, data)
		if doc == nil {
			return fmt.Errorf("%v", findings)
		}
		for _, f := range slices.Concat(doc.Facts(), doc.Asides()) {
			fmt.Println(f)
		}
	}
	return nil
}
