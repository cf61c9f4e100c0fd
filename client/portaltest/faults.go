package portaltest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Fault is something that goes wrong with requests: what is answered, or how the
// answer travels. Hand it to [Handler.Fail].
//
// With a Status of 300 or more the portal does nothing but answer with it. Otherwise
// it does what it was asked to do, so a link is issued and counted, and the fault
// changes the answer: the request succeeded and its sender does not know.
type Fault struct {
	// Operation says which requests it hits, by the operation's ID in the contract
	// or [OperationPortalPage]. Empty is every request that [Handler.Requests] lists.
	Operation string

	// Times is how many requests it hits, the next ones that fit. Zero is one, and
	// negative is no end.
	Times int

	// Status is the answer's, from 200 to 599. Zero is the true one. Below 300 it
	// replaces that of a success alone.
	Status int

	// RetryAfter becomes the Retry-After header, in seconds, rounded up. Zero is no
	// such header; use Header for a date, a zero or nonsense.
	//
	// With Status 429 the rate headers agree: nothing remains, and the reset is then.
	// A 429 without RetryAfter has no rate headers.
	RetryAfter time.Duration

	// Header replaces headers of the answer. A name with no values removes one, also
	// Date and the rate headers. Nil changes none.
	Header http.Header

	// Body replaces the answer's body. Nil is the true one, and with an error Status
	// the error of the operation's dialect. An empty one that is not nil is no body.
	// The Content-Type is guessed, unless Header has one.
	Body []byte

	// Latency holds the answer back that long. Zero does not.
	Latency time.Duration

	// Cut closes the connection there. [Nowhere], the zero value, does not.
	Cut Place

	// Stall sends nothing from there on and leaves the connection open until the
	// client gives up or the server closes. [Nowhere], the zero value, does not.
	Stall Place
}

// A Place is where in an answer something happens.
type Place int

const (
	// Nowhere is not at all.
	Nowhere Place = iota
	// BeforeAnswer is before its first byte.
	BeforeAnswer
	// WithinBody is after the headers and half of the body.
	WithinBody
)

// A scripted fault waits for its requests.
type scripted struct {
	Fault
	left   int // negative: no end
	struck bool
}

// Fail puts a fault on the script. A request is hit by one fault, the first on the
// script that fits it; [Request.Fault] says that it was. Fail panics on a fault that
// could never happen, such as one of an operation that the contract does not have.
func (h *Handler) Fail(f Fault) {
	if err := f.check(); err != nil {
		panic("portaltest: Fail: " + err.Error())
	}
	left := f.Times
	if left == 0 {
		left = 1
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, &scripted{Fault: f.clone(), left: left})
}

// PendingFaults lists the faults that still wait for requests; Times is for how many.
// One without end is listed until it has hit a request. What is listed at the end of
// a test did not happen.
func (h *Handler) PendingFaults() []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
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
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = nil
}

func (f Fault) clone() Fault {
	f.Header, f.Body = f.Header.Clone(), bytes.Clone(f.Body)
	return f
}

func (f Fault) check() error {
	_, known := DialectBoth.list()
	switch {
	case f.Operation != "" && !slices.Contains(known, f.Operation):
		return fmt.Errorf("operation: must be one of %s, or left out for every request", strings.Join(known, ", "))
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status: must be 200 to 599")
	case f.Latency < 0:
		return errors.New("latency: must not be negative")
	case f.RetryAfter < 0:
		return errors.New("retry_after: must not be negative; nonsense goes into headers")
	case f.Cut < Nowhere || f.Cut > WithinBody || f.Stall < Nowhere || f.Stall > WithinBody:
		return errors.New("cut, stall: must be before the answer or within the body")
	}
	return nil
}

// strike returns the fault that hits a request for op, or nil.
func (h *Handler) strike(op string) *Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.faults, func(s *scripted) bool { return s.Operation == "" || s.Operation == op })
	if i < 0 {
		return nil
	}
	s := h.faults[i]
	s.struck = true
	if s.left--; s.left == 0 {
		h.faults = slices.Delete(h.faults, i, i+1)
	}
	s.left = max(s.left, -1)
	return &s.Fault
}
