package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// Every example of every status of the document, as Prism serves it, becomes what the
// document says that it means: a new one is tried without a word here.
func TestEveryAnswerOfTheDocument(t *testing.T) {
	hints := map[string]int{} // which status has it; 500 stands for all that the service is to blame for
	tried := 0
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			tried++
			t.Run(a.String(), func(t *testing.T) {
				w, l := new(watcher), &line{prefer: always(a)}
				portal := dial(t, l, append(w.options(), client.WithDialect(op.dialect))...)
				began := time.Now()
				r := op.call(t.Context(), portal)
				wantExchange(t, a, l.requests())
				wantAttempt(t, a, w, r.err, began)
				if !a.ok() {
					e := wantError(t, a, r.err)
					status := min(a.status, http.StatusInternalServerError)
					if other, taken := hints[e.Hint()]; taken && other != status {
						t.Errorf("%d has the hint of %d: %q", status, other, e.Hint())
					}
					hints[e.Hint()] = status
					return
				}
				if r.err != nil {
					t.Fatal(r.err)
				}
				if op.links {
					wantLink(t, a, r.link, began)
				} else {
					wantIcons(t, a, r.icons)
				}
			})
		}
	}
	if tried == 0 {
		t.Error("the document has no answers")
	}
}

// wantExchange checks what was sent, and that Prism did as it was told.
func wantExchange(t *testing.T, a answer, all []sent) {
	t.Helper()
	if len(all) != 1 || all[0].path != a.path {
		t.Fatalf("sent %d requests, want one to %s", len(all), a.path)
	}
	s := all[0]
	if s.status != a.status {
		t.Fatalf("Prism answered %d %s, and was asked for %d", s.status, s.answer, a.status)
	}
	want := ""
	if a.secured {
		want = "Bearer " + testKey
	}
	if got := s.header.Values("Authorization"); strings.Join(got, ", ") != want {
		t.Errorf("%d Authorization headers went along, which is not what the document wants (secured: %v)", len(got), a.secured)
	}
}

// wantAttempt checks what the observer and the log were told.
func wantAttempt(t *testing.T, a answer, w *watcher, err error, began time.Time) {
	t.Helper()
	seen, log := w.seen()
	if len(seen) != 1 {
		t.Fatalf("the observer was told of %d attempts, want 1", len(seen))
	}
	got := seen[0]
	if got.Operation != a.id || got.Dialect != a.dialect || got.Number != 1 || got.StatusCode != a.status || got.RequestID != a.header["X-Request-Id"] {
		t.Errorf("the observer was told %+v, want the first attempt at %s in %v, with %d and the request ID %q", got, a.id, a.dialect, a.status, a.header["X-Request-Id"])
	}
	if (got.Err == nil) != a.ok() || (err == nil) != a.ok() {
		t.Errorf("the observer was told of %v, and the caller of %v", got.Err, err)
	}
	var want client.RateLimit
	if reset, ok := a.header["X-Ratelimit-Reset"]; ok {
		left := seconds(t, reset)
		if early, late := began.Add(left), time.Now().Add(left); got.RateLimit.Reset.Before(early) || got.RateLimit.Reset.After(late) {
			t.Errorf("the window ends at %v, want between %v and %v", got.RateLimit.Reset, early, late)
		}
		want = client.RateLimit{
			Limit:     number(t, a.header["X-Ratelimit-Limit"]),
			Remaining: number(t, a.header["X-Ratelimit-Remaining"]),
			Reset:     got.RateLimit.Reset,
		}
	}
	if got.RateLimit != want {
		t.Errorf("RateLimit = %+v, want %+v", got.RateLimit, want)
	}
	level := `"level":"DEBUG"`
	if !a.ok() {
		level = `"level":"WARN"`
	}
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, level) || !strings.Contains(log, `"operation":"`+a.id+`"`) || !strings.Contains(log, fmt.Sprintf(`"status":%d`, a.status)) {
		t.Errorf("the log has %q, want one line of %s with operation and status", log, level)
	}
	for _, told := range []any{log, got} {
		wantSecret(t, told, testKey)
	}
}

// wantError checks what the client makes of a failure.
func wantError(t *testing.T, a answer, err error) *client.Error {
	t.Helper()
	e := asError(t, err)
	wantOnly(t, err, a.sentinel())
	code, description := a.words()
	if absent := !a.secured && a.status == http.StatusNotFound; absent {
		code, description = "", "there is no icon list at "+shared.mock.URL
	}
	var wait time.Duration
	if after, ok := a.header["Retry-After"]; ok {
		wait = seconds(t, after)
	}
	want := client.Error{
		StatusCode: a.status, Code: code, Description: description, RequestID: a.header["X-Request-Id"],
		RetryAfter: wait, Attempts: 1,
	}
	if got, want := fields(*e), fields(want); got != want {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
	if line := a.line(want); e.Error() != line {
		t.Errorf("Error() =\n%s, want\n%s", e, line)
	}
	if !sameBody(e.Body, a) {
		t.Errorf("Body = %s, want the example %v", e.Body, a.value)
	}
	if e.Hint() == "" {
		t.Error("no hint")
	}
	if a.status == http.StatusBadRequest {
		for _, field := range []string{"intent", "organization"} {
			if strings.Contains(e.Hint(), field) != strings.Contains(description, field) {
				t.Errorf("Hint() = %q for %q: of %s, one speaks and the other does not", e.Hint(), description, field)
			}
		}
		for _, intent := range a.intents() {
			if a.dialect == client.DialectPortalLinks && strings.Contains(description, "intent") && !strings.Contains(e.Hint(), string(intent)) {
				t.Errorf("Hint() = %q, which does not name the intent %s", e.Hint(), intent)
			}
		}
	}
	wantSecret(t, err, testKey)
	return e
}

// sentinel is what a caller decides by, as the error table of WorkOS's Admin Portal
// reference has it.
func (a answer) sentinel() error {
	switch s := a.status; {
	case !a.secured && s < 500:
		return nil // a public file is nobody's organization, and takes no key
	case s == 400, s == 422:
		return client.ErrInvalidRequest
	case s == 401, s == 403:
		return client.ErrUnauthorized
	case s == 404:
		return client.ErrOrganizationNotFound
	case s == 429:
		return client.ErrRateLimited
	case s >= 500:
		return client.ErrServer
	}
	return nil
}

// words are the code and the description that an error body holds, in the shapes of
// the document's Error and LiveError.
func (a answer) words() (code, description string) {
	if s, ok := a.value.(string); ok {
		return "", s
	}
	description = a.field("error_description")
	if description == "" {
		description = a.field("message")
	}
	code = a.field("code")
	switch kind := a.field("error"); {
	case description == "":
		description = kind
	case code == "":
		code = kind
	}
	object, _ := a.value.(map[string]any)
	details, _ := object["errors"].([]any)
	var list []string
	for _, d := range details {
		words, ok := d.(string)
		if !ok {
			if words = text(d, "message"); words == "" {
				words = text(d, "code")
			}
			if field := text(d, "field"); field != "" {
				words = field + ": " + words
			}
		}
		list = append(list, words)
	}
	if len(list) > 0 {
		description += ": " + strings.Join(list, "; ")
	}
	return code, description
}

// line is what an error says in one line.
func (a answer) line(e client.Error) string {
	code := e.Code
	if code == "" {
		code = http.StatusText(e.StatusCode)
	}
	s := fmt.Sprintf("adminportal: %s: %d %s: %s", a.name(), e.StatusCode, code, e.Description)
	if e.RetryAfter > 0 {
		s += fmt.Sprintf("; try again in %v", e.RetryAfter)
	}
	if e.RequestID != "" {
		s += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return s
}

func fields(e client.Error) string {
	return fmt.Sprintf("status %d, code %q, description %q, request ID %q, retry after %v, attempts %d",
		e.StatusCode, e.Code, e.Description, e.RequestID, e.RetryAfter, e.Attempts)
}

func sameBody(body string, a answer) bool {
	if a.media != "application/json" {
		return body == a.value
	}
	var v any
	return json.Unmarshal([]byte(body), &v) == nil && reflect.DeepEqual(v, a.value)
}

// wantLink checks that a link is the example, with the life that the example has or,
// where it has none, that of the live dialect.
func wantLink(t *testing.T, a answer, link *client.PortalLink, began time.Time) {
	t.Helper()
	if link.URL != a.field("link") {
		t.Error("the link is not the example's")
	}
	const liveLife = 5 * time.Minute
	if expires := a.field("expires_at"); expires != "" {
		at, err := time.Parse(time.RFC3339, expires)
		if err != nil {
			t.Fatal(err)
		}
		if !link.ExpiresAt.Equal(at) {
			t.Errorf("ExpiresAt = %v, want %v", link.ExpiresAt, at)
		}
		if dead := time.Now().After(at); link.Expired() != dead || (link.TTL() == 0) != dead {
			t.Errorf("a link until %v: Expired() = %v with a TTL of %v", at, link.Expired(), link.TTL())
		}
	} else {
		if ttl := link.TTL(); ttl > liveLife || ttl < liveLife-time.Since(began) {
			t.Errorf("TTL() = %v, want %v less what has passed", ttl, liveLife)
		}
		if left := link.ExpiresAt.Sub(began); left < liveLife || left > liveLife+time.Since(began) {
			t.Errorf("ExpiresAt is %v from the call, want %v", left, liveLife)
		}
	}
	u, err := url.Parse(link.URL)
	if err != nil || u.RawQuery == "" {
		t.Fatalf("the document's example of a link has no secret: %v", err)
	}
	wantSecret(t, link, u.RawQuery)
	wantSecret(t, *link, u.RawQuery)
	if _, err := json.Marshal(link); err == nil {
		t.Error("a link marshals to JSON, want an error")
	}
}

// wantIcons checks that the icons are the example's: the reference's list, or the
// CDN's in any of its shapes.
func wantIcons(t *testing.T, a answer, icons []client.ProviderIcon) {
	t.Helper()
	list, ok := a.value.([]any)
	if object, under := a.value.(map[string]any); under {
		list, ok = object["data"].([]any)
	}
	if !ok || len(list) == 0 {
		t.Fatalf("the example has no icons: %v", a.value)
	}
	var want []client.ProviderIcon
	for _, entry := range list {
		icon := client.ProviderIcon{ID: text(entry, "id"), Name: text(entry, "name"), IconURL: text(entry, "icon_url"), DarkIconURL: text(entry, "dark")}
		if icon.ID == "" {
			icon.ID = text(entry, "slug")
		}
		if icon.IconURL == "" {
			icon.IconURL = text(entry, "light")
		}
		if slug, alone := entry.(string); alone {
			on := shared.mock.URL + "/provider-icons/"
			icon = client.ProviderIcon{ID: slug, IconURL: on + "light/" + slug + ".svg", DarkIconURL: on + "dark/" + slug + ".svg"}
		}
		want = append(want, icon)
	}
	got := slices.Clone(icons)
	for i := range got {
		if got[i].Name == "" {
			t.Errorf("the icon %s has no name, and so no alternative text", got[i].ID)
		}
		if i < len(want) && want[i].Name == "" {
			got[i].Name = "" // a slug's name is the client's own
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("icons = %v, want %v", got, want)
	}
}

// Whatever a status comes with, in words that Prism makes up from the schema, among them
// fields that the document does not have: the status decides, and a success is a link or
// icons as told, or malformed.
func TestEveryStatusInMadeUpWords(t *testing.T) {
	const each = 4
	for _, op := range operations(t) {
		statuses := map[int]answer{}
		for _, a := range op.answers(t) {
			statuses[a.status] = a
		}
		for _, status := range slices.Sorted(maps.Keys(statuses)) {
			a := statuses[status]
			t.Run(fmt.Sprintf("%s/%d", op.id, status), func(t *testing.T) {
				for range each {
					l := &line{prefer: func(_ int, r *http.Request) string {
						a.ask(r) // for its Accept
						return fmt.Sprintf("code=%d, dynamic=true", status)
					}}
					r := op.call(t.Context(), dial(t, l, client.WithDialect(op.dialect)))
					all := l.requests()
					if len(all) != 1 || all[0].status != status {
						t.Fatalf("Prism answered %d %s, and was asked for %d", all[0].status, all[0].answer, status)
					}
					if a.ok() {
						wantWhatCame(t, op, r, all[0].answer)
						continue
					}
					wantOnly(t, r.err, a.sentinel())
					if e := asError(t, r.err); e.StatusCode != status || e.Attempts != 1 || e.Hint() == "" || strings.ContainsAny(e.Error(), "\r\n") {
						t.Errorf("%d with %s: got %+v with the hint %q", status, all[0].answer, e, e.Hint())
					}
				}
			})
		}
	}
}

func wantWhatCame(t *testing.T, op operation, r result, body string) {
	t.Helper()
	if r.err != nil {
		// The schema allows addresses that nobody can be sent to.
		if !errors.Is(r.err, client.ErrMalformedResponse) {
			t.Errorf("%s: %v, want what came or ErrMalformedResponse", body, r.err)
		}
		return
	}
	if !op.links {
		for _, icon := range r.icons {
			if icon.ID == "" || icon.Name == "" || icon.IconURL == "" {
				t.Errorf("%s: got %+v, which nobody can show", body, icon)
			}
		}
		return
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	if link := text(v, "link"); r.link.URL != link || !strings.HasPrefix(link, "https://") {
		t.Errorf("%s: the link is %q, want that of the answer, and https", body, r.link.URL)
	}
}

func seconds(t *testing.T, header string) time.Duration {
	t.Helper()
	return time.Duration(number(t, header)) * time.Second
}

func number(t *testing.T, header string) int {
	t.Helper()
	n, err := strconv.Atoi(header)
	if err != nil {
		t.Fatalf("the document's example of a header is no number: %v", err)
	}
	return n
}
