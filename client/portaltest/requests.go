package portaltest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Request is one that arrived, without secrets: API keys and the secrets of links
// are replaced by REDACTED wherever they stood.
type Request struct {
	// ID is the X-Request-Id of its answer.
	ID string
	// Operation is the operation's ID in the contract or [OperationPortalPage];
	// empty when the portal has no such route.
	Operation string
	Method    string
	// Path is without the query: a link's is its secret.
	Path   string
	Header http.Header
	// Body is what was sent, up to its first 64 KiB.
	Body string
	// Time is when it had arrived whole, by the portal's clock.
	Time time.Time
	// Status is what was answered; 0 as long as nothing was, be it that the request
	// is still open or that a fault kept the answer back.
	Status int
	// Duration is the time from then to the end of the answer; 0 as long as the
	// request is open.
	Duration time.Duration
}

const redacted = "REDACTED"

// keptBody bounds what is kept of a request's body.
const keptBody = 64 << 10

// requests keeps the youngest.
type requests struct {
	mu      sync.Mutex
	arrived queue[*Request]
}

// arrive keeps r, which the caller may change in update alone from then on.
func (l *requests) arrive(r *Request) {
	size := 300 + len(r.Path) + len(r.Body)
	for name, values := range r.Header {
		size += len(name) + 64
		for _, v := range values {
			size += len(v) + 16
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived.push(r, size)
}

// update changes a request, and returns a copy of what became of it.
func (l *requests) update(r *Request, change func(*Request)) Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(r)
	return *r
}

func (l *requests) list() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Request, 0, len(l.arrived.entries))
	for r := range l.arrived.all {
		c := *r
		c.Header = r.Header.Clone()
		list = append(list, c)
	}
	return list
}

func (l *requests) dropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.arrived.dropped
}

func (l *requests) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived.clear()
}

// Requests are those that arrived, in that order: at the API's addresses, at the
// pages of links, and at addresses that the portal does not have. Icon files and
// the control address are left out. A request is listed as soon as it was read,
// before it is answered. Only the youngest are kept; [Handler.Dropped] says how
// many are not.
func (h *Handler) Requests() []Request { return h.requests.list() }

// Dropped counts what the portal forgot, oldest first, to keep its memory bounded.
type Dropped struct {
	Links    int // their pages are 404 now
	Requests int
}

// Dropped says how much [Handler.Links] and [Handler.Requests] no longer list.
func (h *Handler) Dropped() Dropped {
	return Dropped{Links: h.links.dropped(), Requests: h.requests.dropped()}
}

// Keys of any kind, real ones that were sent here by mistake included, and what
// looks like the secret of a link, whatever stands before it.
var (
	keyText    = regexp.MustCompile(`(\b|_)sk_[0-9A-Za-z_]+`)
	secretText = regexp.MustCompile(`[` + alphabet + `]{32}`)
)

func redact(text string) string {
	if strings.Contains(text, "sk_") {
		text = keyText.ReplaceAllString(text, "${1}sk_"+redacted)
	}
	if len(text) >= secretLength {
		text = secretText.ReplaceAllLiteralString(text, redacted)
	}
	return text
}

// redactHeader returns a copy that may be shown.
func redactHeader(h http.Header) http.Header {
	c := make(http.Header, len(h))
	for name, values := range h {
		values = slices.Clone(values)
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
		c[name] = values
	}
	return c
}
