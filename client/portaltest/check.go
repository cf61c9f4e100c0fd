package portaltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

// A problem is one thing that is wrong with a request.
type problem struct {
	field string // by its JSON name; empty: the request as a whole
	code  string // the live dialect's word for it
	rule  string // what would be right: "is required", "must be …"
}

func malformed(format string, args ...any) []problem {
	return []problem{{rule: fmt.Sprintf(format, args...)}}
}

// check holds a request against the contract and returns what is wrong with it, the
// organization first. It leaves in r.Body the fields that the contract knows.
func (x *exchange) check(r *http.Request) []problem {
	for _, p := range x.op.Parameters {
		sent, ok := r.Header[http.CanonicalHeaderKey(p.Value.Name)]
		if s := p.Value.Schema.Value; ok && (len(sent) != 1 || s.VisitJSON(sent[0]) != nil) {
			return malformed("the %s header must be one value of %d to %d characters", p.Value.Name, s.MinLength, *s.MaxLength)
		}
	}
	if x.op.RequestBody == nil {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(strings.Join(r.Header["Content-Type"], ", "))
	var fields map[string]any
	switch {
	case x.unread != nil:
		return malformed("%v", x.unread)
	case err != nil || mediaType != "application/json":
		return malformed("the Content-Type must be application/json")
	case len(x.sent) == 0:
		return malformed("the request body is missing: send a JSON object")
	case !utf8.Valid(x.sent) || !json.Valid(x.sent):
		return malformed("the request body is not valid JSON")
	case json.Unmarshal(x.sent, &fields) != nil || fields == nil:
		return malformed("the request body must be a JSON object")
	}
	known := x.op.RequestBody.Value.Content["application/json"].Schema.Value
	problems := x.trim(fields, known)
	problems = append(problems, problemsOf(known.VisitJSON(fields, formats...))...)
	for _, field := range []string{"return_url", "success_url"} {
		wrong := func(p problem) bool { return p.field == field }
		if address, ok := fields[field].(string); ok && !isRedirect(address) && !slices.ContainsFunc(problems, wrong) {
			problems = append(problems, badRedirect(field))
		}
	}
	order := func(p problem) string { return strings.TrimPrefix(p.field, "organization") }
	slices.SortFunc(problems, func(a, b problem) int { return strings.Compare(order(a), order(b)) })
	body, _ := json.Marshal(fields) // it was JSON before
	r.Body = io.NopCloser(bytes.NewReader(body))
	return problems
}

// trim removes the fields that the schema does not know. In the live dialect it also
// removes optional fields that are null or empty: WorkOS's published SDKs send them
// for what their caller left out.
func (x *exchange) trim(fields map[string]any, known *openapi3.Schema) (strange []problem) {
	for name, value := range fields {
		switch {
		case x.op.live && (value == nil || value == "") && !slices.Contains(known.Required, name):
			delete(fields, name)
		case known.Properties[name] == nil:
			delete(fields, name)
			strange = append(strange, problem{printable(name), "unknown_field", "is not known"})
		}
	}
	if x.h.strict {
		return strange
	}
	for _, p := range strange[:min(len(strange), 10)] {
		x.note("%s: not known, ignored", p.field)
	}
	return nil
}

// problemsOf takes kin-openapi's error apart.
func problemsOf(err error) (found []problem) {
	if many := (openapi3.MultiError{}); errors.As(err, &many) {
		for _, err := range many {
			found = append(found, problemsOf(err)...)
		}
		return found
	}
	if one := (*openapi3.SchemaError)(nil); errors.As(err, &one) {
		return []problem{problemOf(one)}
	}
	return nil
}

func problemOf(e *openapi3.SchemaError) problem {
	path := e.JSONPointer()
	// Of an element of a list, the list is named.
	if i := slices.IndexFunc(path, func(name string) bool { _, err := strconv.Atoi(name); return err == nil }); i >= 0 {
		path = path[:i]
	}
	field := strings.Join(path, ".")
	p := problem{field, "invalid_" + field, "is invalid"}
	switch e.SchemaField {
	case "required":
		p.code, p.rule = "required", "is required"
	case "nullable":
		p.rule = "must not be null: leave it out"
		if slices.Contains(schema("PortalLinkRequest").Required, field) {
			p.code, p.rule = "required", "is required"
		}
	case "type":
		p.rule = "must be of type " + strings.Join(e.Schema.Type.Slice(), " or ")
	case "enum":
		values := make([]string, len(e.Schema.Enum))
		for i, v := range e.Schema.Enum {
			values[i] = fmt.Sprint(v)
		}
		p.rule = "must be one of: " + strings.Join(values, ", ")
	case "maxItems":
		p.rule = fmt.Sprintf("has too many entries: %d are allowed", *e.Schema.MaxItems)
	default:
		switch field {
		case "organization":
			return badOrganization
		case "return_url", "success_url":
			return badRedirect(field)
		case "it_contact_emails":
			p.rule = "must be a list of e-mail addresses"
		}
	}
	return p
}

var badOrganization = problem{"organization", codeInvalidID, "must start with org_"}

func badRedirect(field string) problem {
	return problem{field, "invalid_url", "must be an absolute https URL (http is allowed on loopback only)"}
}

// isRedirect checks what the contract's schema cannot say of a redirect URL but its
// description does: https, or http on loopback, and no password.
func isRedirect(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, "!$&'()*+,;=<>\"`{|}^ ") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Is(u.Hostname())
}

// Bounds on a request's body. A valid one is far smaller than maxBody. A larger one
// is read up to maxDrain, so that its sender gets an answer and no reset connection.
const (
	maxBody  = 1 << 20
	maxDrain = 32 << 20
)

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil { // not from a server
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return body, errors.New("the request body did not arrive whole")
	case len(body) > maxBody:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
		return body[:maxBody], fmt.Errorf("the request body is larger than %d KiB", maxBody>>10)
	}
	return body, nil
}
