package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
	"github.com/adminportal-go/adminportal/client"
)

// What the answer says of its life, and what is left of it as the call returns after three seconds.
// The bubble's clock starts at midnight, 2000-01-01 UTC.
func TestLife(t *testing.T) {
	const second, minute, hour, year = time.Second, time.Minute, time.Hour, 365 * 24 * time.Hour
	at := func(d time.Duration) string {
		return fmt.Sprintf("%q", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339Nano))
	}
	date := func(d time.Duration) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	for name, tt := range map[string]struct {
		date    string
		expires string // JSON; empty: none
		want    time.Duration
	}{
		// The live dialect does not say: five minutes from the request.
		"live": {date(0), "", 5 * minute},
		"null": {date(0), "null", 5 * minute},
		// Spellings.
		"whole seconds":     {date(0), `"2000-01-01T00:10:00Z"`, 10*minute - second},
		"nanoseconds":       {date(0), `"2000-01-01T00:10:00.123456789Z"`, 10*minute - second + 123456789},
		"an offset":         {date(0), `"2000-01-01T02:10:00+02:00"`, 10*minute - second},
		"another day there": {date(0), `"1999-12-31T18:40:00.000000-05:30"`, 10*minute - second},
		// The server's clock counts, however wrong it is.
		"a day ahead":  {date(24 * hour), at(24*hour + 10*minute), 10*minute - second},
		"a day behind": {date(-24 * hour), at(10*minute - 24*hour), 10*minute - second},
		// A leap second has the 60 that no time.Time has. It costs neither the link nor its life.
		"leap second in Date":    {"Fri, 31 Dec 1999 23:59:60 GMT", at(10 * minute), 10*minute - second},
		"leap second at the end": {date(-10 * minute), `"1999-12-31T23:59:60Z"`, 10*minute - 2*second},
		// Without a Date the local clock counts.
		"no Date":     {"", at(10 * minute), 10 * minute},
		"no real one": {"yesterday", at(10 * minute), 10 * minute},
		// A clock that is far wrong, here or there, gives no link too long a life.
		"Date of 1970":                  {date(-30 * year), at(10 * minute), 10 * minute},
		"Date an hour behind":           {date(-hour), at(10 * minute), 10 * minute},
		"Date a little behind":          {date(-minute), at(10 * minute), 11*minute - second}, // cannot be told apart
		"Date an hour ahead":            {date(hour), at(10 * minute), 0},
		"no Date, host a year behind":   {"", at(year), 5 * minute},
		"no Date, centuries ago":        {"", `"1700-01-01T00:00:00Z"`, 0},
		"no Date, a long life":          {"", at(hour), hour},
		"both clocks say two hours":     {date(0), at(2 * hour), 2*hour - second},
		"two hours, host slower by one": {date(hour), at(3 * hour), 2*hour - second},
		"two hours, host faster by one": {date(-hour), at(hour), hour},
		"two hours, host far ahead":     {date(-year), at(2*hour - year), 5 * minute},
		"expires in two centuries":      {date(0), at(200 * year), 200*year - second},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			body := liveSuccess
			if tt.expires != "" {
				body = `{"link":"` + testLink + `","expires_at":` + tt.expires + `,"new_field":[1]}`
			}
			// Any 2xx will do, and a byte order mark is skipped.
			link := generate(t, inMemory(t, slow(3*time.Second, with(answer(299, " \ufeff"+body), "Date", tt.date))))
			got, want := link.TTL(), max(tt.want-3*time.Second, 0)
			errorIf(t, got != want || link.Expired() != (want == 0), "%s: TTL() = %v, Expired() = %v, want %v, counted from before the request", name, got, link.Expired(), want)
			errorIf(t, tt.expires == "" && !link.ExpiresAt.Equal(start.Add(5*time.Minute)), "%s: ExpiresAt = %v, want %v", name, link.ExpiresAt, start.Add(5*time.Minute))
			text, _ := json.Marshal(link.ExpiresAt)
			errorIf(t, tt.expires == at(10*minute) && string(text) != tt.expires, "%s: ExpiresAt = %s, want %s as it came", name, text, tt.expires)
			time.Sleep(link.TTL() - time.Nanosecond)
			errorIf(t, link.Expired() && tt.want > 0, "%s: expired a nanosecond early", name)
			time.Sleep(time.Nanosecond)
			errorIf(t, !link.Expired(), "%s: not expired in time: TTL() = %v", name, link.TTL())
		})
	}
}

func TestMalformedSuccesses(t *testing.T) {
	link := func(l string) string { return fmt.Sprintf(`{"link":%q,"expires_at":"2030-01-15T12:00:00.000Z"}`, l) }
	expires := func(v string) string { return `{"link":"` + testLink + `","expires_at":` + v + `}` }
	for _, body := range []string{
		"", "null", "[]", "{}", `"https://id.workos.com"`, "7", `{"link":"https://id.workos.com/?secret=abc","expires_at":"2030-`, link(testLink) + "x", "<!doctype html><title>Sign in</title>",
		`{"object":"portal_link","expires_at":"2030-01-15T12:00:00.000Z"}`, `{"link":null}`, `{"link":7}`,
		link(""), link("/portal/launch?secret=abc"), link("id.workos.com/x"), link("//id.workos.com/x"), link("http://id.workos.com/x"), link("http://localhost.evil.com/x"),
		link("javascript:alert(1)"), link("https:///x"), link("https://id.workos.com@evil.example/x"), link("https://id.workos.com/%zz?secret=abc"), link("https://id.workos.com/\n"), link(" https://id.workos.com/"),
		link("http://id.workos.com/?secret=" + testSecret), link("https://u:" + testSecret + "@id.workos.com/"), link(testSecret), link("https://id.workos.com:" + testSecret + "/"), link("https://id.workos.com/%zz" + testSecret),
		expires(`"` + testSecret + `"`), `{"link":["` + testLink + `"]}`, `"` + testLink + `"`, testLink,
		expires(`"tomorrow"`), expires("1700000000"), expires(`""`), expires(`"2030-01-15T12:00:00"`), expires(`"2030-13-15T12:00:00Z"`),
	} {
		for _, code := range []int{200, 299} {
			portal, seen := scripted(t, steps{answer(code, body)})
			e := fails(t, portal, 0, client.ErrMalformedResponse)
			wantNoSecret(t, body, e)
			errorIf(t, e.StatusCode != code || e.Attempts != 1 || e.Body != "" || e.Description == "" || seen.total() != 1, "%s: %+v after %d requests, want status %d after one, a description and nothing of the body", body, e, seen.total(), code)
		}
	}
}

// Where links may lead: by default to every https host, and to loopback.
func TestLinkHosts(t *testing.T) {
	for _, tt := range []struct {
		hosts []string
		link  string
		ok    bool
	}{
		{nil, "https://anything.example/x", true},
		{nil, "HTTPS://id.workos.com/x", true},
		{nil, "http://127.0.0.1:8787/x?secret=y", true},
		{nil, "http://localhost/x", true},
		{[]string{"[::1]:9"}, "http://[::1]:9/x", true},
		{[]string{"id.workos.com"}, "https://id.workos.com/x", true},
		{[]string{"ID.WorkOS.com."}, "https://id.workos.COM:443/x", true},
		{[]string{"a.example", "setup.workos.com"}, "https://setup.workos.com?token=x", true},
		{[]string{"id.workos.com"}, "https://setup.workos.com/x", false},
		{[]string{"workos.com"}, "https://id.workos.com/x", false},
		{[]string{"id.workos.com"}, "https://id.workos.com.evil.example/x", false},
		{[]string{"id.workos.com:443"}, "https://id.workos.com/x", true},
		{[]string{"id.workos.com:443"}, "https://id.workos.com:8443/x", false},
		{[]string{"127.0.0.1:80"}, "http://127.0.0.1:81/x", false},
		{[]string{"127.0.0.1:80"}, "http://127.0.0.1/x", true},
	} {
		portal := inMemory(t, answer(200, fmt.Sprintf(`{"link":%q}`, tt.link)), client.WithLinkHosts(tt.hosts...))
		if tt.ok {
			same(t, "URL", generate(t, portal).URL, tt.link)
			continue
		}
		err := fails(t, portal, 0, client.ErrMalformedResponse)
		errorIf(t, err.Hint() != "add the host to WithLinkHosts if it is right, or ask WorkOS why links lead there", "hosts %q, link to %s: got %v, want it refused, with a hint at the option", tt.hosts, tt.link, err)
	}
}

// The client reads every example of a success in the document, whole, with links to WorkOS.
func TestDocumentExamplesAreRead(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	same(t, "the document's error", err, nil)
	read := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for code, response := range op.Responses.Map() {
				if media := response.Value.Content["application/json"]; code[0] == '2' && media != nil {
					for name, example := range media.Examples {
						read++
						readExample(t, method, path, code, name, example.Value.Value)
					}
				}
			}
		}
	}
	errorIf(t, read == 0, "the document has no examples of successes")
}

func readExample(t *testing.T, method, path, code, name string, value any) {
	status, _ := strconv.Atoi(code)
	routes := http.NewServeMux()
	text, _ := json.Marshal(value)
	routes.HandleFunc(method+" "+path, answer(status, string(text)))
	portal := inMemory(t, routes.ServeHTTP, oneTry, client.WithLinkHosts("id.workos.com", "setup.workos.com"))
	fields, _ := value.(map[string]any)
	if method == http.MethodPost {
		link, err := portal.GeneratePortalLink(t.Context(), sso)
		errorIf(t, err != nil || link.URL != fields["link"] || link.ExpiresAt.Year() < 2000, "openapi.yaml: %s %s %s: the client reads %v (%v) from the example %s; correct the example, or readLink", method, path, code, link, err, name)
		return
	}
	entries, isList := value.([]any)
	if !isList {
		entries, _ = fields["data"].([]any)
	}
	icons, err := portal.ListProviderIcons(t.Context())
	errorIf(t, err != nil || len(icons) < max(len(entries), 1), "openapi.yaml: %s %s %s: the client reads %d of %d icons (%v) from the example %s; give each an ID and an https address", method, path, code, len(icons), len(entries), err, name)
}
