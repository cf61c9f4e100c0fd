package spec

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"
)

func init() {
	// kin-openapi takes any string for a format that it does not know. All URIs here are web addresses.
	openapi3.DefineStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^https?://[^\s/?#]+\S*$`))
	openapi3.DefineStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail))
}

// check returns what is wrong with a document, and what to do about it. It needs Go alone.
func check(data []byte) []string {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return []string{fmt.Sprintf(" %v: fix the YAML", err)}
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(data)
	if err != nil {
		return []string{fmt.Sprintf(" %v: fix it, or add what it refers to", err)}
	}
	w := words{found: unwanted(data)}
	w.walk("", &root)
	found := slices.Concat(w.found, validate(loader.Context, doc))
	if len(found) == 0 {
		for _, schema := range doc.Components.Schemas {
			closeSchema(schema.Value)
		}
		found = slices.Concat(validate(loader.Context, doc), promises(doc))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// validate holds the document to OpenAPI, and each example to its schema.
func validate(ctx context.Context, doc *openapi3.T) []string {
	err := doc.Validate(ctx, openapi3.EnableMultiError(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
	all, several := err.(openapi3.MultiError)
	if err != nil && !several {
		all = openapi3.MultiError{err}
	}
	var found []string
	for _, err := range all {
		text := short(err)
		if strings.HasPrefix(text, "invalid paths:") && strings.HasPrefix(short(all[0]), "invalid components:") {
			break // the same again, where the components are used
		}
		advice := "see the OpenAPI 3.0.3 specification for what may be here"
		if strings.Contains(text, "invalid example") {
			advice = "fix the example, or the schema if that is wrong"
		}
		found = append(found, fmt.Sprintf(" %s: %s", text, advice))
	}
	return found
}

// short leaves out the schema and the value that kin-openapi quotes, which are indented.
func short(err error) string {
	var kept []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimRight(line, "\n"); line != "" && line != "Schema:" && line != "Value:" && !strings.HasPrefix(line, "  ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, " ")
}

// closeSchema forbids properties that the schema does not name, so that no example has them. The
// parts of an allOf stay open, since each of them sees the properties of the others.
func closeSchema(s *openapi3.Schema) {
	more := &s.AdditionalProperties
	if more.Has != nil || more.Schema != nil {
		return // it says what else there may be, or it is closed already
	}
	if len(s.Properties) > 0 && len(s.AllOf) == 0 {
		more.Has = new(bool)
	}
	parts := slices.Concat(slices.Collect(maps.Values(s.Properties)), s.OneOf, s.AnyOf)
	if s.Items != nil {
		parts = append(parts, s.Items)
	}
	for _, part := range parts {
		if part.Ref == "" {
			closeSchema(part.Value)
		}
	}
}

const describe = "say what it means to the reader: it becomes the Go documentation"

// Every part of the document that matches at has these fields, and text in them. Parts that
// are a reference are left out, because what they refer to is checked where it stands.
var wanted = []struct {
	at     *regexp.Regexp // the keys on the way to it, with blanks between them
	fields string
	advice string
}{
	{regexp.MustCompile(`^info$`), "title version description", "say what the API is for"},
	{regexp.MustCompile(`^(tags|servers) \d+$`), "description", describe},
	{regexp.MustCompile(`^paths \S+( \S+)? servers \d+$`), "description", describe},
	{regexp.MustCompile(`^paths \S+ (get|put|post|delete|options|head|patch|trace)$`), "operationId summary description tags responses", "every operation has a name, a summary, a description and the tag of its dialect"},
	{regexp.MustCompile(`^components (schemas|parameters|requestBodies|responses|securitySchemes) \S+$`), "description", describe},
	{regexp.MustCompile(`^components (parameters|headers) \S+$`), "schema example", "say what its values are, and show one"},
	{regexp.MustCompile(` (properties \S+|headers \S+|parameters \d+|requestBody)$`), "description", describe},
	{regexp.MustCompile(`^components schemas .*(oneOf|anyOf) \d+$`), "description", describe},
	{regexp.MustCompile(`responses \w+$`), "description content", "say what comes with this status, and in which body"},
	{regexp.MustCompile(`content \S+/\S+$`), "schema examples", "every body has a schema, and examples, each with a name, for readers and for the tests"},
	{regexp.MustCompile(`^components examples \S+$`), "summary value", "say in a few words what the example shows, and show it"},
}

var (
	conflict  = regexp.MustCompile(`^\s*(<{7}|>{7})( |$)`)
	secret    = regexp.MustCompile(`\bsk_([a-z]+_)?[0-9A-Za-z]{16,}`)
	unwritten = regexp.MustCompile(`^[^\pL\pN]*$|^\W*(?i:todo|tbd|fixme|xxx|changeme|lorem ipsum)\b`)
	// payload is what somebody sends, whose keys are not words of OpenAPI.
	payload = regexp.MustCompile(`(^|.* )examples \S+ value$|(^|.* )(example|default|enum)$`)
)

// unwanted finds what must be in no line, whatever the document says there.
func unwanted(data []byte) []string {
	var found []string
	for i, line := range strings.Split(string(data), "\n") {
		if conflict.MatchString(line) {
			found = append(found, fmt.Sprintf("%d: a conflict of a merge: resolve it", i+1))
		}
		if secret.MatchString(line) {
			found = append(found, fmt.Sprintf("%d: it looks like an API key: revoke it if it is one, and write sk_example_123456789", i+1))
		}
	}
	return found
}

// words looks for texts that are missing.
type words struct{ found []string }

func (w *words) walk(at string, n *yaml.Node) {
	switch n.Kind { // what an alias refers to is checked where it stands
	case yaml.DocumentNode:
		w.walk(at, n.Content[0])
	case yaml.SequenceNode:
		for i, child := range n.Content {
			w.walk(strings.TrimSpace(fmt.Sprint(at, " ", i)), child)
		}
	case yaml.MappingNode:
		fields := map[string]*yaml.Node{}
		merge(fields, n)
		if fields["$ref"] == nil {
			w.want(at, fields, n.Line)
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			below := strings.TrimSpace(at + " " + strings.ReplaceAll(name, " ", "_"))
			if strings.HasSuffix(at, " properties") || !payload.MatchString(below) {
				w.walk(below, fields[name])
			}
		}
	}
}

func (w *words) want(at string, fields map[string]*yaml.Node, line int) {
	for _, want := range wanted {
		if !want.at.MatchString(at) {
			continue
		}
		for name := range strings.FieldsSeq(want.fields) {
			value := fields[name]
			if name == "example" && value == nil {
				value = fields["examples"]
			}
			empty := value == nil || value.Kind == yaml.ScalarNode && unwritten.MatchString(value.Value) ||
				(value.Kind == yaml.MappingNode || value.Kind == yaml.SequenceNode) && len(value.Content) == 0
			if empty {
				w.found = append(w.found, fmt.Sprintf("%d: %s: no %s: %s", line, strings.ReplaceAll(at, " ", "."), name, want.advice))
			}
		}
	}
}

// merge adds the fields of a mapping, and those of the mappings that it merges (<<), to fields.
func merge(fields map[string]*yaml.Node, mapping *yaml.Node) {
	if mapping.Kind == yaml.AliasNode {
		mapping = mapping.Alias
	}
	var from []*yaml.Node // after the mapping's own fields, which come before these
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		switch name, value := mapping.Content[i].Value, mapping.Content[i+1]; {
		case name == "<<" && value.Kind == yaml.SequenceNode:
			from = append(from, value.Content...)
		case name == "<<":
			from = append(from, value)
		case fields[name] == nil:
			fields[name] = value
		}
	}
	for _, m := range from {
		merge(fields, m)
	}
}
