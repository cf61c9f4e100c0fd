package portaltest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Fault is something that goes wrong with requests: what is answered, or how the
// answer travels. Hand it to [Handler.Fail].
//
// With a Status of 400 or more the portal does nothing but answer so. Otherwise it
// does what it was asked to do, a link is issued and counted, and the fault spoils
// the answer: the case of a request that succeeded and whose sender never knew.
type Fault struct {
	// Operation says which requests it hits, by the operation's ID in the contract
	// or [OperationPortalPage]. Empty is every request that [Handler.Requests] lists.
	Operation string

	// Times is how many requests it hits, the next that fit. Zero is one, or with a
	// Probability no end of them; negative is no end.
	Times int

	// Probability hits a fitting request by chance, in (0, 1]. Zero is for sure.
	Probability float64

	// Status is the answer's. Zero is the true one. Between 200 and 299 it replaces
	// that of a success alone; from 300 on nothing is done for the request.
	Status int

	// RetryAfter becomes the Retry-After header, in seconds, rounded up. Zero is no
	// such header; use Header for a date, a zero or nonsense.
	//
	// With Status 429 the rate headers agree: nothing remains, and the reset is then.
	// A 429 without RetryAfter has no rate headers.
	RetryAfter time.Duration

	// Header replaces headers of the answer; a name with no values removes one, Date
	// and the rate headers too. Nil changes none.
	Header http.Header

	// Body replaces the answer's body. Nil is the true one, and for an error Status
	// the error of the operation's dialect; an empty one that is not nil is no body.
	// Unless Header says, the Content-Type is guessed.
	Body []byte

	// Latency holds the answer back that long after it was made. Zero is not at all.
	Latency time.Duration

	// Cut closes the connection there. [Nowhere], the zero value, does not.
	Cut Place

	// Stall sends nothing from there on and leaves the connection open until the
	// client gives up or the server closes. [Nowhere], the zero value, does not.
	Stall Place

	// Drip sends the body a byte at a time with this pause before each. Zero sends it
	// at once.
	Drip time.Duration

	// DateSkew is added to the true Date header. Zero is the truth, to the second.
	// To move everything else with it, use [Handler.SetClock].
	DateSkew time.Duration
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

// faults is the script.
type faults struct {
	chance *source

	mu      sync.Mutex
	pending []*pendingFault
}

type pendingFault struct {
	Fault
	left   int // negative: no end
	struck bool
}

// Fail puts a fault on the script. A request is hit by one fault, the first of the
// script that fits it. Fail panics on a fault that could not happen: an operation
// that is not in the contract, a status that is none.
func (h *Handler) Fail(f Fault) {
	if err := f.check(); err != nil {
		panic("portaltest: Fail: " + err.Error())
	}
	h.faults.add(f)
}

// PendingFaults are those that still wait for requests, Times being how many. Of
// those without end, it lists those that have not struck at all. A test that scripts
// faults should end with none.
func (h *Handler) PendingFaults() []Fault { return h.faults.list() }

// ClearFaults empties the script.
func (h *Handler) ClearFaults() { h.faults.clear() }

func (f Fault) check() error {
	if known := contract().operations(); f.Operation != "" && !slices.Contains(known, f.Operation) {
		return fmt.Errorf("no operation is called %q: use one of %s, or none for every request", f.Operation, strings.Join(known, ", "))
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status %d: use 200 to 599, or none for the true one", f.Status)
	}
	if math.IsNaN(f.Probability) || f.Probability < 0 || f.Probability > 1 {
		return fmt.Errorf("probability %v: use a number up to 1, or none for always", f.Probability)
	}
	if f.Latency < 0 || f.Drip < 0 || f.RetryAfter < 0 {
		return errors.New("a negative latency, drip or retry-after: leave it zero, or use Header for a Retry-After that is nonsense")
	}
	for _, p := range []Place{f.Cut, f.Stall} {
		if p < Nowhere || p > WithinBody {
			return fmt.Errorf("place %d: use BeforeAnswer or WithinBody", p)
		}
	}
	return nil
}

func (s *faults) add(f Fault) {
	f.Header = f.Header.Clone()
	f.Body = bytes.Clone(f.Body)
	p := &pendingFault{Fault: f, left: f.Times}
	if f.Times == 0 {
		if p.left = 1; f.Probability > 0 {
			p.left = -1
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, p)
}

// strike returns the fault that hits a request for op; the zero Fault when none does.
func (s *faults) strike(op string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.pending {
		if p.Operation != "" && p.Operation != op {
			continue
		}
		if p.Probability > 0 && s.chance.float() >= p.Probability {
			continue
		}
		p.struck = true
		if p.left > 0 {
			p.left--
		}
		if p.left == 0 {
			s.pending = slices.Delete(s.pending, i, i+1)
		}
		return p.Fault
	}
	return Fault{}
}

func (s *faults) list() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Fault
	for _, p := range s.pending {
		if p.left < 0 && p.struck {
			continue
		}
		f := p.Fault
		f.Times = p.left
		f.Header = f.Header.Clone()
		f.Body = bytes.Clone(f.Body)
		list = append(list, f)
	}
	return list
}

func (s *faults) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = nil
}
