package portaltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Request is one that arrived, without secrets: API keys and the secrets of links are replaced by
// REDACTED wherever they were.
type Request struct {
	ID        string        `json:"id"`        // the X-Request-Id of its answer
	Operation string        `json:"operation"` // empty when the portal has no such route
	Method    string        `json:"method"`
	Path      string        `json:"path"` // without the query, which for a link's page is its secret
	Header    http.Header   `json:"headers"`
	Body      string        `json:"body"`   // its first 16 KiB
	Time      time.Time     `json:"time"`   // when it had arrived whole, by the portal's clock
	Status    int           `json:"status"` // 0 while there is no answer, and when a fault kept it back
	Duration  time.Duration `json:"-"`      // from then to the end of the answer; 0 while it is open
	Fault     bool          `json:"fault"`  // whether a fault of the script hit it, see [Handler.Fail]

	// Notes say why it was refused, field and rule ("organization: must start with org_"), and which
	// of its fields are unknown ("admin_emails: not known, ignored").
	Notes []string `json:"notes,omitempty"`
}

// MarshalJSON writes the request as GET /_sandbox/requests lists it.
func (r Request) MarshalJSON() ([]byte, error) {
	type plain Request
	r.Time = r.Time.UTC()
	return json.Marshal(struct {
		plain
		Duration span `json:"duration"`
	}{plain(r), span(r.Duration)})
}

func (r Request) clone() Request {
	r.Header, r.Notes = r.Header.Clone(), slices.Clone(r.Notes)
	return r
}

// Requests lists the requests in the order in which they arrived, without those for icon files and
// at the control address. One is listed before it is answered. Only the newest are kept, see
// [Handler.Dropped].
func (h *Handler) Requests() []Request {
	defer h.lock()()
	list := make([]Request, 0, len(h.requests))
	for _, r := range h.requests {
		list = append(list, r.clone())
	}
	return list
}

// record keeps r, which has just arrived, and returns the fault that hits it, nil if r has a
// Status already. From then on r changes only under the lock.
func (h *Handler) record(r *Request) (f *Fault) {
	defer h.lock()()
	if r.Time = time.Now().Add(h.offset); r.Status == 0 {
		f = h.strike(r.Operation)
	}
	r.Fault = f != nil
	h.requests = append(h.requests, r)
	if over := len(h.requests) - h.kept; over > 0 {
		h.requests = h.requests[over:]
		h.dropped.Requests += over
	}
	return f
}

// note adds a line to what the log and Requests say of the request.
func (x *exchange) note(format string, args ...any) {
	line := strings.Join(strings.Fields(redact(fmt.Sprintf(format, args...))), " ")
	defer x.h.lock()()
	x.entry.Notes = append(x.entry.Notes, line)
}

// finish ends a request and logs it.
func (h *Handler) finish(r *Request, took time.Duration) {
	unlock := h.lock()
	r.Duration = took
	done := r.clone()
	unlock()
	if h.log != nil {
		h.log(done)
	}
}

const redacted, keptBody = "REDACTED", 16 << 10

// Keys of any kind, also real ones that were sent here by mistake, and what looks like the secret
// of a link, whatever is before it.
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
			switch values[i] = redact(v); {
			case name == "Authorization" && strings.HasPrefix(v, "Bearer "):
				values[i] = "Bearer " + redacted
			case slices.Contains([]string{"Authorization", "Proxy-Authorization", "Cookie"}, name):
				values[i] = redacted
			}
		}
	}
	return c
}
