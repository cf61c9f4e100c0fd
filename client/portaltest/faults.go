package portaltest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Fault is something that goes wrong with requests: what is answered, or how the answer travels.
// Hand it to [Handler.Fail].
//
// With a Status of 300 or more the portal does nothing but answer with it. Otherwise it does what
// it was asked to do, and then the fault changes the answer: the request succeeded and its sender
// does not know.
type Fault struct {
	// Operation says which requests it hits. Empty is every one that is recorded.
	Operation string

	// Times is how many requests it hits, the next ones that fit. Zero is one, and negative is no end.
	Times int

	// Status is the answer's, from 200 to 599. Zero is the true one. Below 300 it replaces that of a
	// success alone.
	Status int

	// RetryAfter becomes the Retry-After header, in seconds, rounded up; use Header for a date, a zero
	// or nonsense. With Status 429 the rate headers agree with it. A 429 without RetryAfter has no
	// rate headers.
	RetryAfter time.Duration

	// Header replaces headers of the answer. A name with no values removes one.
	Header http.Header

	// Body replaces the answer's body, and its Content-Type by a guess. Nil is the true one, and with
	// an error Status the error of the operation's dialect. An empty one that is not nil is no body.
	Body []byte

	Latency time.Duration // holds the answer back
	Cut     Place         // closes the connection there

	// Stall sends nothing from there on and leaves the connection open until the client gives up or
	// the server closes.
	Stall Place
}

// A Place is where in an answer something happens.
type Place int

const (
	Nowhere      Place = iota
	BeforeAnswer       // before its first byte; on a kept connection net/http may repeat a GET, or a request with an Idempotency-Key
	WithinBody         // after the headers and half of the body
)

// A scripted fault waits for its requests.
type scripted struct {
	Fault
	left   int // negative: no end
	struck bool
}

// Fail puts a fault on the script. A request is hit by one fault, the first on the script that fits
// it; [Request.Fault] says that it was. Fail panics on a fault that changes nothing or
// could never happen, such as one of an operation that the portal does not serve.
func (h *Handler) Fail(f Fault) {
	if err := f.check(h.dialect); err != nil {
		panic("portaltest: Fail: " + err.Error())
	}
	defer h.lock()()
	h.faults = append(h.faults, &scripted{Fault: f.clone(), left: cmp.Or(f.Times, 1)})
}

// PendingFaults lists the faults that still wait for requests, Times being how many. One without
// end is listed until it has hit a request.
func (h *Handler) PendingFaults() []Fault {
	defer h.lock()()
	var list []Fault
	for _, s := range h.faults {
		if s.left > 0 || !s.struck {
			f := s.clone()
			f.Times = s.left
			list = append(list, f)
		}
	}
	return list
}

// ClearFaults empties the script.
func (h *Handler) ClearFaults() {
	defer h.lock()()
	h.faults = nil
}

func (f Fault) clone() Fault {
	f.Header, f.Body = f.Header.Clone(), bytes.Clone(f.Body)
	return f
}

func (f Fault) check(d Dialect) error {
	_, known := d.list()
	switch {
	case f.Operation != "" && !slices.Contains(known, f.Operation):
		return fmt.Errorf("operation: must be one of %s, or left out for every request", strings.Join(known, ", "))
	case f.Status == 0 && f.RetryAfter == 0 && len(f.Header) == 0 && f.Body == nil && f.Latency == 0 && f.Cut == Nowhere && f.Stall == Nowhere:
		return errors.New("this fault changes nothing: give status, retry_after, headers, body, latency, cut or stall")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status: must be 200 to 599")
	case f.Latency < 0 || f.RetryAfter < 0:
		return errors.New("latency, retry_after: must not be negative")
	case min(f.Cut, f.Stall) < Nowhere || max(f.Cut, f.Stall) > WithinBody:
		return errors.New("cut, stall: must be before_answer or within_body")
	}
	return nil
}

// strike returns the fault that hits a request for op, or nil. The lock is held.
func (r *records) strike(op string) *Fault {
	i := slices.IndexFunc(r.faults, func(s *scripted) bool { return s.Operation == "" || s.Operation == op })
	if i < 0 {
		return nil
	}
	s := r.faults[i]
	s.struck = true
	if s.left > 0 {
		s.left--
	}
	if s.left == 0 {
		r.faults = slices.Delete(r.faults, i, i+1)
	}
	return &s.Fault
}

// fail makes the answer of a fault that refuses, in the operation's dialect. It takes nothing from
// the key's budget, and tells it.
func (x *exchange) fail(r *http.Request, f *Fault) {
	limited := f.Status == http.StatusTooManyRequests
	if x.op.keyed && (!limited || f.RetryAfter > 0) {
		left := x.h.spend(bearer(r.Header), 0)
		if limited {
			left.remaining, left.reset = 0, left.now.Add(f.RetryAfter)
		}
		left.write(x.header)
	}
	no, ok := refusals[min(f.Status, 500)]
	switch {
	case f.Status < 400:
		x.WriteHeader(f.Status)
	case x.op.id == OperationListCDNProviderIcons || x.op.id == OperationPortalPage:
		http.Error(x, http.StatusText(f.Status), f.Status)
	case f.Status == http.StatusNotFound: // of the organization that was asked for
		asked := struct{ Organization string }{x.h.Organization}
		_ = json.Unmarshal(x.sent, &asked) // what is not JSON asked for none
		x.refuse(notFound(asked.Organization), "a scripted fault")
	case f.Status == http.StatusUnprocessableEntity:
		x.invalid([]problem{{"organization", codeInvalidID, prefixRule}})
	case ok:
		x.refuse(no, "a scripted fault")
	default:
		x.refuse(refusals[400], "a scripted fault with a status that the contract does not have")
	}
}

// spoil changes the answer that was made as f asks.
func (f *Fault) spoil(x *exchange) {
	if f.Status >= 300 || f.Status > 0 && x.status < 300 {
		x.status = f.Status
	}
	if f.RetryAfter > 0 {
		x.header.Set("Retry-After", strconv.Itoa(seconds(f.RetryAfter)))
	}
	if f.Body != nil {
		x.body.Reset()
		x.body.Write(f.Body)
		x.header.Set("Content-Type", http.DetectContentType(f.Body))
		if json.Valid(f.Body) {
			x.header.Set("Content-Type", "application/json")
		}
	}
	for name, values := range f.Header {
		// An empty list, not a missing one: net/http adds a Date where none is.
		x.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

// send writes the answer as the fault lets it travel. A cut ends in the panic by which net/http
// closes a connection; so does every wait that the client leaves.
func (x *exchange) send(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.Latency > 0 {
		select {
		case <-time.After(f.Latency):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	f.stop(r, BeforeAnswer)

	body := x.body.Bytes()
	length := len(body)
	if f.Cut == WithinBody || f.Stall == WithinBody {
		length = max(1, length) // of an empty body the end is missing
		body = body[:len(body)/2]
	}
	x.header.Set("Content-Length", strconv.Itoa(length))
	unlock := x.h.lock()
	x.entry.Status = x.status
	unlock()
	w.WriteHeader(x.status)
	_, _ = w.Write(body) // to a client that may be gone
	if len(body) < length {
		_ = http.NewResponseController(w).Flush()
	}
	f.stop(r, WithinBody)
}

// stop ends the answer where the fault cuts it or leaves it hanging.
func (f *Fault) stop(r *http.Request, here Place) {
	if f.Stall == here {
		<-r.Context().Done()
	}
	if f.Stall == here || f.Cut == here {
		panic(http.ErrAbortHandler)
	}
}
