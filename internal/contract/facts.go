package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Fact is one thing that the document promises, in words: what it is about, and
// what is so. Several facts make one promise with its parts, and a part's name
// starts with the name of the whole:
//
//	POST /portal_links                      generatePortalLink
//	POST /portal_links server               https://api.workos.com
//	POST /portal_links 429                  application/json Error
//	POST /portal_links 429 Retry-After      string
//	PortalLinkRequest.organization          required string, pattern ^org_…
//	Intent = sso                            allowed
type Fact struct {
	About string
	What  string
	path  []string
}

func (f Fact) String() string {
	return strings.TrimRight(fmt.Sprintf("%-58s  %s", f.About, f.What), " ")
}

// Facts lists what the document promises, in the order in which it is written.
func (d *Document) Facts() []Fact {
	t := teller{doc: d, open: map[string]bool{}}
	t.securitySchemes()
	t.eachOperation(t.operation)
	t.schemas()
	return t.facts
}

// Asides lists, as facts, what the document says beside its promises: the codes of the
// errors in its examples, or where they have none their words, and what it tells the
// generator.
//
//	POST /portal_links 404 says entity_not_found    in an example
//	components.schemas.LiveErrorDetail x-go-type    json.RawMessage
func (d *Document) Asides() []Fact {
	t := teller{doc: d}
	t.inGo(nil, d.root)
	t.eachOperation(func(path []string, about string, op *yaml.Node) {
		each(d.node(op, "responses"), func(status string, response *yaml.Node) {
			if status < "400" {
				return
			}
			each(d.node(response, "content"), func(kind string, media *yaml.Node) {
				each(d.node(media, "examples"), func(name string, example *yaml.Node) {
					says := cmp.Or(t.text(example, "value", "code"), t.text(example, "value", "message"), t.text(example, "value", "error"))
					if says != "" {
						t.tell(append(slices.Clone(path), "responses", status, "content", kind, "examples", name), fmt.Sprintf("%s %s says %s", about, status, says), "in an example")
					}
				})
			})
		})
	})
	return t.facts
}

// inGo tells of the generator's extensions, where they are written.
func (t *teller) inGo(path []string, n *yaml.Node) {
	for i, item := range items(n) {
		t.inGo(append(slices.Clone(path), fmt.Sprint(i)), item)
	}
	each(n, func(key string, value *yaml.Node) {
		if strings.HasPrefix(key, "x-go") {
			t.tell(path, strings.Join(path, ".")+" "+key, compact(value))
		}
		t.inGo(append(slices.Clone(path), key), value)
	})
}

// At is a finding at the place where the document says f, or ought to.
func (f Fact) At(d *Document, what string) Finding { return d.At(f.path, what) }

type teller struct {
	doc   *Document
	open  map[string]bool // references that are being told
	facts []Fact
}

func (t *teller) tell(path []string, about, what string) {
	t.facts = append(t.facts, Fact{About: about, What: what, path: slices.Clone(path)})
}

func (t *teller) securitySchemes() {
	path := []string{"components", "securitySchemes"}
	each(t.doc.node(t.doc.root, path...), func(name string, scheme *yaml.Node) {
		t.tell(append(path, name), "key "+name, words(t.text(scheme, "type"), t.text(scheme, "scheme"), t.text(scheme, "bearerFormat"), t.text(scheme, "in"), t.text(scheme, "name")))
	})
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (t *teller) eachOperation(f func(path []string, about string, op *yaml.Node)) {
	each(t.doc.node(t.doc.root, "paths"), func(route string, item *yaml.Node) {
		for _, method := range methods {
			if op := t.doc.node(item, method); op != nil {
				f([]string{"paths", route, method}, strings.ToUpper(method)+" "+route, op)
			}
		}
	})
}

func (t *teller) operation(path []string, about string, op *yaml.Node) {
	t.tell(path, about, words(t.text(op, "operationId"), t.flag(op, "deprecated", "deprecated", "")))
	t.servers(path, about)
	t.security(path, about)
	for _, at := range [][]string{path[:2], path} {
		at = append(slices.Clone(at), "parameters")
		t.parameters(at, about, t.doc.node(t.doc.root, at...))
	}
	if body := t.doc.node(op, "requestBody"); body != nil {
		t.tell(append(path, "requestBody"), about+" request", words(t.content(body), t.flag(body, "required", "required", "optional")))
	}
	t.responses(append(slices.Clone(path), "responses"), about, t.doc.node(op, "responses"))
}

// servers tells where the operation at path is served: its own servers count, else
// its path's, else the document's.
func (t *teller) servers(path []string, about string) {
	for _, at := range [][]string{path, path[:2], nil} {
		at = append(slices.Clone(at), "servers")
		servers := t.doc.node(t.doc.root, at...)
		if servers == nil {
			continue
		}
		var urls []string
		for _, server := range items(servers) {
			urls = append(urls, t.text(server, "url"))
		}
		t.tell(at, about+" server", strings.Join(urls, " or "))
		return
	}
}

// security tells which key the operation at path asks for.
func (t *teller) security(path []string, about string) {
	at := append(slices.Clone(path), "security")
	security := t.doc.node(t.doc.root, at...)
	if security == nil {
		at, security = path, t.doc.node(t.doc.root, "security")
	}
	var all []string
	for _, requirement := range items(security) {
		var names []string
		each(requirement, func(name string, _ *yaml.Node) { names = append(names, name) })
		all = append(all, cmp.Or(strings.Join(names, " and "), "none"))
	}
	t.tell(at, about+" key", cmp.Or(strings.Join(all, " or "), "none"))
}

func (t *teller) parameters(path []string, about string, n *yaml.Node) {
	for i, p := range items(n) {
		p = t.doc.target(p)
		t.tell(append(path, fmt.Sprint(i)), about+" "+t.text(p, "name"),
			words(t.flag(p, "required", "required", "optional"), t.flag(p, "deprecated", "deprecated", ""), t.text(p, "in"), t.schema(t.child(p, "schema")),
				t.text(p, "style"), t.flag(p, "allowEmptyValue", "or empty", "")))
	}
}

func (t *teller) responses(path []string, about string, n *yaml.Node) {
	each(n, func(status string, response *yaml.Node) {
		response = t.doc.target(response)
		t.tell(append(path, status), about+" "+status, t.content(response))
		each(t.doc.node(response, "headers"), func(name string, header *yaml.Node) {
			header = t.doc.target(header)
			t.tell(append(path, status, "headers", name), about+" "+status+" "+name, words(t.flag(header, "required", "required", ""), t.flag(header, "deprecated", "deprecated", ""), t.schema(t.child(header, "schema"))))
		})
	})
}

// content tells what kinds of body n has.
func (t *teller) content(n *yaml.Node) string {
	var kinds []string
	each(t.doc.node(n, "content"), func(kind string, media *yaml.Node) {
		kinds = append(kinds, kind+" "+t.schema(t.child(t.doc.target(media), "schema")))
	})
	return strings.Join(kinds, " or ")
}

func (t *teller) schemas() {
	path := []string{"components", "schemas"}
	each(t.doc.node(t.doc.root, path...), func(name string, schema *yaml.Node) {
		self := "components/schemas/" + name
		t.open[self] = true
		t.shape(append(slices.Clone(path), name), name, schema)
		delete(t.open, self)
	})
}

// shape tells what a schema is, and then of its parts.
func (t *teller) shape(path []string, about string, n *yaml.Node) {
	n = t.doc.target(n)
	t.tell(path, about, t.bare(n))
	t.parts(path, about, n)
}

// parts tells of the values, choices, elements and properties that n itself spells
// out. What it refers to is told once, under its own name.
func (t *teller) parts(path []string, about string, n *yaml.Node) {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || reference(n) != "" {
		return
	}
	t.values(path, about, n)
	for _, keyword := range []string{"oneOf", "anyOf", "allOf"} {
		for i, choice := range items(t.child(n, keyword)) {
			t.parts(append(slices.Clone(path), keyword, fmt.Sprint(i)), fmt.Sprintf("%s %s %d", about, keyword, i), choice)
		}
	}
	t.parts(append(slices.Clone(path), "items"), about+"[]", t.child(n, "items"))
	required := map[string]bool{}
	for _, name := range items(t.child(n, "required")) {
		required[name.Value] = true
	}
	each(t.child(n, "properties"), func(name string, property *yaml.Node) {
		what := "optional"
		if required[name] {
			what = "required"
		}
		at := append(slices.Clone(path), "properties", name)
		t.tell(at, about+"."+name, words(what, t.schema(property)))
		t.parts(at, about+"."+name, property)
	})
}

// values tells of an enum value by value, so that one more is no change of those
// that were there.
func (t *teller) values(path []string, about string, n *yaml.Node) {
	for i, value := range items(t.doc.node(n, "enum")) {
		t.tell(append(slices.Clone(path), "enum", fmt.Sprint(i)), about+" = "+value.Value, "allowed")
	}
	if only := t.child(n, "const"); only != nil && !strings.HasPrefix(t.text(t.doc.root, "openapi"), "3.0") { // an enum of one, in the OpenAPI that came after
		t.tell(append(slices.Clone(path), "const"), about+" = "+only.Value, "allowed")
	}
}

// schema tells in words what values n stands for: a component of more than one
// value by its name, a plain one by what it says.
func (t *teller) schema(n *yaml.Node) string {
	if n == nil {
		return "anything"
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if ref := reference(n); ref != "" {
		name := ref[strings.LastIndex(ref, "/")+1:]
		if whole := t.doc.target(n); t.open[ref] || t.text(whole, "type") == "object" || t.child(whole, "enum") != nil || t.child(whole, "oneOf") != nil {
			return name
		}
		t.open[ref] = true
		defer delete(t.open, ref)
		return t.schema(t.doc.target(n))
	}
	if all := items(t.doc.node(n, "allOf")); len(all) == 1 && !slices.ContainsFunc(shapes, func(keyword string) bool { return t.child(n, keyword) != nil }) {
		return t.schema(all[0]) + t.limits(n)
	}
	return t.bare(n)
}

func (t *teller) bare(n *yaml.Node) string {
	parts := []string{t.text(n, "type")}
	for _, keyword := range []string{"oneOf", "anyOf", "allOf"} {
		var choices []string
		for _, choice := range items(t.doc.node(n, keyword)) {
			choices = append(choices, t.schema(choice))
		}
		if choices != nil {
			parts = append(parts, keyword+" "+strings.Join(choices, ", "))
		}
	}
	if element := t.child(n, "items"); element != nil {
		parts = append(parts, "of "+t.schema(element))
	}
	if t.text(n, "additionalProperties") == "false" {
		parts = append(parts, "and nothing else")
	}
	if t.child(n, "enum") != nil {
		parts = append(parts, "of a list")
	}
	return words(parts...) + t.limits(n)
}

var (
	// The common keywords that say which values are allowed, in the order to tell them.
	common = []string{"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "nullable", "readOnly", "writeOnly", "default"}
	// Those that are told in other ways, and those that allow and forbid nothing.
	shapes  = []string{"type", "oneOf", "anyOf", "items", "enum", "const", "properties", "required"}
	remarks = []string{"allOf", "$ref", "description", "title", "example", "examples", "externalDocs", "xml"}
)

// limits tells of every other keyword, those that nobody has thought of here included:
// one that is not told could change unseen.
func (t *teller) limits(n *yaml.Node) string {
	var rest []string
	each(n, func(keyword string, value *yaml.Node) {
		told := slices.Contains(slices.Concat(common, shapes, remarks), keyword) || strings.HasPrefix(keyword, "x-") ||
			keyword == "additionalProperties" && value.Value == "false"
		if !told {
			rest = append(rest, keyword)
		}
	})
	slices.Sort(rest)
	var all strings.Builder
	for _, keyword := range slices.Concat(common, rest) {
		if value := t.child(n, keyword); value != nil {
			all.WriteString(", " + keyword + " " + compact(value))
		}
	}
	return all.String()
}

// compact writes a value on one line.
func compact(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	var inner []string
	switch n.Kind {
	case yaml.MappingNode:
		each(n, func(key string, value *yaml.Node) { inner = append(inner, key+": "+compact(value)) })
		return "{" + strings.Join(inner, ", ") + "}"
	case yaml.SequenceNode:
		for _, item := range n.Content {
			inner = append(inner, compact(item))
		}
		return "[" + strings.Join(inner, ", ") + "]"
	default:
		return n.Value
	}
}

func (t *teller) child(n *yaml.Node, key string) *yaml.Node {
	_, child := step(n, key)
	if child != nil && child.Kind == yaml.AliasNode {
		return child.Alias
	}
	return child
}

func (t *teller) text(n *yaml.Node, path ...string) string {
	if n = t.doc.node(n, path...); n == nil {
		return ""
	}
	return n.Value
}

func (t *teller) flag(n *yaml.Node, key, yes, no string) string {
	if t.text(n, key) == "true" {
		return yes
	}
	return no
}

func each(n *yaml.Node, f func(key string, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		f(n.Content[i].Value, n.Content[i+1])
	}
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func words(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}

// PartOf tells whether f is about a part of what the fact named whole is about.
func (f Fact) PartOf(whole string) bool {
	rest, ok := strings.CutPrefix(f.About, whole)
	return ok && rest != "" && strings.ContainsRune(" .[", rune(rest[0]))
}

// ParseFacts reads what Facts printed, a fact a line; lines that start with # are
// remarks.
func ParseFacts(text string) []Fact {
	var facts []Fact
	for line := range strings.Lines(text) {
		if about, what, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !strings.HasPrefix(about, "#") {
			facts = append(facts, Fact{About: about, What: strings.TrimSpace(what)})
		}
	}
	return facts
}

// Missing lists which of the facts the document does not keep, as findings at the
// place where each ought to be. Of a promise that is gone altogether, it names the
// whole and not the parts as well. source is where the facts are from.
func (d *Document) Missing(facts []Fact, source string) []Finding {
	have := map[string]Fact{}
	for _, f := range slices.Concat(d.Facts(), d.Asides()) {
		have[f.About] = f
	}
	var findings []Finding
	var gone string
	for _, f := range facts {
		if gone != "" && f.PartOf(gone) {
			continue
		}
		now, ok := have[f.About]
		switch {
		case !ok && d.lost(f):
		case !ok:
			gone = f.About
			findings = append(findings, d.nearest(have, f).At(d, fmt.Sprintf("%s (%s) is gone: %s", f.About, f.What, source)))
		case now.What != f.What:
			findings = append(findings, now.At(d, fmt.Sprintf("%s is %q and was %q: %s", f.About, now.What, f.What, source)))
		}
	}
	return findings
}

// place is where an extension of the generator's ought to stand.
func place(f Fact) []string {
	if at, _, ok := strings.Cut(f.About, " x-go"); ok {
		return strings.Split(at, ".")
	}
	return nil
}

// lost tells whether not even the place of f is left, of which others speak.
func (d *Document) lost(f Fact) bool {
	at := place(f)
	return at != nil && d.node(d.root, at...) == nil
}

// nearest finds the smallest promise still kept that f was a part of, or, where
// nothing of it is left, the list that it stood in.
func (d *Document) nearest(have map[string]Fact, f Fact) Fact {
	whole := Fact{path: []string{"components", "schemas"}}
	if strings.Contains(f.About, " /") {
		whole.path = []string{"paths"}
	}
	if at := place(f); at != nil {
		whole.path = at
	}
	for about, candidate := range have {
		if f.PartOf(about) && len(about) > len(whole.About) {
			whole = candidate
		}
	}
	return whole
}
