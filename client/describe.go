package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A description is what an error body says.
type description struct {
	code, text, field string
	contract          bool // it is openapi.yaml's Error, all of its fields
}

// describe reads an error body in every shape that the two dialects and web frameworks have. A
// field of a wrong type does not lose the others.
func describe(body []byte) (d description) {
	var whole any
	_ = json.Unmarshal(body, &whole) // nil says nothing
	fields, isObject := whole.(map[string]any)
	if isObject {
		d.text = d.object("", fields)
	} else {
		d.text = d.words("", whole)
	}
	kind := text(fields["error"])
	inner, _ := fields["error"].(map[string]any)
	d.code = cmp.Or(text(fields["code"]), text(inner["code"]))
	d.contract = d.code != "" && kind != "" && text(fields["error_description"]) != ""
	if d.code == "" && d.text != kind {
		d.code = kind
	}
	return d
}

// words are what a value says about a field: a text, the words of a list's entries, or those of an
// object. An object without words of its own has problems by field.
func (d *description) words(field string, value any) string {
	var all []string
	switch v := value.(type) {
	case string:
		d.field = cmp.Or(d.field, field)
		if field != "" && v != "" && !strings.Contains(v, field) {
			v = field + ": " + v
		}
		return v
	case []any:
		for _, entry := range v {
			all = append(all, d.words(field, entry))
		}
	case map[string]any:
		named := fieldOf(v)
		if words := cmp.Or(d.object(cmp.Or(named, field), v), named); words != "" {
			return words
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, d.words(name, v[name]))
		}
	}
	return strings.Join(slices.DeleteFunc(all, func(words string) bool { return words == "" }), "; ")
}

// object is what an object says of itself, and after a colon the list of its errors.
func (d *description) object(field string, v map[string]any) (words string) {
	for _, name := range []string{"error_description", "message", "msg", "detail", "description", "title"} {
		words = cmp.Or(words, d.words(field, v[name]))
	}
	errs := d.words(field, v["errors"])
	if words != "" && errs != "" {
		return words + ": " + errs
	}
	return cmp.Or(words, errs, d.words(field, v["error"]), d.words(field, v["code"]))
}

// fieldOf is the field that an object names, in one of the spellings of validators: field, path,
// property or param; the last part of loc (FastAPI) or of a JSON pointer (RFC 9457).
func fieldOf(object map[string]any) (field string) {
	for _, name := range []string{"field", "path", "property", "param", "pointer"} {
		field = cmp.Or(field, text(object[name]))
	}
	if loc, ok := object["loc"].([]any); ok && len(loc) > 0 {
		field = cmp.Or(field, text(loc[len(loc)-1]))
	}
	return field[strings.LastIndex(field, "/")+1:]
}

// text is a decoded value if that is a string.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// misfit says why a body is not what the contract says, without repeating any of it, since json's
// own words may quote a secret. other is what it says of errors that are not json's.
func misfit(err error, other string) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("not JSON, from byte %d on", syntax.Offset)
	} else if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return cmp.Or(typ.Field, "JSON, but it") + " is of the wrong type"
	}
	return other + " is malformed"
}
