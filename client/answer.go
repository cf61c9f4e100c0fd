package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is the most that is read of an answer, after decompression. A link is a few hundred
// bytes, a list of icons a few dozen KiB.
const maxBody = 1 << 20

// maxSnippet bounds each text in the fields of an Error, in bytes.
const maxSnippet = 512

// An answer is what one attempt brought.
type answer struct {
	status   int // 0: nothing came
	header   http.Header
	body     []byte      // to the cap, without a byte order mark
	said     description // what the body of an error says
	verdict  *verdict    // on an error answer; nil: the status means what it says
	err      error       // why nothing came, or why the body is not whole
	sent     time.Time
	received time.Time // of the headers
	date     time.Time // the header Date; zero where there is none, or nonsense
}

// serverTime is the time by the server's clock as the answer came, cut to the second; by this
// host's clock where the answer does not say.
func (a *answer) serverTime() time.Time { return cmp.Or(a.date, a.received) }

// ok reports whether the status is that of a success.
func (a *answer) ok() bool { return a.status/100 == 2 }

// missesOrganization reports whether the service says that the organization does not exist: by the
// code for that, or in words. A 404 need only name an organization and not the route, or be the
// contract's error.
func (a *answer) missesOrganization() bool {
	coded := cmp.Or(a.said.code, a.said.text) == "entity_not_found" || mentions(strings.ToLower(a.said.code+" "+a.said.text), "organization_not_found")
	switch {
	case a.said.foreign, !coded && mentions(a.said.text, "portal_links", "generate_link"): // it speaks of the route
	case a.status == http.StatusNotFound:
		return coded || a.said.contract || mentions(strings.ToLower(a.said.text), "organization", "organisation", "org_")
	case a.status == http.StatusBadRequest, a.status == http.StatusForbidden:
		return coded || saysNoOrganization(a.said.text)
	}
	return false
}

// saysNoOrganization reports whether a clause says that an organization does not exist: before its
// name, as in "could not find an organization", or after it.
func saysNoOrganization(words string) bool {
	words = strings.NewReplacer("’", "'", "organisation", "organization", "organizations", "organization", "not_found", "not found").Replace(strings.ToLower(words))
	for clause := range strings.FieldsFuncSeq(words, func(r rune) bool { return strings.ContainsRune(";.!\n", r) }) {
		if mentions(clause, "find organization", "find an organization", "find the organization", "find any organization", "no such organization",
			"no organization with", "no organization found", "no organization exists", "no organization matches", "no organization for",
			"no organization org_", "unknown organization", "not found: organization") {
			return true
		}
		for _, name := range []string{"organization ", "organization:", "org_"} {
			_, after, _ := strings.Cut(clause, name)
			for _, missing := range []string{"not found", "not exist", "n't exist", "n't found", "not be found", "n't be found", "is unknown"} {
				// What stands between is the ID: after a colon or another noun, something else is missing.
				id, _, ok := strings.Cut(after, missing)
				if ok && !mentions(strings.TrimRight(id, ": "), ": ", " no ", "_url", "intent", "email", "connection", "domain", "parameter", "field", "role") {
					return true
				}
			}
		}
	}
	return false
}

// A description is what an error body says.
type description struct {
	code, text, field string
	visited           int  // values, so that a hostile body costs little
	foreign           bool // it comes from a proxy, a gateway or a firewall: HTML, plain text, or Cloudflare's own words
	contract          bool // it is openapi.yaml's Error, all of its fields
	notFound          bool // it is {"message":"Not Found"} and nothing else
}

// describe reads an error body in every shape that the two dialects and web frameworks have. A
// field of a wrong type does not lose the others.
func (a *answer) describe() (d description) {
	var whole any // nil says nothing
	err, start := json.Unmarshal(a.body, &whole), bytes.TrimSpace(a.body)
	cut := err != nil && bytes.ContainsAny(start[:min(1, len(start))], `{["`) && mentions(err.Error(), "unexpected end of JSON input", "max depth")
	fields := lowered(whole)
	d.foreign = len(start) > 0 && !json.Valid(start) && !cut || a.header.Get("Cf-Mitigated") != "" || fields["cloudflare_error"] == true
	d.text = d.words("", whole)
	d.notFound = len(fields) == 1 && text(fields["message"]) == "Not Found"
	kind := text(fields["error"])
	d.code = cmp.Or(text(fields["code"]), text(lowered(fields["error"])["code"]))
	d.contract = d.code != "" && kind != "" && text(fields["error_description"]) != ""
	if d.code == "" && d.text != kind {
		d.code = kind
	}
	return d
}

// requestFields are openapi.yaml's, those first that are not also words.
var requestFields = []string{"return_url", "success_url", "it_contact_emails", "intent", "organization"}

// In an object, ownWords name what it says of itself, listWords the list of its errors.
var ownWords = strings.Fields("error_description message defaultmessage errormessage error_message error_msg msg detail description reason title")
var listWords = strings.Fields("errors violations fieldviolations invalid-params invalid_params modelstate constraints details issues messages " +
	"fielderrors children _errors")

// words are what a value says about a field: a text, the words of a list's entries, or those of an
// object. An object without words of its own has problems by field.
func (d *description) words(field string, value any) string {
	const mostVisits, mostField = 200, 64
	if d.visited++; d.visited > mostVisits {
		return ""
	}
	whole := d.visited == 1
	field = snippet(strings.TrimPrefix(strings.TrimPrefix(field, "$."), "body."), mostField)
	var all []string
	switch v := value.(type) {
	case string:
		v = snippet(v, 2*maxSnippet)
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
		lower := lowered(v)
		named := fieldOf(lower)
		d.field, field = cmp.Or(d.field, named), cmp.Or(named, field)
		own, errs := d.first(field, lower, ownWords), d.first(field, lower, listWords)
		if own != "" && errs != "" {
			own = strings.TrimRight(own, ".") + ": " + errs
		}
		if own = cmp.Or(own, errs, d.first(field, lower, []string{"error", "code"}), named); own != "" {
			return own
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			// A text that is named a secret may be one.
			if _, isList := v[name].([]any); isList || !whole && !mentions(strings.ToLower(name), "secret", "token") {
				all = append(all, d.words(name, v[name]))
			}
		}
	}
	return strings.Join(slices.DeleteFunc(all, func(words string) bool { return words == "" }), "; ")
}

// lowered is an object with its names in lower case, and empty for any other value.
func lowered(value any) map[string]any {
	object, _ := value.(map[string]any)
	lower := make(map[string]any, len(object))
	for name, member := range object {
		lower[strings.ToLower(name)] = member
	}
	return lower
}

// first returns the words of the first member that has any.
func (d *description) first(field string, object map[string]any, names []string) (words string) {
	for _, name := range names {
		if words == "" && object[name] != nil {
			words = d.words(field, object[name])
		}
	}
	return words
}

// fieldOf is the field that an object names, in one of the spellings of validators: field, path,
// property or param; the last name in loc (FastAPI) or path; the last part of a JSON pointer (RFC
// 9457). The path of a request, the whole body, an address and a key are none.
func fieldOf(object map[string]any) (field string) {
	source, _ := object["source"].(map[string]any) // JSON:API
	for _, value := range []any{
		object["field"], object["path"], object["property"], object["propertypath"], object["propertyname"], object["instancepath"],
		object["param"], object["pointer"], object["loc"], source["pointer"], source["parameter"], object["location"],
	} {
		parts, _ := value.([]any)
		for _, part := range slices.Backward(append([]any{value}, parts...)) {
			field = cmp.Or(field, text(part))
		}
	}
	if field == "body" || mentions(field, "/portal_links", "/generate_link", "://", "sk_") {
		return ""
	}
	return strings.TrimPrefix(field[strings.LastIndex(field, "/")+1:], "body.")
}

// text is a decoded value if that is a string.
func text(v any) (s string) { s, _ = v.(string); return s }
