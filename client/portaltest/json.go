package portaltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A field is one of a JSON object at the control address.
type field struct {
	Name    string `json:"field"`
	Takes   string `json:"takes"` // completes "must be …"
	Example any    `json:"example"`
	at      any    // where its value is
}

const spanText, placeText = "a duration such as 1.5s, or a number of seconds", "before_answer or within_body"

// faultFields are the fields of f at the control address.
func faultFields(f *Fault) []field {
	return []field{
		{"operation", "the name of an operation; without it every request is hit", OperationPortalPage, &f.Operation},
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

// MarshalJSON writes the fault as GET /_sandbox/faults lists it.
func (f Fault) MarshalJSON() ([]byte, error) {
	set := object{}
	for _, field := range faultFields(&f) {
		if !reflect.ValueOf(field.at).Elem().IsZero() {
			set[field.Name] = field.at
		}
	}
	return json.Marshal(set)
}

// MarshalJSON writes the link as GET /_sandbox/links lists it, without its URL.
func (l Link) MarshalJSON() ([]byte, error) {
	operation := OperationGeneratePortalLink
	if l.Dialect == DialectGenerateLink {
		operation = OperationGenerateLink
	}
	return json.Marshal(object{
		"operation": operation, "organization": l.Organization.ID, "intent": l.Intent, "return_url": l.ReturnURL, "success_url": l.SuccessURL,
		"it_contact_emails": l.ITContactEmails, "issued_at": l.IssuedAt.UTC(), "expires_at": l.ExpiresAt.UTC(), "opened": l.Opened,
	})
}

// read reads a control request's JSON into fields. A field that does not exist is an error: a fault
// with a misspelled one would not be the fault that was meant.
func read(r *http.Request, fields ...field) error {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return err
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(body, &given) != nil || given == nil {
		return errors.New("the request body must be one JSON object")
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
		if value, ok := given[f.Name]; ok && json.Unmarshal(value, f.at) != nil {
			return fmt.Errorf("%s: must be %s", f.Name, f.Takes)
		}
		delete(given, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		return fmt.Errorf("%s: there is no such field; the fields are %s", name, strings.Join(names, ", "))
	}
	return nil
}

// A span is a duration: written like 1.5s, read so or as a number of seconds.
type span time.Duration

func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

func (s *span) UnmarshalJSON(b []byte) error {
	spelled := string(b) + "s"
	if b[0] == '"' {
		spelled = strings.Trim(string(b), `"`)
	}
	d, err := time.ParseDuration(spelled)
	*s = span(d)
	return err
}

// A place is a Place by name.
type place Place

var placeNames = []string{"", "before_answer", "within_body"}

func (p place) MarshalText() ([]byte, error) { return []byte(placeNames[p]), nil }

func (p *place) UnmarshalText(b []byte) error {
	*p = place(slices.Index(placeNames, string(b)))
	return nil // Fault.check refuses -1
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
		var several []string
		if json.Unmarshal(value, &several) != nil {
			several = []string{""}
			if err := json.Unmarshal(value, &several[0]); err != nil {
				return err
			}
		}
		(*h)[name] = several
	}
	return nil
}
