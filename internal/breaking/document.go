package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	return append(changes, factChanges(was, is, changes)...), nil
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
		what := strings.TrimLeft(l.Operation+" "+l.Path+": "+unsaid.ReplaceAllString(l.Text, ""), ": ")
		if !seen[what] {
			seen[what] = true
			changes = append(changes, change{"document", what, whomByID(l.ID)})
		}
	}
	return changes, nil
}

// Left out of oasdiff's words: the status, to have one line for all statuses that share
// a schema, and what it has forgotten to fill in.
var unsaid = regexp.MustCompile(" for (the )?status `\\d+`| from the `\\d+` response| of response `\\d+`| ?`?%!\\w\\(MISSING\\)`?")

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
// is mostly for oasdiff to judge, who knows which way is the narrower; but an operation's
// name, server and key are promises that have no narrower way, and of a value of another
// kind oasdiff does not always speak: it is listed unless it is already.
func factChanges(was, is *contract.Document, listed []change) []change {
	before, now := was.Facts(), is.Facts()
	sent := sentSchemas(now)
	var changes []change
	have := map[string]contract.Fact{}
	for _, f := range now {
		have[f.About] = f
	}
	var gone string
	for _, f := range before {
		kept, ok := have[f.About]
		differs := change{"document", fmt.Sprintf("%s is %q and was %q", f.About, kept.What, f.What), whomByFact(f)}
		switch {
		case gone != "" && f.PartOf(gone):
		case !ok:
			gone = f.About
			changes = append(changes, change{"document", f.About + " is gone", whomByFact(f)})
		case kept.What == f.What:
		case isChoice(f) && strings.HasPrefix(kept.What, f.What+" or "): // one more, after those that were there
		case strings.Contains(f.About, " /") && !aboutValue.MatchString(f.About):
			changes = append(changes, differs)
		case sent[schemaOf(f)] && strings.Contains(kept.What, closed) && !strings.Contains(f.What, closed):
			changes = append(changes, change{"document", f.About + " takes no other fields any more", "services that send what was right"})
		case kind(kept) != kind(f) && !spokenOf(listed, f):
			changes = append(changes, differs)
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

// isChoice tells whether f is about the servers or the keys that one may choose from.
func isChoice(f contract.Fact) bool {
	return strings.HasSuffix(f.About, " server") || strings.HasSuffix(f.About, " key")
}

const closed = " and nothing else"

// Where a value may stand, and how much is allowed: oasdiff compares these.
var (
	position = regexp.MustCompile(`^((required|optional|deprecated) )+`)
	amount   = regexp.MustCompile(`^(pattern|min\w+|max\w+|multipleOf|uniqueItems|nullable|readOnly|writeOnly|deprecated) `)
)

// kind is what a fact says of the kind of a value, without what oasdiff can be relied
// on to judge. The format of a header stays, for oasdiff does not look at it.
func kind(f contract.Fact) string {
	what := position.ReplaceAllString(f.What, "")
	if strings.HasSuffix(f.About, " request") { // whether there must be a body stands at the end
		what = strings.TrimSuffix(strings.TrimSuffix(what, " required"), " optional")
	}
	what = strings.NewReplacer(closed, "", " of a list", "").Replace(what)
	parts := slices.DeleteFunc(strings.Split(what, ", "), func(part string) bool {
		return amount.MatchString(part) || strings.HasPrefix(part, "format ") && !aboutHeader.MatchString(f.About)
	})
	return strings.Join(parts, ", ")
}

// spokenOf tells whether one of the changes names the last part of what f is about.
func spokenOf(changes []change, f contract.Fact) bool {
	name := strings.ToLower(f.About[strings.LastIndexAny(f.About, " .")+1:])
	return slices.ContainsFunc(changes, func(c change) bool {
		return strings.Contains(c.what, "`"+name+"`") || strings.Contains(c.what, "/"+name+"`")
	})
}

// schemaOf names the schema that f is about.
func schemaOf(f contract.Fact) string {
	return f.About[:strings.IndexAny(f.About+" ", " .[")]
}

// sentSchemas are the schemas of requests, and those that they are made of.
func sentSchemas(facts []contract.Fact) map[string]bool {
	sent := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, f := range facts {
			if !strings.HasSuffix(f.About, " request") && !sent[schemaOf(f)] {
				continue
			}
			for _, word := range strings.FieldsFunc(f.What, func(r rune) bool { return r == ' ' || r == ',' }) {
				if !sent[word] {
					sent[word], grown = true, true
				}
			}
		}
	}
	return sent
}

// A header of an answer: METHOD /path status something.
var aboutHeader = regexp.MustCompile(`^[A-Z]+ /\S* \d+ `)

// An answer, a header or a parameter: METHOD /path something.
var aboutValue = regexp.MustCompile(`^[A-Z]+ /\S* (\d|request|[A-Z])`)

func whomByFact(f contract.Fact) string {
	switch {
	case isChoice(f), strings.HasPrefix(f.About, "key "):
		return "every service: its calls go elsewhere, or without the key"
	case strings.Contains(f.About, " /"):
		return "services that rely on it"
	case strings.Contains(f.About, " = "):
		return "services that send or expect it"
	}
	return "Go code that names it"
}
