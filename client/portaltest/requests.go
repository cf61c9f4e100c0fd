package portaltest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// A Request is one that arrived, without secrets: API keys and the secrets of links
// are replaced by REDACTED wherever they were.
type Request struct {
	// ID is the X-Request-Id of its answer.
	ID string `json:"id"`
	// Operation is the operation's ID in the contract or [OperationPortalPage];
	// empty when the portal has no such route.
	Operation string `json:"operation"`
	Method    string `json:"method"`
	// Path is without the query, which for a link's page is its secret.
	Path   string      `json:"path"`
	Header http.Header `json:"headers"`
	// Body is what was sent, up to its first 16 KiB.
	Body string `json:"body"`
	// Time is when it had arrived whole, by the portal's clock.
	Time time.Time `json:"time"`
	// Status is the answer's; 0 while there is none, and when a fault kept it back.
	Status int `json:"status"`
	// Duration is the time from then to the end of the answer; 0 while it is open.
	Duration time.Duration `json:"-"`
	// Fault says that a fault of the script hit it, see [Handler.Fail].
	Fault bool `json:"fault"`
	// Notes say why it was refused, field and rule ("organization: must start with
	// org_"), and which of its fields are unknown ("admin_emails: not known,
	// ignored"). Nil where there is nothing to say.
	Notes []string `json:"notes,omitempty"`
}

// MarshalJSON writes the request as GET /_sandbox/requests lists it.
func (r Request) MarshalJSON() ([]byte, error) {
	type plain Request
	r.Time = r.Time.UTC()
	return json.Marshal(struct {
		plain
		Duration string `json:"duration"`
	}{plain(r), r.Duration.String()})
}

func (r Request) clone() Request {
	r.Header, r.Notes = r.Header.Clone(), slices.Clone(r.Notes)
	return r
}

// Requests lists the requests that arrived, in that order: at the API's routes, at the
// pages of links, and at routes that the portal does not have. Icon files and the
// control address are left out. A request is listed once it was read, before it is
// answered. A TLS handshake, which this plain http server cannot answer, is listed
// with a note alone. Only the newest are kept; [Handler.Dropped] counts the others.
func (h *Handler) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]Request, 0, len(h.requests))
	for _, r := range h.requests {
		list = append(list, r.clone())
	}
	return list
}

// record keeps r. From then on only update changes it.
func (h *Handler) record(r *Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	if over := len(h.requests) - h.kept; over > 0 {
		h.requests = h.requests[over:]
		h.dropped.Requests += over
	}
}

func (h *Handler) update(r *Request, change func(*Request)) Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(r)
	return r.clone()
}

// finish updates r a last time and logs it.
func (h *Handler) finish(r *Request, change func(*Request)) {
	done := h.update(r, change)
	if h.log != nil {
		h.log(done)
	}
}

const redacted = "REDACTED"

// keptBody bounds what is kept of a request's body.
const keptBody = 16 << 10

// Keys of any kind, also real ones that were sent here by mistake, and what looks like
// the secret of a link, whatever is before it.
var (
	keyText    = regexp.MustCompile(`(\b|_)sk_[0-9A-Za-z_]+`)
	secretText = regexp.MustCompile(`[A-Z2-7]{32}`)
)

func redact(text string) string {
	return secretText.ReplaceAllLiteralString(keyText.ReplaceAllString(text, "${1}sk_"+redacted), redacted)
}

// redactHeader returns a copy that may be shown.
func redactHeader(h http.Header) http.Header {
	c := h.Clone()
	for name, values := range c {
		for i, v := range values {
			switch name {
			case "Authorization", "Proxy-Authorization":
				scheme, _, ok := strings.Cut(v, " ")
				if values[i] = redacted; ok {
					values[i] = redact(scheme) + " " + redacted
				}
			case "Cookie":
				values[i] = redacted
			default:
				values[i] = redact(v)
			}
		}
	}
	return c
}

// sentence puts problems into a line of the log.
func sentence(problems []problem) string {
	var parts []string
	for _, p := range problems {
		parts = append(parts, strings.TrimPrefix(p.field+": "+p.rule, ": "))
	}
	return strings.Join(parts, "; ")
}

// printable makes a name that somebody sent fit for a line of the log.
func printable(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name)
	return strings.ToValidUTF8(clean[:min(len(clean), 64)], "")
}
