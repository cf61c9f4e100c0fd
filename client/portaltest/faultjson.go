package portaltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

// faultJSON is a Fault at the control address.
type faultJSON struct {
	Operation   string                  `json:"operation,omitempty"`
	Times       int                     `json:"times,omitempty"`
	Probability float64                 `json:"probability,omitempty"`
	Status      int                     `json:"status,omitempty"`
	RetryAfter  span                    `json:"retry_after,omitzero"`
	Headers     map[string]headerValues `json:"headers,omitempty"`
	Body        *string                 `json:"body,omitempty"`
	Latency     span                    `json:"latency,omitzero"`
	Cut         place                   `json:"cut,omitzero"`
	Stall       place                   `json:"stall,omitzero"`
	Drip        span                    `json:"drip,omitzero"`
	DateSkew    span                    `json:"date_skew,omitzero"`
}

// faultExample shows the fields that one would use first.
var faultExample = faultJSON{
	Operation:  OperationGeneratePortalLink,
	Times:      2,
	Status:     http.StatusTooManyRequests,
	RetryAfter: span(30 * time.Second),
	Headers:    map[string]headerValues{"X-Example": {"value"}},
	Latency:    span(250 * time.Millisecond),
}

func getFaults(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	return http.StatusOK, list(h.PendingFaults(), newFaultJSON), nil
}

func postFault(h *Handler, w http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	var j faultJSON
	if err := readControl(w, r, &j); err != nil {
		return 0, nil, err
	}
	f := j.fault()
	if err := f.check(); err != nil {
		return 0, nil, badControl(err.Error())
	}
	h.Fail(f)
	return http.StatusCreated, j, nil
}

func deleteFaults(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	h.ClearFaults()
	return http.StatusNoContent, nil, nil
}

func (j faultJSON) fault() Fault {
	f := Fault{
		Operation: j.Operation, Times: j.Times, Probability: j.Probability,
		Status: j.Status, RetryAfter: time.Duration(j.RetryAfter),
		Latency: time.Duration(j.Latency), Cut: Place(j.Cut), Stall: Place(j.Stall),
		Drip: time.Duration(j.Drip), DateSkew: time.Duration(j.DateSkew),
	}
	if j.Body != nil {
		f.Body = []byte(*j.Body)
	}
	if j.Headers != nil {
		f.Header = make(http.Header, len(j.Headers))
		for name, values := range j.Headers {
			f.Header[name] = values
		}
	}
	return f
}

func newFaultJSON(f Fault) faultJSON {
	j := faultJSON{
		Operation: f.Operation, Times: f.Times, Probability: f.Probability,
		Status: f.Status, RetryAfter: span(f.RetryAfter),
		Latency: span(f.Latency), Cut: place(f.Cut), Stall: place(f.Stall),
		Drip: span(f.Drip), DateSkew: span(f.DateSkew),
	}
	if f.Body != nil {
		body := string(f.Body)
		j.Body = &body
	}
	for name, values := range f.Header {
		if j.Headers == nil {
			j.Headers = make(map[string]headerValues)
		}
		j.Headers[name] = values
	}
	return j
}

// headerValues are a header's: a string, several, or null to remove it.
type headerValues []string

func (v *headerValues) UnmarshalJSON(b []byte) error {
	var one *string
	if json.Unmarshal(b, &one) == nil {
		*v = nil
		if one != nil {
			*v = headerValues{*one}
		}
		return nil
	}
	var several []string
	if json.Unmarshal(b, &several) != nil {
		return errors.New("a header is a string, a list of strings, or null to remove it")
	}
	*v = several
	return nil
}

// A span is a duration: written like 1.5s, read so or as a number of seconds.
type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalJSON(b []byte) error {
	var number float64
	if json.Unmarshal(b, &number) == nil {
		ns := number * float64(time.Second)
		if math.Abs(ns) >= math.MaxInt64 {
			return errors.New("a duration of more than 292 years")
		}
		*s = span(ns)
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		if d, err := time.ParseDuration(text); err == nil {
			*s = span(d)
			return nil
		}
	}
	return errors.New("a duration is a text like 1.5s, or a number of seconds")
}

// A place is a Place by name.
type place Place

func (p place) MarshalText() ([]byte, error) {
	switch Place(p) {
	case BeforeAnswer:
		return []byte("before_answer"), nil
	case WithinBody:
		return []byte("within_body"), nil
	default:
		return nil, nil
	}
}

func (p *place) UnmarshalText(text []byte) error {
	switch string(text) {
	case "":
		*p = place(Nowhere)
	case "before_answer":
		*p = place(BeforeAnswer)
	case "within_body":
		*p = place(WithinBody)
	default:
		return fmt.Errorf("a place is before_answer or within_body, not %q", text)
	}
	return nil
}
