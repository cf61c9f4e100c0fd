package portaltest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/adminportal-go/adminportal/gen"
)

// A refusal is one row of the error table, in both dialects' words: the sheet's
// from the "Error Handling" of WorkOS's Admin Portal reference, the live ones as
// the service was seen to answer.
type refusal struct {
	status int
	sheet  gen.Error

	liveStatus int // 0: status
	live       gen.LiveError
}

// refuse makes a refusal the answer, in the words of the operation's dialect.
func (x *exchange) refuse(no refusal) {
	switch {
	case !x.op.live:
		x.json(no.status, no.sheet)
	case no.liveStatus != 0:
		x.json(no.liveStatus, no.live)
	default:
		x.json(no.status, no.live)
	}
}

// Codes of the contract's errors.
const (
	codeInvalidRequest = "invalid_request"
	codeInvalidID      = "invalid_organization_id"
	codeNotFound       = "entity_not_found"
	codeRateLimited    = "rate_limit_exceeded"
)

var (
	forbidden = refusal{
		status:     http.StatusUnauthorized,
		sheet:      gen.Error{Error: "unauthorized", ErrorDescription: "The API key lacks the required permissions", Code: "insufficient_permissions"},
		liveStatus: http.StatusForbidden,
		live:       gen.LiveError{Message: "Forbidden", Code: "forbidden"},
	}
	rateLimited = refusal{
		status: http.StatusTooManyRequests,
		sheet:  gen.Error{Error: "rate_limited", ErrorDescription: "Too many requests", Code: codeRateLimited},
		live:   gen.LiveError{Message: "Too many requests.", Code: codeRateLimited},
	}
	serverError = refusal{
		status: http.StatusInternalServerError,
		sheet:  gen.Error{Error: "server_error", ErrorDescription: "Something went wrong on our side", Code: "server_error"},
		live:   gen.LiveError{Message: "Internal server error", Code: "internal_server_error"},
	}
)

// unauthorized answers a key that is none of the portal's. Somebody who sent a real
// one must learn where it went.
func unauthorized(key string) refusal {
	no := refusal{
		status: http.StatusUnauthorized,
		sheet:  gen.Error{Error: "unauthorized", ErrorDescription: "The API key is missing or invalid", Code: "unauthorized"},
		live:   gen.LiveError{Message: "Unauthorized"},
	}
	if strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, keyPrefix) {
		const sandbox = ". This is a sandbox, not WorkOS: it takes only its own keys"
		no.sheet.ErrorDescription += sandbox
		no.live.Message += sandbox
	}
	return no
}

// badRequest answers what cannot be read at all.
func badRequest(text string) refusal {
	text = strings.ToUpper(text[:1]) + text[1:]
	return refusal{
		status: http.StatusBadRequest,
		sheet:  gen.Error{Error: codeInvalidRequest, ErrorDescription: text, Code: codeInvalidRequest},
		live:   gen.LiveError{Message: text, Code: codeInvalidRequest},
	}
}

// organizationNotFound answers an organization that the portal does not know.
func organizationNotFound(id string) refusal {
	return refusal{
		status: http.StatusNotFound,
		sheet:  gen.Error{Error: "not_found", ErrorDescription: "Organization not found", Code: codeNotFound},
		live:   gen.LiveError{Message: "Organization not found: '" + id + "'.", Code: codeNotFound, EntityID: id},
	}
}

// refusalOf answers a request that is not as the contract says. The sheet's dialect
// names one problem, the weightiest; the live one lists them all.
func refusalOf(problems []problem) refusal {
	first := problems[0]
	for _, p := range problems[1:] {
		if p.weight() < first.weight() {
			first = p
		}
	}
	if first.rule == malformed {
		return badRequest(first.text)
	}
	no := badRequest(first.sentence())
	if first.isBadID() {
		no.status = http.StatusUnprocessableEntity
		no.sheet.Code = codeInvalidID
	}
	no.liveStatus = http.StatusUnprocessableEntity
	no.live = gen.LiveError{Message: "Validation failed", Code: "invalid_request_parameters"}
	for _, p := range problems {
		no.live.Errors = append(no.live.Errors, p.detail())
	}
	return no
}

// weight orders problems: what concerns the whole request, then organization before
// the other fields, and an organization's form, which alone is a 422, last.
func (p problem) weight() int {
	switch {
	case p.rule == malformed:
		return 0
	case p.isBadID():
		return 3
	case p.field == "organization":
		return 1
	default:
		return 2
	}
}

func (p problem) isBadID() bool { return p.field == "organization" && p.rule == badFormat }

// sentence says what would be right, as the sheet says it.
func (p problem) sentence() string {
	s := "The '" + p.field + "' parameter "
	switch p.rule {
	case missing:
		return s + "is required"
	case wrongType:
		if p.text == "" {
			return s + "must not be null: leave it out"
		}
		return s + "must be of type " + p.text
	case notListed:
		return s + "must be one of: " + p.text
	case tooMany:
		return s + "has too many entries: 20 are allowed"
	default:
		return s + p.form()
	}
}

// form says what a field must look like.
func (p problem) form() string {
	switch p.field {
	case "organization":
		return "must start with org_"
	case "return_url", "success_url":
		return "must be an absolute https URL (http is allowed on loopback only)"
	case "it_contact_emails":
		return "must be a list of e-mail addresses"
	default:
		return "is invalid"
	}
}

// detail is the problem as the live dialect lists it.
func (p problem) detail() gen.LiveErrorDetail {
	top, _, _ := strings.Cut(p.field, ".")
	code := "invalid_" + top
	switch {
	case p.rule == missing:
		code = "required"
	case p.isBadID():
		code = codeInvalidID
	case p.rule == badFormat && strings.HasSuffix(p.field, "_url"):
		code = "invalid_url"
	}
	sentence := p.sentence()
	detail, _ := json.Marshal(struct {
		Field   string `json:"field"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{p.field, code, p.field + sentence[strings.Index(sentence, " parameter ")+len(" parameter"):]}) // strings: nothing to fail
	return detail
}

// refuseRequest answers what the strict server itself cannot take.
func refuseRequest(_ http.ResponseWriter, r *http.Request, _ error) {
	exchangeOf(r.Context()).refuse(badRequest("a header that may be given once was given more than once"))
}

// refuseResponse answers when the strict server could not write an answer.
func refuseResponse(_ http.ResponseWriter, r *http.Request, _ error) {
	exchangeOf(r.Context()).refuse(serverError)
}
