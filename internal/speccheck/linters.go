package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// A linter is a program from npm that reads documents and prints JSON.
type linter struct {
	name string
	args []string // before the names of the documents
	// parse makes findings of what it printed, at the places that docs know.
	parse func(out []byte, docs map[string]*contract.Document) (map[string][]contract.Finding, error)
	// patience is how long to wait for it: seconds are the rule, and a pattern that
	// backtracks could keep it for ever.
	patience time.Duration
}

var linters = []linter{
	// recommended-strict: the plain recommended set only warns of a wrong example.
	{"redocly", []string{"lint", "--extends", "recommended-strict", "--format", "json", "--max-problems", "1000"}, parseRedocly, time.Minute},
	{"spectral", []string{"lint", "--ruleset", ".spectral.yaml", "--fail-severity", "warn", "--format", "json", "--quiet"}, parseSpectral, time.Minute},
}

const (
	tools   = "internal/tools"
	install = "npm ci --prefix " + tools
)

// Files with which Redocly would be told to look away, and takes without being asked.
var overrides = []string{"redocly.yaml", "redocly.yml", ".redocly.yaml", ".redocly.yml", ".redocly.lint-ignore.yaml"}

// overruled finds such files in dir.
func overruled(dir string) []contract.Finding {
	var findings []contract.Finding
	for _, name := range overrides {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			findings = append(findings, contract.Finding{File: name, Line: 1, What: "changes what Redocly says of openapi.yaml: remove it, and mend what it hides"})
		}
	}
	return findings
}

// lint asks every linter about every document. The linters run side by side, and
// each reads all documents in one go: starting one takes longer than judging.
func lint(docs map[string]*contract.Document) (map[string][]contract.Finding, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules", ".bin", linters[0].name)); err != nil {
		if os.Getenv("CI") == "true" {
			return nil, errors.New("no linters: Redocly and Spectral are not installed; run " + install)
		}
		fmt.Fprintln(os.Stderr, "speccheck: left out Redocly and Spectral, which are not installed: run "+install)
		return nil, nil
	}
	results := make([]map[string][]contract.Finding, len(linters))
	errs := make([]error, len(linters))
	var wg sync.WaitGroup
	for i, l := range linters {
		wg.Go(func() { results[i], errs[i] = l.run(docs) })
	}
	wg.Wait()
	findings := map[string][]contract.Finding{}
	for _, result := range slices.Backward(results) { // ours first: Spectral's rules say what to do
		for name, of := range result {
			findings[name] = append(findings[name], of...)
		}
	}
	return findings, errors.Join(errs...)
}

func (l linter) run(docs map[string]*contract.Document) (map[string][]contract.Finding, error) {
	files := slices.Sorted(maps.Keys(docs))
	ctx, cancel := context.WithTimeout(context.Background(), l.patience+time.Duration(len(files))*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(tools, "node_modules", ".bin", l.name), append(slices.Clone(l.args), files...)...)
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_COLOR=1")
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	cmd.WaitDelay = time.Second
	runErr := cmd.Run() // not 0 where there are findings, too
	findings, err := l.parse(out.Bytes(), docs)
	if err == nil {
		return findings, nil
	}
	if len(docs) == 1 {
		if ctx.Err() != nil {
			doc := docs[files[0]]
			return map[string][]contract.Finding{doc.Name: {doc.At(nil, l.name+" does not come to an end with this: look for a pattern that can match a text in many ways, such as ^(a+)+$")}}, nil
		}
		return nil, fmt.Errorf("%s %s: %v: %w\n%s", l.name, strings.Join(files, " "), runErr, err, complaint.Bytes())
	}
	// One document that a linter can't bear must not hide what it thinks of the others.
	all := map[string][]contract.Finding{}
	for name, doc := range docs {
		one, err := l.run(map[string]*contract.Document{name: doc})
		if err != nil {
			one = map[string][]contract.Finding{name: {doc.At(nil, l.name+" can't read this: mend what else is said of it")}}
		}
		maps.Copy(all, one)
	}
	return all, nil
}

func parseRedocly(out []byte, docs map[string]*contract.Document) (map[string][]contract.Finding, error) {
	type problem struct {
		RuleID   string
		Message  string
		Location []struct {
			Source  struct{ Ref string }
			Pointer string
		}
	}
	var problems []problem
	reports := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; reports++ { // one for each document
		var report struct{ Problems []problem }
		if err := dec.Decode(&report); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		problems = append(problems, report.Problems...)
	}
	if reports != len(docs) {
		return nil, fmt.Errorf("%d reports of %d documents", reports, len(docs))
	}
	findings := map[string][]contract.Finding{}
	for _, p := range problems {
		if len(p.Location) == 0 {
			return nil, fmt.Errorf("a problem without a place: %s", p.Message)
		}
		name := nameOf(p.Location[0].Source.Ref, docs)
		if name == "" {
			return nil, fmt.Errorf("a problem in %s, which is not ours", p.Location[0].Source.Ref)
		}
		what := fmt.Sprintf("%s: %s", sentence(p.Message), cmp.Or(advice[p.RuleID], "mend it (Redocly's rule "+p.RuleID+")"))
		findings[name] = append(findings[name], docs[name].AtPointer(p.Location[0].Pointer, what))
	}
	return findings, nil
}

func parseSpectral(out []byte, docs map[string]*contract.Document) (map[string][]contract.Finding, error) {
	var report []struct {
		Code     string
		Message  string
		Severity int
		Source   string
		Path     []string
		Range    struct{ Start struct{ Line int } }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, err
	}
	findings := map[string][]contract.Finding{}
	for _, p := range report {
		name := nameOf(p.Source, docs)
		if name == "" {
			return nil, fmt.Errorf("a result in %q, which is not ours: %s", p.Source, p.Message)
		}
		what := sentence(p.Message)
		if !strings.HasPrefix(p.Code, "adminportal-") {
			what += ": " + cmp.Or(advice[p.Code], "mend it (Spectral's rule "+p.Code+")")
		}
		// Not its range: of what stands behind an anchor it knows no line.
		findings[name] = append(findings[name], docs[name].At(p.Path, what))
	}
	return findings, nil
}

const mendExample = "mend the example, or the schema if it is the one that is wrong"

// What to do about findings of the linters' own rules whose words don't say.
var advice = map[string]string{
	"no-unused-components":                    "use it, or remove it",
	"oas3-unused-component":                   "use it, or remove it",
	"struct":                                  "see the OpenAPI 3.0.3 specification for what may stand here",
	"oas3-schema":                             "see the OpenAPI 3.0.3 specification for what may stand here",
	"no-unresolved-refs":                      "mend the name, or add the component",
	"invalid-ref":                             "mend the name, or add the component",
	"oas3-operation-security-defined":         "write apiKey: [], the one key there is, which has no scopes",
	"operation-operationId-unique":            "give each operation a name of its own",
	"operation-tag-defined":                   "declare the tag under tags, or mend its name",
	"no-invalid-media-type-examples":          mendExample,
	"no-invalid-schema-examples":              mendExample,
	"oas3-valid-media-example":                mendExample,
	"oas3-valid-schema-example":               mendExample,
	"no-required-schema-properties-undefined": "define the property, or take it out of required",
}

// nameOf finds the document that a linter, which likes absolute paths and relative
// ones by turns, speaks of.
func nameOf(path string, docs map[string]*contract.Document) string {
	for name := range docs {
		a, errA := filepath.Abs(name)
		b, errB := filepath.Abs(path)
		if errA == nil && errB == nil && a == b {
			return name
		}
	}
	return ""
}

// sentence makes one line without a full stop of what a linter says.
func sentence(message string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(message), " "), ".")
}
