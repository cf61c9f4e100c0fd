package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An answer is what one attempt brought.
type answer struct {
	status   int // 0: nothing came
	header   http.Header
	body     []byte // to the cap, without a byte order mark
	err      error  // why nothing came, or why the body is not whole
	sent     time.Time
	received time.Time // of the headers
	date     time.Time // the header Date; zero where there is none, or nonsense
}

// serverTime is the time by the server's clock as the answer came, cut to the second; by this
// host's clock where the answer does not say.
func (a *answer) serverTime() time.Time {
	if a.date.IsZero() {
		return a.received
	}
	return a.date
}

// foreign reports whether the answer comes from a proxy, a gateway or a firewall in front of the
// service, which itself answers in JSON: the body is HTML or plain text, or Cloudflare says that
// it is a challenge of its own.
func (a *answer) foreign() bool {
	text := bytes.TrimSpace(a.body)
	isJSON := len(text) == 0 || json.Valid(text) || bytes.ContainsRune([]byte(`{["`), rune(text[0])) // perhaps cut short
	return !isJSON || a.header.Get("Cf-Mitigated") != ""
}

// noRoute reports whether the answer says that the server does not have the route at all: a
// framework's words, 405, 410 and 501, and AWS API Gateway's 403 for an unknown route. A 404 in
// other words may say so too.
func (a *answer) noRoute() bool {
	switch a.status {
	case http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	case http.StatusForbidden:
		return a.says("Missing Authentication Token")
	}
	return a.status == http.StatusNotFound && a.cannot()
}

// cannot reports whether a web framework says that it has no such route, as Express and Nest do.
func (a *answer) cannot() bool { return a.says("Cannot POST ") || a.says("Cannot GET ") }

func (a *answer) says(words string) bool { return bytes.Contains(a.body, []byte(words)) }

// ofOrganization reports whether a 404 speaks of the organization: its code is entity_not_found,
// it is the contract's error, or its words name an organization.
func (a *answer) ofOrganization() bool {
	d := describe(a.body)
	return !a.foreign() && !a.cannot() && (d.code == "entity_not_found" || d.contract || namesOrganization.MatchString(d.text))
}

var (
	namesOrganization = regexp.MustCompile(`(?i)organi[sz]ation|\borg_`)
	misses            = regexp.MustCompile(`(?i)not find|n't find|not found|not exist|n't exist|no such|no organi[sz]ation|unknown organi[sz]ation`)
)

// missesOrganization reports whether a 400 or 403 says that the organization does not exist.
func (d description) missesOrganization() bool {
	return d.code == "entity_not_found" || namesOrganization.MatchString(d.text) && misses.MatchString(d.text)
}

// teaches reports whether an error answer could only come from a service that speaks the dialect:
// a 400, 404 or 422 with a body that the dialect is known for.
func (a *answer) teaches(d Dialect) bool {
	switch a.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotFound:
		said := describe(a.body)
		if d == DialectPortalLinks {
			return said.contract
		}
		return said.text != "" && (a.status != http.StatusNotFound || a.ofOrganization())
	}
	return false
}

// A description is what an error body says.
type description struct {
	code, text, field string
	contract          bool // it is openapi.yaml's Error, all of its fields
	alone             bool // it is one field and no more
	problems          []string
}

// describe reads an error body in every shape that the two dialects and web frameworks have: words
// under error_description, message, detail or title; a list of problems, or an object of them by
// field, under one of these or under errors; an error that is an object itself; a bare string. One
// field of a wrong type does not lose the others.
func describe(body []byte) (d description) {
	var whole any
	_ = json.Unmarshal(body, &whole) // nil says nothing
	fields, _ := whole.(map[string]any)
	inner, _ := fields["error"].(map[string]any)
	d.code = cmp.Or(text(fields["code"]), text(inner["code"]))
	d.contract = d.code != "" && text(fields["error"]) != "" && text(fields["error_description"]) != ""
	d.alone = len(fields) == 1
	d.read("", whole, true)
	if kind := text(fields["error"]); d.code == "" && len(d.problems) > 0 && d.problems[0] != kind {
		d.code = kind
	}
	if head := d.problems; len(head) > 1 && (text(fields["message"]) == head[0] || text(fields["detail"]) == head[0] || text(fields["title"]) == head[0]) {
		d.text = head[0] + ": "
		d.problems = head[1:]
	}
	d.text += strings.Join(d.problems, "; ")
	return d
}

// read takes in what a value says about a field: text, a list of values, or an object.
func (d *description) read(field string, value any, whole bool) {
	switch v := value.(type) {
	case string:
		d.field = cmp.Or(d.field, field)
		if field != "" && v != "" && !strings.Contains(v, field) {
			v = field + ": " + v
		}
		if v = cmp.Or(v, field); v != "" {
			d.problems = append(d.problems, v)
		}
	case []any:
		for _, entry := range v {
			d.read(field, entry, false)
		}
	case map[string]any:
		field = cmp.Or(fieldOf(v), field)
		before := len(d.problems)
		for _, name := range []string{"error_description", "message", "msg", "detail", "description", "title", "errors", "error", "code"} {
			if len(d.problems) == before || name == "errors" {
				d.read(field, v[name], false)
			}
		}
		if len(d.problems) > before || whole {
			return
		}
		d.read("", field, false)
		for _, name := range slices.Sorted(maps.Keys(v)) { // problems by field
			if _, isList := v[name].([]any); isList || field == "" {
				d.read(name, v[name], false)
			}
		}
	}
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
