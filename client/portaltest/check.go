package portaltest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal/gen"
)

// maxBody bounds a request's body. A valid one is far smaller.
const maxBody = 1 << 20

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil { // not from a server
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	// Read on: a sender whose connection is closed while it sends never sees the answer.
	if rest, cut := io.Copy(io.Discard, r.Body); rest > 0 || cut != nil || err != nil {
		err = errors.New("the request body is larger than 1 MiB, or did not arrive whole")
	}
	return body, err
}

// check holds a request against the contract, and refuses it or leaves in r.Body the fields that
// the contract knows.
func (x *exchange) check(r *http.Request, unread error) bool {
	for _, p := range x.op.Parameters {
		sent, ok := r.Header[http.CanonicalHeaderKey(p.Value.Name)]
		if ok && (len(sent) != 1 || p.Value.Schema.Value.VisitJSON(sent[0]) != nil) {
			return x.malformed("the " + p.Value.Name + " header must be one value of 1 to 255 characters")
		}
	}
	if x.op.RequestBody == nil {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(strings.Join(r.Header["Content-Type"], ", "))
	var fields map[string]any
	switch {
	case unread != nil:
		return x.malformed(unread.Error())
	case err != nil || mediaType != "application/json":
		return x.malformed("the Content-Type must be application/json")
	case !json.Valid(x.sent):
		return x.malformed("the request body is not valid JSON")
	case json.Unmarshal(x.sent, &fields) != nil || fields == nil:
		return x.malformed("the request body must be a JSON object")
	}
	known := x.op.RequestBody.Value.Content["application/json"].Schema.Value
	problems := append(x.trim(fields, known), problemsOf(known.VisitJSON(fields, formats...))...)
	if len(problems) > 0 {
		x.invalid(problems)
		return false
	}
	body, _ := json.Marshal(fields) // it was JSON before
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

const codeInvalid, codeInvalidID = "invalid_request", "invalid_organization_id"
const prefixRule, organizationRule = "must start with org_", "must be org_ and letters, digits, - or _"

// A problem is one field that is not as the contract says.
type problem struct {
	field string // by its JSON name
	code  string // the live dialect's word for it
	rule  string // what would be right: "is required", "must be …"
}

// trim removes the fields that the schema does not know. In the live dialect it also removes
// optional fields that are null or empty: WorkOS's published SDKs send them for what their caller
// left out.
func (x *exchange) trim(fields map[string]any, known *openapi3.Schema) (strange []problem) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, required := fields[name], slices.Contains(known.Required, name)
		switch {
		case x.op.live && !required && (value == nil || value == ""), required && value == nil:
			delete(fields, name)
		case known.Properties[name] == nil && x.h.strict:
			strange = append(strange, problem{name, "unknown_field", "is not known"})
		case known.Properties[name] == nil:
			delete(fields, name)
			if len(x.entry.Notes) < 10 { // there may be any number of them
				x.note("%s: not known, ignored", name)
			}
		}
	}
	return strange
}

// problemsOf takes kin-openapi's error apart.
func problemsOf(err error) (found []problem) {
	if many := (openapi3.MultiError{}); errors.As(err, &many) {
		for _, err := range many {
			found = append(found, problemsOf(err)...)
		}
	} else if one := (*openapi3.SchemaError)(nil); errors.As(err, &one) {
		found = append(found, problemOf(one))
	} else if err != nil {
		found = append(found, problem{"body", "invalid_body", "is not as the contract says"})
	}
	return found
}

func problemOf(e *openapi3.SchemaError) problem {
	field := append(e.JSONPointer(), "body")[0] // of a list too, not of its elements
	rule := strings.TrimPrefix(strings.ToLower(e.Reason), "value ")
	switch e.SchemaField {
	case "required":
		return problem{field, "required", "is required"}
	case "pattern":
		if rule = organizationRule; !strings.HasPrefix(fmt.Sprint(e.Value), "org_") {
			rule = prefixRule
		}
		return problem{field, codeInvalidID, rule}
	case "format":
		if e.Schema.Format == "uri" {
			return problem{field, "invalid_url", errRedirect.Error()}
		}
		rule = "must be a list of e-mail addresses"
	case "enum":
		var values []string
		for _, v := range e.Schema.Enum {
			values = append(values, fmt.Sprint(v))
		}
		rule = "must be one of: " + strings.Join(values, ", ")
	}
	return problem{field, "invalid_" + field, rule}
}

// A refusal is one row of the error table in both dialects: the reference's words are from "Error
// Handling" in WorkOS's Admin Portal reference, the live ones are what the service was seen to
// answer.
type refusal struct {
	status     int
	reference  gen.Error
	liveStatus int
	live       gen.LiveError
}

// refusals are what the service says with a status when nothing particular is wrong. Every status
// of the contract is here, except 404.
var refusals = map[int]refusal{
	400: {400, gen.Error{Error: codeInvalid, ErrorDescription: "The request is malformed", Code: codeInvalid}, 400, gen.LiveError{Message: "The request is malformed", Code: codeInvalid}},
	401: {401, gen.Error{Error: "unauthorized", ErrorDescription: "The API key is missing or invalid", Code: "unauthorized"}, 401, gen.LiveError{Message: "Unauthorized"}},
	403: {401, gen.Error{Error: "unauthorized", ErrorDescription: "The API key lacks the required permissions", Code: "insufficient_permissions"}, 403, gen.LiveError{Message: "Forbidden", Code: "forbidden"}},
	422: {422, gen.Error{Error: codeInvalid, ErrorDescription: "The 'organization' parameter " + prefixRule, Code: codeInvalidID}, 422, gen.LiveError{Message: "Validation failed", Code: "invalid_request_parameters"}},
	429: {429, gen.Error{Error: "rate_limited", ErrorDescription: "Too many requests", Code: "rate_limit_exceeded"}, 429, gen.LiveError{Message: "Too many requests.", Code: "rate_limit_exceeded"}},
	500: {500, gen.Error{Error: "server_error", ErrorDescription: "Something went wrong on our side", Code: "server_error"}, 500, gen.LiveError{Message: "Internal server error", Code: "internal_server_error"}},
}

func notFound(id string) refusal {
	return refusal{404, gen.Error{Error: "not_found", ErrorDescription: "Organization not found", Code: "entity_not_found"}, 404, gen.LiveError{Message: "Organization not found: '" + id + "'.", Code: "entity_not_found", EntityID: id}}
}

// refuse makes a refusal the answer, in the words of the operation's dialect. why is for the log.
func (x *exchange) refuse(no refusal, why string) {
	x.note("%s", why)
	if x.op.live {
		x.json(no.liveStatus, no.live)
		return
	}
	x.json(no.status, no.reference)
}

// malformed refuses what cannot be read at all.
func (x *exchange) malformed(why string) bool {
	no := refusals[400]
	no.reference.ErrorDescription = strings.ToUpper(why[:1]) + why[1:]
	no.live.Message = no.reference.ErrorDescription
	x.refuse(no, why)
	return false
}

// invalid refuses fields that are not as the contract says. The reference's dialect names the
// first, and the organization before others; the live one lists them all.
func (x *exchange) invalid(problems []problem) {
	order := func(p problem) string { return strings.TrimPrefix(p.field, "organization") }
	slices.SortFunc(problems, func(a, b problem) int { return cmp.Compare(order(a), order(b)) })
	no := refusals[422]
	no.reference.ErrorDescription = "The '" + problems[0].field + "' parameter " + problems[0].rule
	if problems[0].code != codeInvalidID {
		no.status, no.reference.Code = http.StatusBadRequest, codeInvalid
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.field+": "+p.rule)
		detail, _ := json.Marshal(map[string]string{"field": p.field, "code": p.code, "message": p.field + " " + p.rule}) // text cannot fail
		no.live.Errors = append(no.live.Errors, detail)
	}
	x.refuse(no, strings.Join(lines, "; "))
}
