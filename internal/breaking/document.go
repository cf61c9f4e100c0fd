package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// documentChanges compares two documents.
func documentChanges(before, now []byte) ([]change, error) {
	was, err := read("the document before", before)
	if err != nil {
		return nil, err
	}
	is, err := read("openapi.yaml", now)
	if err != nil {
		return nil, err
	}
	changes, err := oasdiff(before, now)
	if err != nil {
		return nil, err
	}
	return append(changes, factChanges(was, is)...), nil
}

// oasdiffProgram is asked for once: the go command takes a second to answer.
var oasdiffProgram = sync.OnceValues(func() (string, error) { return tool("oasdiff") })

// oasdiff lists what oasdiff holds to be breaking, warnings included: a new value
// in an answer's enum is one, and a service that switches over it is broken.
func oasdiff(before, now []byte) ([]change, error) {
	dir, err := os.MkdirTemp("", "breaking")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // only a temporary folder
	was, is := filepath.Join(dir, "before.yaml"), filepath.Join(dir, "now.yaml")
	for name, data := range map[string][]byte{was: before, is: now} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return nil, err
		}
	}
	program, err := oasdiffProgram()
	if err != nil {
		return nil, err
	}
	// --fail-on WARN by hand: all that it lists are errors and warnings.
	out, err := output(".", program, "breaking", "--format", "json", was, is)
	if err != nil {
		return nil, err
	}
	var listed []struct{ ID, Text, Operation, Path string }
	if out != "" {
		if err := json.Unmarshal([]byte(out), &listed); err != nil {
			return nil, fmt.Errorf("oasdiff: %w", err)
		}
	}
	var changes []change
	seen := map[string]bool{}
	for _, l := range listed {
		what := strings.TrimLeft(l.Operation+" "+l.Path+": "+forStatus.ReplaceAllString(l.Text, ""), ": ")
		if !seen[what] {
			seen[what] = true
			changes = append(changes, change{"document", what, whomByID(l.ID)})
		}
	}
	return changes, nil
}

// One line for all statuses that share a schema.
var forStatus = regexp.MustCompile(" for (the )?status `\\d+`| from the `\\d+` response| of response `\\d+`")

func whomByID(id string) string {
	switch {
	case strings.HasPrefix(id, "request-"), strings.HasPrefix(id, "new-required-"):
		return "services that send what was right"
	case strings.HasPrefix(id, "response-"):
		return "services that read the answer"
	}
	return "every service that calls it"
}

// factChanges lists the promises that are gone or new. That one is worded another way
// is for oasdiff to judge, who knows which way is the narrower; but an operation's
// name, server and key are promises that have no narrower way.
func factChanges(was, is *contract.Document) []change {
	before, now := was.Facts(), is.Facts()
	var changes []change
	have := map[string]contract.Fact{}
	for _, f := range now {
		have[f.About] = f
	}
	var gone string
	for _, f := range before {
		kept, ok := have[f.About]
		switch {
		case gone != "" && f.PartOf(gone):
		case !ok:
			gone = f.About
			changes = append(changes, change{"document", f.About + " is gone", whomByFact(f)})
		case kept.What != f.What && strings.Contains(f.About, " /") && !aboutValue.MatchString(f.About):
			changes = append(changes, change{"document", fmt.Sprintf("%s is %q and was %q", f.About, kept.What, f.What), whomByFact(f)})
		}
		delete(have, f.About)
	}
	for _, f := range now {
		if _, fresh := have[f.About]; fresh {
			changes = append(changes, change{where: "document", what: cmp.Or(strings.TrimSpace(f.About+": "+f.What), f.About)})
		}
	}
	return changes
}

// An answer, a header or a parameter: METHOD /path something.
var aboutValue = regexp.MustCompile(`^[A-Z]+ /\S* (\d|request|[A-Z])`)

func whomByFact(f contract.Fact) string {
	switch {
	case strings.HasSuffix(f.About, " server"), strings.HasSuffix(f.About, " key"), strings.HasPrefix(f.About, "key "):
		return "every service: its calls go elsewhere, or without the key"
	case strings.Contains(f.About, " /"):
		return "services that rely on it"
	case strings.Contains(f.About, " = "):
		return "services that send or expect it"
	}
	return "Go code that names it"
}
