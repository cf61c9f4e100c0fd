// Package contract reads an OpenAPI document in a way that its maintainer can be
// answered with a place: every value knows the line it was written on
// (document.go), and what the document promises its users can be told as a list of
// facts, one a line (facts.go).
//
// The commands behind make spec, make breaking and make upstream are built on it.
// Nothing that users import is.
package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Finding is one thing that is wrong, where, and what to do about it.
type Finding struct {
	File string
	Line int
	What string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// A Document is an OpenAPI document as it was written.
type Document struct {
	Name string // as findings name it
	Data []byte
	root *yaml.Node
}

// Read reads a document. What keeps it from being read at all, or from being read
// in one way only, comes back as findings, and then there is no document.
func Read(name string, data []byte) (*Document, []Finding) {
	doc := &Document{Name: name, Data: data}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if bytes.ContainsRune(line, '\t') {
			return nil, []Finding{doc.finding(i+1, "a tab: indent with spaces")}
		}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var node yaml.Node
	if err := dec.Decode(&node); err != nil {
		line, what := Position(err)
		return nil, []Finding{doc.finding(line, what+": mend the YAML")}
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, []Finding{doc.finding(1, "more than one YAML document in the file: leave one")}
	}
	doc.root = node.Content[0]
	if doc.root.Kind != yaml.MappingNode {
		return nil, []Finding{doc.finding(1, "not a mapping: an OpenAPI document starts with openapi: 3.0.3")}
	}
	r := reader{doc: doc, open: map[*yaml.Node]bool{}, done: map[*yaml.Node]extent{}}
	r.walk(doc.root)
	if r.findings != nil {
		return nil, r.findings
	}
	return doc, nil
}

// What the programs that read a document can bear. A thousand levels are beyond some,
// and aliases of aliases of aliases make billions of values out of ten lines.
const (
	deepest = 100
	largest = 1_000_000
)

// A reader looks for what YAML lets pass and a document must not have.
type reader struct {
	doc      *Document
	open     map[*yaml.Node]bool
	done     map[*yaml.Node]extent
	depth    int
	findings []Finding
}

// An extent is how many values a node has, and how many levels, with what stands
// behind aliases.
type extent struct{ size, height int }

func (r *reader) walk(n *yaml.Node) extent {
	at := n
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case r.open[n]:
		r.add(at, "*%s is used inside &%[1]s itself: move the anchor", at.Value)
		return extent{1, 1}
	case r.depth+max(r.done[n].height, 1) > deepest:
		r.add(at, "more than %d levels: no program reads as deep; give what is inside a name under components", deepest)
		return extent{1, 1}
	case r.done[n].size > 0:
		return r.done[n]
	}
	r.open[n] = true
	r.depth++
	if n.Kind == yaml.MappingNode {
		r.mapping(n)
	}
	all := extent{1, 1}
	for _, child := range n.Content {
		e := r.walk(child)
		all = extent{min(all.size+e.size, largest), max(all.height, 1+e.height)}
	}
	if all.size == largest && r.findings == nil {
		r.add(n, "aliases of aliases, which make a million values of this: write out what is meant")
	}
	r.depth--
	r.open[n], r.done[n] = false, all
	return all
}

func (r *reader) mapping(n *yaml.Node) {
	lines := map[string]int{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if first, ok := lines[key.Value]; ok {
			r.add(key, "%q stands in line %d already: leave one", key.Value, first)
		}
		lines[key.Value] = key.Line
		if key.Value == "$ref" && value.Kind == yaml.ScalarNode {
			r.reference(value)
		}
	}
}

func (r *reader) reference(value *yaml.Node) {
	pointer, ok := strings.CutPrefix(value.Value, "#/")
	if !ok {
		r.add(value, "refers to %q outside of this file: the document is one file", value.Value)
		return
	}
	if _, whole := r.doc.walk(segments(pointer)); !whole {
		r.add(value, "refers to %s, which does not exist: mend the name, or add it", value.Value)
	} else if r.doc.node(r.doc.root, segments(pointer)...) == nil {
		r.add(value, "refers to %s, which leads back here: say there what it is", value.Value)
	}
}

func (r *reader) add(at *yaml.Node, format string, args ...any) {
	r.findings = append(r.findings, r.doc.finding(at.Line, fmt.Sprintf(format, args...)))
}

func (d *Document) finding(line int, what string) Finding {
	return Finding{File: d.Name, Line: max(line, 1), What: what}
}

// At is a finding at the place that path leads to, or, where it leads nowhere, as
// near to it as there is something. References are followed on the way.
func (d *Document) At(path []string, what string) Finding {
	line, _ := d.walk(path)
	return d.finding(line, what)
}

// AtPointer is At for a JSON pointer, with or without its #.
func (d *Document) AtPointer(pointer, what string) Finding {
	return d.At(segments(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/")), what)
}

// walk goes down path as far as it leads and tells the line it got to.
func (d *Document) walk(path []string) (line int, whole bool) {
	n, line := d.root, 1
	for i, key := range path {
		if i < len(path)-1 || key != "$ref" {
			n = d.target(n)
		}
		at, child := step(n, key)
		if child == nil {
			return line, false
		}
		n, line = child, at.Line
	}
	return line, true
}

// node returns what path leads to from n, or nil.
func (d *Document) node(n *yaml.Node, path ...string) *yaml.Node {
	n = d.target(n)
	for _, key := range path {
		_, child := step(n, key)
		n = d.target(child)
	}
	return n
}

// step goes from n to what key names; at is where that is written.
func step(n *yaml.Node, key string) (at, child *yaml.Node) {
	if n == nil {
		return nil, nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i], n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
	default: // a scalar has no parts
	}
	return nil, nil
}

// target follows aliases and references, though not for ever.
func (d *Document) target(n *yaml.Node) *yaml.Node {
	for range 10 {
		if n != nil && n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		ref := reference(n)
		if ref == "" {
			return n
		}
		next := d.root
		for _, key := range segments(ref) {
			_, next = step(next, key)
		}
		n = next
	}
	return nil
}

// reference returns what n's $ref says after "#/".
func reference(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.MappingNode {
		return ""
	}
	_, ref := step(n, "$ref")
	if ref == nil || ref.Kind != yaml.ScalarNode {
		return ""
	}
	pointer, _ := strings.CutPrefix(ref.Value, "#/")
	return pointer
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~", "%7B", "{", "%7D", "}")

func segments(pointer string) []string {
	if pointer == "" {
		return nil
	}
	path := strings.Split(pointer, "/")
	for i := range path {
		path[i] = unescape.Replace(path[i])
	}
	return path
}

var lineInError = regexp.MustCompile(`line (\d+):? (.*)`)

// Position takes the line out of an error that speaks of one.
func Position(err error) (line int, what string) {
	what, _, _ = strings.Cut(err.Error(), "\n")
	if m := lineInError.FindStringSubmatch(what); m != nil {
		line, _ = strconv.Atoi(m[1])
		what, _, _ = strings.Cut(m[2], "; line ")
	}
	return line, what
}
