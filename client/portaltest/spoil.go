package portaltest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// refuses says that the request is answered without being carried out.
func (f Fault) refuses() bool { return f.Status >= 300 }

// refuseByFault makes the answer that f asks for, in the operation's dialect. It
// counts against no budget, but tells it.
func (h *Handler) refuseByFault(x *exchange, r *http.Request, f Fault) {
	if x.op.keyed {
		left := h.limits.unused(x.now)
		if key := bearer(r.Header); h.keys.permission(key) != unknown {
			left = h.limits.peek(key, x.now)
		}
		if f.Status == http.StatusTooManyRequests {
			left.remaining, left.reset = 0, x.now.Add(f.RetryAfter)
		}
		if f.Status != http.StatusTooManyRequests || f.RetryAfter > 0 {
			h.limits.headers(x.header, left, x.now)
		}
	}
	switch {
	case f.Status < 400:
		x.WriteHeader(f.Status)
	case x.op.keyed:
		x.refuse(standardRefusal(f.Status))
	case x.op.route == nil && x.op.id == "":
		x.json(f.Status, standardRefusal(f.Status).live)
	default:
		x.header.Set("Content-Type", "text/plain; charset=utf-8")
		x.WriteHeader(f.Status)
		x.body.WriteString(http.StatusText(f.Status))
	}
}

// standardRefusal is what the service says with a status when nothing particular is
// wrong with the request. A status that the contract lists has words of its own.
func standardRefusal(status int) refusal {
	var no refusal
	switch status {
	case http.StatusBadRequest:
		no = badRequest("the request is malformed")
	case http.StatusUnprocessableEntity:
		no = refusalOf([]problem{{field: "organization", rule: badFormat}})
	case http.StatusUnauthorized:
		no = unauthorized("")
	case http.StatusForbidden:
		no = forbidden
	case http.StatusNotFound:
		no = organizationNotFound("org_" + redacted)
	case http.StatusTooManyRequests:
		no = rateLimited
	default:
		if status >= 500 {
			no = serverError
			break
		}
		no = badRequest(strings.ToLower(http.StatusText(status)) + " (a fault of the sandbox)") // no service says this
	}
	no.status, no.liveStatus = status, status
	return no
}

// spoil changes the answer that was made as f asks.
func (f Fault) spoil(x *exchange) {
	if f.Status != 0 && (f.refuses() || x.status < 300) {
		x.status = f.Status
	}
	if f.RetryAfter > 0 {
		x.header.Set("Retry-After", strconv.Itoa(seconds(f.RetryAfter)))
	}
	if f.DateSkew != 0 {
		stamp(x.header, x.now.Add(f.DateSkew))
	}
	if f.Body != nil {
		x.body.Reset()
		x.body.Write(f.Body)
		x.header.Set("Content-Type", contentType(f.Body))
	}
	for name, values := range f.Header {
		// An empty list, not a missing one: net/http adds a Date where none is.
		x.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

func contentType(body []byte) string {
	if json.Valid(body) {
		return "application/json"
	}
	return http.DetectContentType(body)
}
