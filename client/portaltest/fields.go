package portaltest

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"time"
)

// A field is one of a JSON object at the control address.
type field struct {
	Name    string `json:"field"`
	Takes   string `json:"takes"` // completes "must be …"
	Example any    `json:"example"`
	at      any    // where its value is
}

const (
	spanText  = "a duration such as 1.5s, or a number of seconds"
	placeText = "before_answer or within_body"
)

// faultFields are the fields of f at the control address.
func faultFields(f *Fault) []field {
	return []field{
		{"operation", "the name of an operation; without it every request is hit", OperationGenerateLink, &f.Operation},
		{"times", "a whole number of requests to hit; without it 1, negative for no end", 2, &f.Times},
		{"status", "a whole number from 200 to 599", 503, &f.Status},
		{"retry_after", spanText, "30s", (*span)(&f.RetryAfter)},
		{"headers", "an object of header names, each with a text, a list of texts, or null to remove it", object{"X-Example": "value", "X-RateLimit-Reset": nil}, (*headers)(&f.Header)},
		{"body", "a text, sent in place of the answer's body", "<h1>Bad gateway</h1>", (*text)(&f.Body)},
		{"latency", spanText, "250ms", (*span)(&f.Latency)},
		{"cut", placeText + ": where the connection is closed", "before_answer", (*place)(&f.Cut)},
		{"stall", placeText + ": from where on nothing is sent", "within_body", (*place)(&f.Stall)},
	}
}

// written are the fields that are not zero, for JSON.
func written(fields []field) object {
	set := object{}
	for _, f := range fields {
		if v := reflect.ValueOf(f.at).Elem(); !v.IsZero() {
			set[f.Name] = v.Interface()
		}
	}
	return set
}

// errForm is the error of the types below. read says instead what the field takes.
var errForm = errors.New("another form")

// A span is a duration: written like 1.5s, read so or as a number of seconds.
type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case float64:
		v *= float64(time.Second)
		*s = span(v)
		if math.Abs(v) >= math.MaxInt64 {
			return errForm
		}
		return nil
	case string:
		d, err := time.ParseDuration(v)
		*s = span(d)
		return err
	default:
		return errForm
	}
}

// A place is a Place by name.
type place Place

func (p place) MarshalText() ([]byte, error) {
	return []byte([]string{"", "before_answer", "within_body"}[p]), nil
}

func (p *place) UnmarshalText(b []byte) error {
	switch string(b) {
	case "before_answer":
		*p = place(BeforeAnswer)
	case "within_body":
		*p = place(WithinBody)
	default:
		return errForm
	}
	return nil
}

// A text is bytes as a JSON text.
type text []byte

func (t text) MarshalText() ([]byte, error) { return t, nil }

func (t *text) UnmarshalText(b []byte) error {
	*t = append(text{}, b...)
	return nil
}

// headers are an object of names, each with a text, a list of texts, or null.
type headers http.Header

func (h *headers) UnmarshalJSON(b []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(b, &given); err != nil {
		return err
	}
	*h = headers{}
	for name, value := range given {
		var one string
		var several []string
		if json.Unmarshal(value, &several) != nil {
			if err := json.Unmarshal(value, &one); err != nil {
				return err
			}
			several = []string{one}
		}
		(*h)[name] = several
	}
	return nil
}
