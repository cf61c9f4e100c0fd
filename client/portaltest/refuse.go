package portaltest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/adminportal-go/adminportal/gen"
)

// A refusal is one row of the error table in both dialects: the sheet's words are from
// "Error Handling" in WorkOS's Admin Portal reference, the live ones are what the
// service was seen to answer.
type refusal struct {
	status     int
	sheet      gen.Error
	liveStatus int // 0: status
	live       gen.LiveError
}

// refuse makes a refusal the answer, in the words of the operation's dialect. why is
// for the log.
func (x *exchange) refuse(no refusal, why string) {
	x.note("%s", why)
	if x.op.live {
		x.json(cmp.Or(no.liveStatus, no.status), no.live)
		return
	}
	x.json(no.status, no.sheet)
}

// Codes that both dialects share.
const (
	codeInvalid     = "invalid_request"
	codeInvalidID   = "invalid_organization_id"
	codeNotFound    = "entity_not_found"
	codeRateLimited = "rate_limit_exceeded"
)

func newRefusal(status int, kind, description, code, message, liveCode string) refusal {
	return refusal{
		status: status,
		sheet:  gen.Error{Error: kind, ErrorDescription: description, Code: code},
		live:   gen.LiveError{Message: message, Code: liveCode},
	}
}

// standardRefusal is what the service says with a status when nothing particular is
// wrong. Every status of the contract has its words here.
func standardRefusal(status int, organization string) refusal {
	var no refusal
	switch {
	case status == http.StatusBadRequest:
		no = badRequest("the request is malformed")
	case status == http.StatusUnauthorized:
		no = newRefusal(status, "unauthorized", "The API key is missing or invalid", "unauthorized", "Unauthorized", "")
	case status == http.StatusForbidden:
		no = newRefusal(status, "unauthorized", "The API key lacks the required permissions", "insufficient_permissions", "Forbidden", "forbidden")
	case status == http.StatusNotFound:
		no = newRefusal(status, "not_found", "Organization not found", codeNotFound, "Organization not found: '"+organization+"'.", codeNotFound)
		no.live.EntityID = organization
	case status == http.StatusUnprocessableEntity:
		no = invalid([]problem{badOrganization})
	case status == http.StatusTooManyRequests:
		no = newRefusal(status, "rate_limited", "Too many requests", codeRateLimited, "Too many requests.", codeRateLimited)
	case status >= http.StatusInternalServerError:
		no = newRefusal(status, "server_error", "Something went wrong on our side", "server_error", "Internal server error", "internal_server_error")
	default:
		no = badRequest(strings.ToLower(http.StatusText(status)) + " (a fault of the sandbox)") // no service says this
	}
	no.status, no.liveStatus = status, status
	return no
}

// unauthorized answers a key that is not the portal's. Who sent a real one must learn
// where it went.
func unauthorized(key string) refusal {
	no := standardRefusal(http.StatusUnauthorized, "")
	if strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, keyPrefix) {
		const sandbox = ". This is a sandbox, not WorkOS: it takes only its own keys"
		no.sheet.ErrorDescription += sandbox
		no.live.Message += sandbox
	}
	return no
}

// forbidden answers a restricted key: 401 in the sheet's dialect, 403 in the live one.
func forbidden() refusal {
	no := standardRefusal(http.StatusForbidden, "")
	no.status = http.StatusUnauthorized
	return no
}

// badRequest answers what cannot be read at all.
func badRequest(text string) refusal {
	text = strings.ToUpper(text[:1]) + text[1:]
	return newRefusal(http.StatusBadRequest, codeInvalid, text, codeInvalid, text, codeInvalid)
}

// invalid answers a request that is not as the contract says. The sheet's dialect
// names the first problem, the live one lists them all.
func invalid(problems []problem) refusal {
	first := problems[0]
	if first.field == "" {
		return badRequest(first.rule)
	}
	no := badRequest("The '" + first.field + "' parameter " + first.rule)
	if first.code == codeInvalidID {
		no.status, no.sheet.Code = http.StatusUnprocessableEntity, codeInvalidID
	}
	no.liveStatus = http.StatusUnprocessableEntity
	no.live = gen.LiveError{Message: "Validation failed", Code: "invalid_request_parameters"}
	for _, p := range problems {
		detail, _ := json.Marshal(map[string]string{"field": p.field, "code": p.code, "message": p.field + " " + p.rule}) // text alone cannot fail
		no.live.Errors = append(no.live.Errors, detail)
	}
	return no
}
