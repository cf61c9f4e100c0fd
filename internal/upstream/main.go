// Command upstream is make upstream: it tells what differs between the live part of
// openapi.yaml and WorkOS's own document, which comes from npm (@workos/openapi-spec)
// or is a file that it is given.
//
// Differences that we know and mean are in known.txt, with the reason for each. Any
// other fails: WorkOS has a new intent, status, field or route, or we are wrong.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/adminportal-go/adminportal/internal/contract"
)

const published = "internal/tools/node_modules/@workos/openapi-spec/open-api-spec.yaml"

//go:embed known.txt
var known string

func main() {
	file := published
	if len(os.Args) > 1 {
		file = os.Args[1]
	}
	if err := run(file); err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
}

func run(file string) error {
	if _, err := os.Stat(file); err != nil && file == published {
		return errors.New("WorkOS's document is not installed: run npm ci --prefix internal/tools")
	}
	theirs, err := portal(file)
	if err != nil {
		return err
	}
	ours, err := portal("openapi.yaml")
	if err != nil {
		return err
	}
	reasons := parseKnown(known)
	unknown := 0
	for _, d := range differences(theirs, ours) {
		if reason, ok := reasons[d]; ok {
			fmt.Printf("known: %s\n       %s\n", d, reason)
			delete(reasons, d)
			continue
		}
		unknown++
		fmt.Printf("NEW:   %s\n", d)
	}
	for _, d := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Printf("no difference any more, take it out of internal/upstream/known.txt: %s\n", d)
	}
	if unknown > 0 {
		return fmt.Errorf("%d new differences: bring openapi.yaml up to date, or add each to internal/upstream/known.txt with the reason", unknown)
	}
	return nil
}

// portal lists what a document says of the live dialect, with the same words for
// the same things: schemas go by what they are for, since each document has names
// of its own for them.
func portal(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, findings := contract.Read(file, data)
	if doc == nil {
		return nil, fmt.Errorf("%v", findings[0])
	}
	return describe(doc.Facts()), nil
}

const generate = "POST /portal/generate_link"

func describe(facts []contract.Fact) map[string]string {
	roles := map[string]string{} // schema → what it is for
	shape := map[string]string{} // schema → what it is
	for _, f := range facts {
		if !strings.ContainsAny(f.About, " .") {
			shape[f.About] = f.What
		}
		for about, role := range map[string]string{generate + " request": "request", generate + " 201": "answer"} {
			if name, ok := strings.CutPrefix(f.About+": "+f.What, about+": application/json "); ok {
				roles[strings.TrimSuffix(name, " required")] = role
			}
		}
	}
	// What a field's schema is for follows from the field, and so on inwards; a schema
	// may come after or before its users.
	for grown := true; grown; {
		grown = false
		for _, f := range facts {
			schema, part, isPart := strings.Cut(f.About, ".")
			of := lastWord(strings.TrimSuffix(f.What, " of a list"))
			if _, isSchema := shape[of]; isPart && isSchema && roles[schema] != "" && roles[of] == "" {
				roles[of] = roles[schema] + "." + part
				grown = true
			}
		}
	}
	said := map[string]string{}
	for _, f := range facts {
		schema, part, isPart := strings.Cut(f.About, ".")
		method, route, isRoute := strings.Cut(f.About, " /")
		enum, value, isValue := strings.Cut(f.About, " = ")
		switch {
		case isPart && roles[schema] != "":
			what := strings.Replace(f.What, " of a list", "", 1) // each value is told of by itself
			if of := lastWord(what); shape[of] == "object" {
				what = strings.TrimSuffix(what, of) + "object"
			}
			said[roles[schema]+"."+part] = what
		case isValue && roles[enum] != "": // of an enum that is a component of its own
			said[roles[enum]+" = "+value] = f.What
		case strings.HasPrefix(f.About, generate+" ") && isStatus(strings.TrimPrefix(f.About, generate+" ")):
			said["status "+strings.TrimPrefix(f.About, generate+" ")] = "told of"
		case isRoute && !strings.Contains(route, " ") && (strings.Contains(route, "portal") || strings.Contains(route, "icons")):
			said["route "+method+" /"+route] = "told of"
			if strings.HasSuffix(f.What, " deprecated") {
				said["route "+method+" /"+route] = "deprecated"
			}
		case f.About == generate+" key":
			said["key"] = "asked for"
			if f.What == "none" {
				said["key"] = "none"
			}
		case f.About == generate+" server":
			said["server"] = f.What
		case strings.HasPrefix(f.About, generate+" ") && strings.Count(f.About, " ") == 2 && f.About != generate+" request":
			said["parameter "+f.About[len(generate)+1:]] = f.What
		}
	}
	return said
}

func lastWord(s string) string { return s[strings.LastIndex(s, " ")+1:] }

func isStatus(s string) bool { return len(s) == 3 && s[0] >= '1' && s[0] <= '5' }

func differences(theirs, ours map[string]string) []string {
	names := maps.Clone(theirs)
	maps.Copy(names, ours)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if theirs[name] != ours[name] {
			all = append(all, fmt.Sprintf("%s: theirs %q, ours %q", name, theirs[name], ours[name]))
		}
	}
	return all
}

// parseKnown reads differences with, indented below each, the reason.
func parseKnown(text string) map[string]string {
	reasons := map[string]string{}
	var last string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"), line == "":
		case strings.HasPrefix(line, "\t"):
			reasons[last] = strings.TrimSpace(reasons[last] + " " + strings.TrimSpace(line))
		default:
			last = line
			reasons[last] = ""
		}
	}
	return reasons
}
