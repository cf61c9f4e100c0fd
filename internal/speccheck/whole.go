package main

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/internal/contract"
)

// whole judges what no line shows by itself: what does not go together, and what can
// never be so. What keeps kin-openapi from reading the document, kin says.
func whole(doc *contract.Document) []contract.Finding {
	api, err := openapi3.NewLoader().LoadFromData(doc.Data)
	if err != nil || api.Info == nil || api.Paths == nil || api.Components == nil {
		return nil
	}
	w := viewer{doc: doc, api: api, within: map[direction]map[*openapi3.Schema]bool{asked: {}, answered: {}}}
	w.license()
	w.paths()
	w.tags()
	for _, name := range sorted(api.Components.Schemas) {
		if schema := api.Components.Schemas[name]; schema != nil {
			w.schema([]string{"components", "schemas", name}, schema.Value)
		}
	}
	return w.findings
}

type viewer struct {
	doc      *contract.Document
	api      *openapi3.T
	within   map[direction]map[*openapi3.Schema]bool // judged already
	findings []contract.Finding
}

// A direction is who sends a body.
type direction string

const (
	asked    direction = "request"
	answered direction = "answer"
)

func (w *viewer) add(path []string, format string, args ...any) {
	w.findings = append(w.findings, w.doc.At(path, fmt.Sprintf(format, args...)))
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// in is what lies below path; it leaves path as it is.
func in(path []string, below ...string) []string { return slices.Concat(path, below) }

func (w *viewer) license() {
	text, err := os.ReadFile("LICENSE")
	if license := w.api.Info.License; err == nil && license != nil && !strings.HasPrefix(string(text), license.Name+" License") {
		w.add([]string{"info", "license", "name"}, "%q is not what LICENSE is: name that", license.Name)
	}
}

func (w *viewer) tags() {
	used := map[string]bool{}
	for _, item := range w.api.Paths.Map() {
		for _, op := range item.Operations() {
			for _, tag := range op.Tags {
				used[tag] = true
			}
		}
	}
	for i, tag := range w.api.Tags {
		if tag != nil && !used[tag.Name] {
			w.add([]string{"tags", fmt.Sprint(i)}, "no operation has the tag %s: take it out, or give it to one", tag.Name)
		}
	}
}

func (w *viewer) paths() {
	words := map[string]string{} // whose they are
	for _, path := range sorted(w.api.Paths.Map()) {
		operations := w.api.Paths.Value(path).Operations()
		if len(operations) == 0 {
			w.add([]string{"paths", path}, "a path without an operation: describe one, or take the path out")
		}
		for _, method := range sorted(operations) {
			op, at := operations[method], []string{"paths", path, strings.ToLower(method)}
			for _, said := range [][2]string{{"summary", op.Summary}, {"description", op.Description}} {
				if whose := words[said[1]]; whose != "" && said[1] != "" {
					w.add(in(at, said[0]), "the %s of %s: say what this one is for", said[0], whose)
				}
				words[said[1]] = method + " " + path
			}
			if body := op.RequestBody; body != nil && body.Value != nil {
				w.content(in(at, "requestBody"), body.Value.Content, asked)
			}
			w.responses(in(at, "responses"), op.Responses)
		}
	}
}

func (w *viewer) responses(at []string, responses *openapi3.Responses) {
	shown := map[string]string{} // under which status
	for _, status := range sorted(responses.Map()) {
		response := responses.Value(status).Value
		if response == nil {
			continue
		}
		w.content(in(at, status), response.Content, answered)
		w.links(in(at, status, "links"), response.Links)
		for _, kind := range sorted(response.Content) {
			media := response.Content[kind]
			if media == nil {
				continue
			}
			for _, name := range sorted(media.Examples) {
				ref := reference(media.Examples[name])
				if was := shown[ref]; ref != "" && was != "" && status >= "400" && was != status {
					w.add(in(at, status, "content", kind, "examples", name), "%s shows this example, too, and a service says different things with them: show what a %s says", was, status)
				}
				shown[ref] = status
			}
		}
	}
}

// content judges bodies, and the examples of each.
func (w *viewer) content(at []string, content openapi3.Content, by direction) {
	for _, kind := range sorted(content) {
		media, at := content[kind], in(at, "content", kind)
		if media == nil {
			continue
		}
		if len(media.Encoding) > 0 {
			w.add(in(at, "encoding"), "encoding is for forms: take it out")
		}
		if media.Schema == nil || media.Schema.Value == nil {
			continue
		}
		w.sent(in(at, "schema"), media.Schema.Value, by)
		named := map[string]string{}
		for _, name := range sorted(media.Examples) {
			example, at := media.Examples[name], in(at, "examples", name)
			ref := reference(example)
			if twin := named[ref]; ref != "" && twin != "" {
				w.add(at, "the example %s once more: show something else", twin)
			}
			named[ref] = name
			if example != nil && example.Value != nil {
				w.known(in(at, "value"), example.Value.Value, []*openapi3.Schema{media.Schema.Value})
			}
		}
	}
}

// reference is the component that an example is, if it is one.
func reference(example *openapi3.ExampleRef) string {
	if example == nil {
		return ""
	}
	return example.Ref
}

// links lead to an operation of the document, at its own server.
func (w *viewer) links(at []string, links openapi3.Links) {
	for _, name := range sorted(links) {
		at := in(at, name)
		if links[name] == nil || links[name].Value == nil {
			continue
		}
		link := links[name].Value
		op := w.operation(link.OperationID)
		switch {
		case op == nil:
			w.add(at, "a link to no operation of ours: give the operationId of one")
			continue
		case link.Server != nil:
			w.add(in(at, "server"), "a link to another server, which would be sent the key: take it out")
		case link.Description == "":
			w.add(at, "no description: say what it means to the one who reads it")
		}
		for _, parameter := range sorted(link.Parameters) {
			if !slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p != nil && p.Value != nil && p.Value.Name == parameter }) {
				w.add(in(at, "parameters", parameter), "%s has no parameter %s: mend the name", link.OperationID, parameter)
			}
		}
	}
}

func (w *viewer) operation(id string) *openapi3.Operation {
	for _, item := range w.api.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID == id && id != "" {
				return op
			}
		}
	}
	return nil
}

// parts are the schemas that s is made of, with their names below it.
func parts(s *openapi3.Schema) map[string]*openapi3.SchemaRef {
	all := map[string]*openapi3.SchemaRef{"items": s.Items, "additionalProperties": s.AdditionalProperties.Schema, "not": s.Not}
	for name, property := range s.Properties {
		all["properties/"+name] = property
	}
	for keyword, choices := range map[string]openapi3.SchemaRefs{"oneOf": s.OneOf, "anyOf": s.AnyOf, "allOf": s.AllOf} {
		for i, choice := range choices {
			all[fmt.Sprintf("%s/%d", keyword, i)] = choice
		}
	}
	maps.DeleteFunc(all, func(_ string, part *openapi3.SchemaRef) bool { return part == nil || part.Value == nil })
	return all
}

// schema judges the values that a schema lists, its own parts' included.
func (w *viewer) schema(at []string, s *openapi3.Schema) {
	if s == nil {
		return
	}
	free := *s
	free.Enum = nil
	had := map[string]any{}
	for i, value := range s.Enum {
		at := in(at, "enum", fmt.Sprint(i))
		text := strings.ToLower(fmt.Sprint(value))
		switch err := free.VisitJSON(value); {
		case err != nil:
			w.add(at, "%v is not what the rest of the schema allows: mend either", value)
		case had[text] != nil && !reflect.DeepEqual(had[text], value):
			w.add(at, "%v stands here already, in other letters: leave one", value)
		}
		had[text] = value
	}
	for name, part := range parts(s) {
		if part.Ref == "" {
			w.schema(in(at, strings.SplitN(name, "/", 2)...), part.Value)
		}
	}
}

// sent judges what is part of a body: nothing in it is only for the other direction.
func (w *viewer) sent(at []string, s *openapi3.Schema, by direction) {
	if w.within[by][s] {
		return
	}
	w.within[by][s] = true
	switch {
	case by == answered && s.WriteOnly:
		w.add(in(at, "writeOnly"), "only requests have it, and it is part of an answer: take it out")
	case by == asked && s.ReadOnly:
		w.add(in(at, "readOnly"), "only answers have it, and it is part of a request: take it out")
	}
	for name, part := range parts(s) {
		w.sent(in(at, strings.SplitN(name, "/", 2)...), part.Value, by)
	}
}

// known judges an example's names: each is one that its schemas have. A linter takes
// any where there is a choice of schemas.
func (w *viewer) known(at []string, value any, schemas []*openapi3.Schema) {
	var all []*openapi3.Schema // with those that they are a choice or a sum of
	for i := 0; i < len(schemas); i++ {
		all = append(all, schemas[i])
		for name, part := range parts(schemas[i]) {
			if strings.Contains(name, "Of/") && !slices.Contains(schemas, part.Value) {
				schemas = append(schemas, part.Value)
			}
		}
	}
	switch value := value.(type) {
	case []any:
		var elements []*openapi3.Schema
		for _, s := range all {
			if s.Items != nil && s.Items.Value != nil {
				elements = append(elements, s.Items.Value)
			}
		}
		for i, element := range value {
			w.known(in(at, fmt.Sprint(i)), element, elements)
		}
	case map[string]any:
		if !slices.ContainsFunc(all, func(s *openapi3.Schema) bool { return len(s.Properties) > 0 }) {
			return // any name will do
		}
		for _, name := range sorted(value) {
			var properties []*openapi3.Schema
			for _, s := range all {
				if property := s.Properties[name]; property != nil && property.Value != nil {
					properties = append(properties, property.Value)
				}
				if more := s.AdditionalProperties.Schema; more != nil && more.Value != nil {
					properties = append(properties, more.Value)
				}
			}
			if properties == nil {
				w.add(in(at, name), "nothing has the name %s: mend it, or describe it in the schema", name)
				continue
			}
			w.known(in(at, name), value[name], properties)
		}
	}
}
