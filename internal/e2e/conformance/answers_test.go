package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Every example of an answer passes Prism and becomes what its status means, and so do the sandbox's own words for the status.
func TestEveryAnswer(t *testing.T) {
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			t.Run(fmt.Sprintf("%s/%d/%s", op.id, a.status, a.name), func(t *testing.T) {
				l := new(line)
				err := a.meet(t, l, portaltest.Fault{Operation: a.id, Status: a.status, RetryAfter: a.retryAfter()})
				if e := new(client.Error); a.status >= 300 && (!errors.As(err, &e) || e.StatusCode != a.status) || a.status < 300 && err != nil {
					t.Errorf("in the sandbox's words: error = %v, want what %d means (%+v)", err, a.status, l.all)
				}

				if err = a.meet(t, new(line), a.fault()); a.status >= 300 {
					a.wantError(t, err)
				} else if err != nil {
					t.Error(err) // what is read of a success is tested in client
				}
			})
		}
	}
}

// meet calls the operation while the sandbox has a fault for it, and checks that the answer is the sandbox's with the status of a.
func (a answer) meet(t *testing.T, l *line, f portaltest.Fault) error {
	t.Helper()
	defer portal.ClearFaults()
	portal.Fail(f)
	err := a.call(t, dial(t, a.operation, l), portal.Organization)
	l.only(t, a.operation, a.status)
	return err
}

// fault is what makes the sandbox give the answer.
func (a answer) fault() portaltest.Fault {
	body, _ := json.Marshal(a.value)
	if s, ok := a.value.(string); ok && a.media != "application/json" {
		body = []byte(s)
	}
	return portaltest.Fault{
		Operation: a.id, Status: a.status, RetryAfter: a.retryAfter(), Body: body,
		Header: http.Header{"Content-Type": {a.media}, "X-Request-Id": {"req_example"}},
	}
}

func (a answer) retryAfter() time.Duration {
	if a.status == 429 {
		return 30 * time.Second
	}
	return 0
}

// sentinel is what the reference's table of errors says of the answer.
func (a answer) sentinel() error {
	text := strings.ToLower(fmt.Sprint(a.value))
	switch s := a.status; {
	case a.public && s < 500:
		return nil // a public file needs no key and is nobody's organization
	case s == 404, s < 404 && strings.Contains(text, "not find an organization"):
		return client.ErrOrganizationNotFound
	case s == 400, s == 422:
		return client.ErrInvalidRequest
	case s == 401, s == 403:
		return client.ErrUnauthorized
	case s == 429:
		return client.ErrRateLimited
	case s >= 500:
		return client.ErrServer
	}
	return nil
}

func (a answer) wantError(t *testing.T, err error) {
	t.Helper()
	wantOnly(t, err, a.sentinel())
	e := new(client.Error)
	if !errors.As(err, &e) {
		t.Fatalf("error = %v (%T), want a *client.Error", err, err)
	}
	if e.StatusCode != a.status || e.RequestID != "req_example" || e.RetryAfter != a.retryAfter() || e.Attempts != 1 || e.Hint() == "" {
		t.Errorf("error = %+v with the hint %q, want %d, req_example, %v, one attempt and a hint", e, e.Hint(), a.status, a.retryAfter())
	}
	if a.public {
		return
	}
	if code := a.field("code"); e.Code != code && code != "" {
		t.Errorf("Code = %q, want %q", e.Code, code)
	}
	object, _ := a.value.(map[string]any)
	details, _ := object["errors"].([]any)
	for _, d := range append(details, a.value) {
		for _, name := range []string{"field", "message", "error_description"} {
			if words := text(d, name); !strings.Contains(err.Error(), words) {
				t.Errorf("Error() = %q, want %q in it", err, words)
			}
		}
	}
	if s, ok := a.value.(string); ok && e.Description != s {
		t.Errorf("Description = %q, want %q", e.Description, s)
	}
}
