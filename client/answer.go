package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
	if a.header.Get("Cf-Mitigated") != "" {
		return true
	}
	text := bytes.TrimSpace(a.body)
	return len(text) > 0 && !json.Valid(text) && !slices.Contains([]byte(`{["`), text[0])
}

// noRoute reports whether the answer says that the server does not have the route at all: a
// framework's words, 405, 410 and 501, and AWS API Gateway's 403 for an unknown route. A 404 in
// other words may say so too.
func (a *answer) noRoute() bool {
	switch a.status {
	case http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	case http.StatusForbidden:
		return bytes.Contains(a.body, []byte("Missing Authentication Token"))
	}
	return a.status == http.StatusNotFound && a.cannot()
}

// cannot reports whether a web framework says that it has no such route, as Express and Nest do.
func (a *answer) cannot() bool {
	return bytes.Contains(a.body, []byte("Cannot POST ")) || bytes.Contains(a.body, []byte("Cannot GET "))
}

// ofOrganization reports whether a 404 speaks of the organization: its code is entity_not_found,
// it is the contract's error, or its words name an organization.
func (a *answer) ofOrganization() bool {
	if a.foreign() || a.cannot() {
		return false
	}
	d := describe(a.body)
	return d.code == "entity_not_found" || isContractError(a.body) || namesOrganization(d.text)
}

// isNotFoundAlone reports whether the body is {"message":"Not Found"} and nothing else, which the
// live service has answered for an unknown organization.
func (a *answer) isNotFoundAlone() bool {
	var fields map[string]any
	return json.Unmarshal(a.body, &fields) == nil && len(fields) == 1 && fields["message"] == "Not Found"
}

func namesOrganization(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "organization") || strings.Contains(text, "organisation") || strings.Contains(text, "org_")
}

// missesOrganization reports whether a 400 or 403 says that the organization does not exist.
func (d description) missesOrganization() bool {
	text := strings.ToLower(d.text)
	return d.code == "entity_not_found" || namesOrganization(text) && slices.ContainsFunc(
		[]string{"not found", "could not find", "couldn't find", "cannot find", "can't find", "does not exist", "doesn't exist", "no such", "no organization"},
		func(words string) bool { return strings.Contains(text, words) })
}

// teaches reports whether an error answer could only come from a service that speaks the dialect:
// a 400, 404 or 422 with a body that the dialect is known for.
func (a *answer) teaches(d Dialect) bool {
	switch a.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if d == DialectPortalLinks {
			return isContractError(a.body)
		}
		said := describe(a.body)
		return said.text != "" && !a.foreign()
	case http.StatusNotFound:
		if d == DialectPortalLinks {
			return isContractError(a.body)
		}
		return a.ofOrganization()
	}
	return false
}

// isContractError reports whether the body is openapi.yaml's Error, all of its fields.
func isContractError(body []byte) bool {
	var e struct {
		Error       *string `json:"error"`
		Description *string `json:"error_description"`
		Code        *string `json:"code"`
	}
	return json.Unmarshal(body, &e) == nil && e.Error != nil && *e.Error != "" && e.Description != nil && e.Code != nil && *e.Code != ""
}

// A description is what an error body says.
type description struct{ code, text, field string }

// describe reads an error body in every shape that the two dialects and web frameworks have: words
// under error_description, message, detail or title; a list of problems, or an object of them by
// field, under one of these or under errors; an error that is an object itself; a bare string. One
// field of a wrong type does not lose the others.
func describe(body []byte) description {
	var whole any
	if json.Unmarshal(body, &whole) != nil {
		return description{}
	}
	fields, ok := whole.(map[string]any)
	if !ok {
		fields = map[string]any{"message": whole}
	}
	if inner, ok := fields["error"].(map[string]any); ok {
		maps.Copy(fields, inner)
	}
	d := description{code: text(fields["code"]), field: fieldOf(fields)}
	var problems []string
	for _, name := range []string{"error_description", "message", "detail", "title", "errors"} {
		if words := text(fields[name]); words != "" && d.text == "" {
			d.text = words
		} else if words == "" && (name == "errors" || len(problems) == 0) {
			problems = append(problems, d.problems(fields[name])...)
		}
	}
	switch kind := text(fields["error"]); {
	case d.text == "" && len(problems) == 0:
		d.text = kind
	case d.code == "":
		d.code = kind
	}
	if len(problems) > 0 {
		d.text = strings.TrimPrefix(d.text+": ", ": ") + strings.Join(problems, "; ")
	}
	return d
}

// problems are the entries of a list, or of an object by field. The first field that is named is
// the description's.
func (d *description) problems(value any) (all []string) {
	switch v := value.(type) {
	case []any:
		for _, entry := range v {
			all = append(all, d.problem("", entry)...)
		}
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(v)) {
			all = append(all, d.problem(field, v[field])...)
		}
	}
	return all
}

// problem is one entry: text, a list of texts, or an object.
func (d *description) problem(field string, entry any) []string {
	what := text(entry)
	switch v := entry.(type) {
	case []any:
		var words []string
		for _, w := range v {
			words = append(words, text(w))
		}
		what = strings.Join(words, ", ")
	case map[string]any:
		field = cmp.Or(fieldOf(v), field)
		for _, name := range []string{"message", "msg", "detail", "description", "title", "code"} {
			what = cmp.Or(what, text(v[name]))
		}
	}
	d.field = cmp.Or(d.field, field)
	if field != "" && what != "" && !strings.Contains(what, field) {
		what = field + ": " + what
	}
	if what = cmp.Or(what, field); what == "" {
		return nil
	}
	return []string{what}
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
	var (
		syntax *json.SyntaxError
		typ    *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &typ) && typ.Field != "":
		return fmt.Sprintf("%s is of the wrong type", typ.Field)
	case errors.As(err, &typ):
		return "JSON, but of the wrong type"
	}
	return other + " is malformed"
}
