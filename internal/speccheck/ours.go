package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// unseen lists what no reader of the document sees and every program does: one
// document would be two. It comes before all parsing.
func unseen(name string, data []byte) []contract.Finding {
	var findings []contract.Finding
	for i, line := range bytes.Split(data, []byte("\n")) {
		if m := damaged.Find(line); m != nil {
			findings = append(findings, contract.Finding{File: name, Line: i + 1, What: fmt.Sprintf("%q is left of a merge, or of text read in another encoding: write what was meant", m)})
		}
		for _, r := range string(line) {
			what := ""
			switch {
			case r == '\t': // contract.Read speaks of it
			case strings.HasPrefix(string(line), "%"):
				what = "a directive, which the readers of YAML take in several ways: take it out"
			case r == '\r':
				what = "a line that ends as on Windows: end it with a line feed alone"
			case r == '\ufeff':
				what = "a byte-order mark: save the file without"
			case r != unicode.ReplacementChar && !unicode.IsPrint(r):
				what = fmt.Sprintf("an invisible character, %U: take it out", r)
			}
			if what != "" {
				findings = append(findings, contract.Finding{File: name, Line: i + 1, What: what})
				if r == '\r' {
					return findings // the others end so, too
				}
				break
			}
		}
	}
	return findings
}

// Conflict markers, the replacement character, and UTF-8 that was taken for Latin-1.
var damaged = regexp.MustCompile("^ *(?:<{7}|={7}|>{7})(?: |$)|\uFFFD|[ÂÃ][\u0080-\u00BF]|â€")

// ours judges what is no business of a linter: how this project writes its document.
func ours(doc *contract.Document) []contract.Finding {
	var root yaml.Node
	if err := yaml.Unmarshal(doc.Data, &root); err != nil || len(root.Content) == 0 {
		return nil // the others speak of it
	}
	h := house{doc: doc, known: map[string]bool{}}
	h.walk(nil, root.Content[0])
	h.mentioned()
	return h.findings
}

type house struct {
	doc      *contract.Document
	known    map[string]bool // keys and values that stand in the document
	texts    []*yaml.Node    // what people read
	findings []contract.Finding
}

func (h *house) add(at *yaml.Node, format string, args ...any) {
	h.findings = append(h.findings, contract.Finding{File: h.doc.Name, Line: max(at.Line, 1), What: fmt.Sprintf(format, args...)})
}

// walk goes through the document as it is written: what stands behind an alias is
// judged where it stands.
func (h *house) walk(path []string, n *yaml.Node) {
	if n.Style&yaml.TaggedStyle != 0 {
		h.add(n, "the YAML tag %s: write the value without", n.Tag)
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			at := append(slices.Clone(path), key.Value)
			h.known[key.Value] = true
			if !isData(path) {
				h.entry(at, key, value)
			}
			h.walk(at, value)
		}
	case yaml.SequenceNode:
		for i, child := range n.Content {
			h.walk(append(slices.Clone(path), fmt.Sprint(i)), child)
		}
	case yaml.ScalarNode:
		h.known[n.Value] = true
		h.scalar(n)
	default: // an alias has no parts of its own
	}
}

// isName tells whether the last of path is a field's name, whatever it reads like, and
// no word of OpenAPI.
func isName(path []string) bool {
	name := false
	for _, key := range path[:len(path)-1] {
		name = !name && key == "properties"
	}
	return name
}

// isData tells what somebody sends from the document's own words.
func isData(path []string) bool {
	for i, key := range path {
		if slices.Contains([]string{"example", "value", "default"}, key) && (i == 0 || path[i-1] != "properties") {
			return true
		}
	}
	return false
}

// scalar judges a value, be it the document's own or an example's.
func (h *house) scalar(n *yaml.Node) {
	switch {
	case n.ShortTag() == "!!timestamp":
		h.add(n, "%s is a string to some readers of YAML and a time to others: put it in quotes", n.Value)
	case n.Style == 0 && twofold.MatchString(n.Value):
		h.add(n, "%s is one thing to some readers of YAML and another to others: put it in quotes, or write true, false, or a number in tens", n.Value)
	case unwritten.MatchString(n.Value):
		h.add(n, "a text that is still to be written: write it")
	case someSecret.MatchString(n.Value):
		h.add(n, "what looks like somebody's API key, or the secret of a link: revoke it if it is one, and write sk_example_123456789, or secret=example")
	}
}

var (
	pathForm     = regexp.MustCompile(`^(/[a-z0-9_.{}-]+)+$`)
	statusForm   = regexp.MustCompile(`^[245]\d\d$`)
	schemaForm   = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	propertyForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	unwritten    = regexp.MustCompile(`(?i)^\W*(todo|tbd|fixme|xxx|wip)\b|^to be (written|done|added|defined)|\blorem ipsum\b|(?-i)\b(TODO|TBD|FIXME|XXX)\b`)
	wordless     = regexp.MustCompile(`^\s*[^\s\pL][^\pL]*$`)
	quoted       = regexp.MustCompile("`(?:(?:GET|PUT|POST|PATCH|DELETE|HEAD) )?([^`\\s]+)`")
	placeholder  = regexp.MustCompile(`(?i)^\W*(add |insert )?(a |the )?(description|summary|title|text|none|n/a|empty|placeholder|change ?me|fill in|to do)( here)?\W*$`)
	target       = regexp.MustCompile(`\]\(([^)]*)\)?`)
	address      = regexp.MustCompile(`^https://[\w-]+(\.[\w-]+)+(/\S*)?$`)
	release      = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	someSecret   = regexp.MustCompile(`\bsk_([a-z]+_)?[0-9A-Za-z]{16,}|\b(secret|token)=[0-9A-Za-z_-]{12,}`)
	// What YAML 1.1 reads as a truth, in base 8 or in base 60, and YAML 1.2 as it stands.
	twofold = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|0[0-9_]+|\d+(:[0-5]?\d)+)$`)
)

// The extensions that the generator is told by.
var extensions = []string{"x-go-type", "x-go-type-skip-optional-pointer", "x-go-name"}

// Where readers are sent: to WorkOS, to this project, and to those who keep licenses
// and standards.
var places = regexp.MustCompile(`^https://(([a-z]+\.)?workos\.com|github\.com/adminportal-go/adminportal|(www\.)?(opensource|spdx|rfc-editor|openapis)\.org|(spec\.openapis|datatracker\.ietf)\.org|(developer\.mozilla|www\.w3)\.org)(/|$)`)

// What components has in OpenAPI 3.0; kin-openapi and the linters let others pass.
var componentKinds = []string{"schemas", "responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes", "links", "callbacks"}

// What a schema says in OpenAPI 3.1 and means nothing in 3.0.
var later = []string{"const", "prefixItems", "contains", "patternProperties", "unevaluatedProperties", "unevaluatedItems",
	"dependentRequired", "dependentSchemas", "propertyNames", "if", "then", "else", "$schema", "$id", "$defs", "$anchor", "$comment", "contentEncoding", "contentMediaType"}

// entry judges one key and its value; path ends in the key.
func (h *house) entry(path []string, key, value *yaml.Node) {
	name, parent, field := key.Value, "", "" // what it stands in, or the field that it is about
	if isName(path) {
		if !propertyForm.MatchString(name) {
			h.add(key, "the field %q is not in snake_case, as all of WorkOS's are: write it like return_url", name)
		}
		return
	}
	switch {
	case len(path) == 1:
	case isName(path[:len(path)-1]):
		field = path[len(path)-2]
	default:
		parent = path[len(path)-2]
	}
	if slices.Contains([]string{"summary", "description", "title"}, name) && value.Kind == yaml.ScalarNode {
		h.prose(name, field, value)
	}
	switch {
	case len(path) == 1 && name == "openapi" && value.Value != "3.0.3":
		h.add(value, "OpenAPI %s: the generator and the sandbox read 3.0.3; write that", value.Value)
	case name == "name" && (parent == "contact" || parent == "license") && strings.TrimSpace(value.Value) == "":
		h.add(value, "a %s without a name: write it", parent)
	case parent == "info" && name == "title" && strings.TrimSpace(value.Value) == "":
		h.add(value, "a document without a title: name the API")
	case parent == "info" && name == "version" && !release.MatchString(value.Value):
		h.add(value, "the version %q: write three numbers, such as 1.0.0", value.Value)
	case (name == "url" || name == "termsOfService") && value.Kind == yaml.ScalarNode && !address.MatchString(value.Value):
		h.add(value, "%q is no address: write a whole one, https://…", value.Value)
	case name == "url" && slices.Contains([]string{"contact", "license", "externalDocs"}, parent) && !places.MatchString(value.Value):
		h.add(value, "%s is none of the places that readers are sent to: mend it, or add its host to places in internal/speccheck/ours.go", value.Value)
	case (strings.HasPrefix(name, "x-go") || strings.HasPrefix(name, "x-oapi")) && !slices.Contains(extensions, name):
		h.add(key, "%s tells the generator nothing: mend the name, or add it to extensions in internal/speccheck/ours.go", name)
	case name == "x-go-type" && value.Value != "json.RawMessage":
		h.add(value, "the generator believes this, whatever the schema says: write json.RawMessage, or leave it to the schema")
	case name == "enum" && field == "object" && len(value.Content) != 1:
		h.add(value, "object says what the whole is, and is one thing: leave one value")
	case name == "xml" && value.Kind == yaml.MappingNode:
		h.add(key, "this API speaks JSON: take it out")
	case len(path) == 2 && parent == "components" && !slices.Contains(componentKinds, name):
		h.add(key, "components has no %s: use one of %s", name, strings.Join(componentKinds, ", "))
	case len(path) == 2 && parent == "paths" && !pathForm.MatchString(name):
		h.add(key, "%q is no path that this API has: write it in lower case, without spaces, a query or a slash at its end", name)
	case len(path) == 5 && path[0] == "paths" && parent == "responses" && !statusForm.MatchString(name):
		h.add(key, "%s is no status that a call ends with: give each by its number, 2xx, 4xx or 5xx, so that the client can have a hint for it", name)
	case len(path) == 4 && path[0] == "paths" && name == "requestBody" && slices.Contains([]string{"get", "head", "delete"}, parent):
		h.add(key, "a %s with a body, which many programs drop: take the body out, or make it a post", parent)
	case slices.Contains(path, "schemas") && slices.Contains(later, name):
		h.add(key, "%s means nothing in OpenAPI 3.0: say it another way (for const: an enum of one value)", name)
	case name == "summary" && strings.Contains(strings.TrimSpace(value.Value), "\n"):
		h.add(value, "a summary of several lines: leave one, and put the rest in the description")
	case name == "servers" && value.Kind == yaml.SequenceNode && len(value.Content) == 0:
		h.add(key, "no server at all: leave servers out, and the document's holds")
	case len(path) == 3 && path[0] == "components" && parent == "schemas" && !schemaForm.MatchString(name):
		h.add(key, "%q becomes the name of a Go type: write it like PortalLink", name)
	case name == "headers" && value.Kind == yaml.MappingNode:
		h.headers(value)
	case parent == "headers" && strings.EqualFold(name, "Content-Type"):
		h.add(key, "OpenAPI ignores a header Content-Type: it stands under content")
	case name == "name" && slices.Contains(path, "parameters") && slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(value.Value)):
		h.add(value, "OpenAPI ignores a parameter %s: it stands under content or security", value.Value)
	case parent == "headers" && value.Kind == yaml.MappingNode:
		h.header(name, value)
	}
}

// prose judges what people read.
func (h *house) prose(name, of string, n *yaml.Node) {
	switch {
	case of != "" && strings.EqualFold(strings.Trim(n.Value, " ."), of), wordless.MatchString(n.Value), placeholder.MatchString(n.Value):
		h.add(n, "a %s that says nothing: write it", name)
	case strings.Count(n.Value, "`")%2 != 0:
		h.add(n, "a backquote without its other: close it, for the page that is made of this")
	}
	for _, m := range target.FindAllStringSubmatch(n.Value, -1) {
		if !address.MatchString(m[1]) && !strings.HasPrefix(m[1], "#") {
			h.add(n, "a link to %q: write a whole address, https://…", m[1])
		}
	}
	h.texts = append(h.texts, n)
}

// mentioned judges the names in backquotes: one that is nearly a name of the document's
// is that, misspelt. Others may be of something else.
func (h *house) mentioned() {
	for _, text := range h.texts {
		for _, m := range quoted.FindAllStringSubmatchIndex(text.Value, -1) {
			name, at := text.Value[m[2]:m[3]], *text
			if text.Style&yaml.LiteralStyle != 0 {
				at.Line += 1 + strings.Count(text.Value[:m[2]], "\n")
			}
			if near := h.near(name); near != "" {
				h.add(&at, "nothing here has the name %s: write %s if that is meant, or leave out the backquotes", name, near)
			}
		}
	}
}

// near is the known name that one is most like, if it is none itself. Short names are
// like many.
func (h *house) near(name string) string {
	least, nearest := 3, ""
	if len(name) < 7 || h.known[name] {
		return ""
	}
	for _, known := range sorted(h.known) {
		if d := distance(name, known); d < least && len(known) >= 7 {
			least, nearest = d, known
		}
	}
	return nearest
}

// distance is how many letters one must add, drop or change to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, change)
		}
	}
	return row[len(b)]
}

// headers have names that differ by more than their letters' case.
func (h *house) headers(n *yaml.Node) {
	had := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if had[strings.ToLower(key.Value)] {
			h.add(key, "%s stands here already, in other letters, which HTTP takes for the same: leave one", key.Value)
		}
		had[strings.ToLower(key.Value)] = true
	}
}

// header: a response's header refers to the component that is named after it, so that
// none tells of another's.
func (h *house) header(name string, value *yaml.Node) {
	for i := 0; i+1 < len(value.Content); i += 2 {
		if value.Content[i].Value != "$ref" {
			continue
		}
		ref := value.Content[i+1]
		of := ref.Value[strings.LastIndex(ref.Value, "/")+1:]
		if plain := strings.ReplaceAll(strings.TrimPrefix(name, "X-"), "-", ""); !strings.EqualFold(plain, of) {
			h.add(ref, "%s refers to %s, which is another header's: refer to the component that is named after it", name, of)
		}
	}
}
