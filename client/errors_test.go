package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/adminportal-go/adminportal/client"
)

var dialects = []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink}

// once fails with what h answers, without another attempt.
func once(t testing.TB, d client.Dialect, h http.HandlerFunc) *client.Error {
	t.Helper()
	portal := serve(t, h, client.WithDialect(d), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	link, err := portal.GeneratePortalLink(t.Context(), sso)
	if link != nil || err == nil {
		t.Fatalf("GeneratePortalLink = %v, %v, want an error alone", link, err)
	}
	return asError(t, err)
}

// Every row of the reference's error table, every shape seen live, and what
// proxies make of them. Each is told in both dialects.
func TestErrorBodies(t *testing.T) {
	const (
		invalid   = `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`
		badIntent = `{"error":"invalid_request","error_description":"Invalid intent","code":"invalid_intent"}`
	)
	for _, tt := range []struct {
		name              string
		status            int
		body              string
		code, description string
		kind              error
		hint              string // a part of it; empty: there is none
	}{
		// The reference's table.
		{"400 intent", 400, badIntent, "invalid_intent", "Invalid intent", client.ErrInvalidRequest, "sso, dsync, audit_logs, log_streams"},
		{"400 organization", 400, invalid, "invalid_request", "The 'organization' parameter is required", client.ErrInvalidRequest, "starts with org_"},
		{"401 key", 401, `{"error":"unauthorized","error_description":"Invalid API key","code":"unauthorized"}`, "unauthorized", "Invalid API key", client.ErrUnauthorized, "API key"},
		{"404", 404, contractNotFound, "entity_not_found", "Organization not found", client.ErrOrganizationNotFound, "confirm that the organization exists"},
		{"422", 422, `{"error":"invalid_organization","error_description":"Bad format","code":"invalid_organization_id"}`, "invalid_organization_id", "Bad format", client.ErrInvalidRequest, "must start with org_"},
		{"429", 429, `{"error":"rate_limited","error_description":"Slow down","code":"rate_limit_exceeded"}`, "rate_limit_exceeded", "Slow down", client.ErrRateLimited, "RetryAfter"},
		{"500", 500, `{"error":"server_error","error_description":"Oops","code":"internal_error"}`, "internal_error", "Oops", client.ErrServer, "brief delay"},

		// The live dialect's.
		{"401 live", 401, `{"message":"Unauthorized"}`, "", "Unauthorized", client.ErrUnauthorized, "API key"},
		{"403 live", 403, `{"message":"Forbidden","code":"forbidden"}`, "forbidden", "Forbidden", client.ErrUnauthorized, "permissions"},
		{"404 newer", 404, liveNotFound, "entity_not_found", "Organization not found: 'org_x'.", client.ErrOrganizationNotFound, "confirm"},
		{"400 older", 400, `{"message":"Could not find an organization with the id, bogus-id."}`, "", "Could not find an organization with the id, bogus-id.", client.ErrOrganizationNotFound, "confirm"},
		{"400 as in WorkOS's document", 400, `{"message":"Organization not found: 'org_x'."}`, "", "Organization not found: 'org_x'.", client.ErrOrganizationNotFound, "confirm"},
		{"403 as in WorkOS's document", 403, `{"message":"Organization not found: 'org_x'."}`, "", "Organization not found: 'org_x'.", client.ErrOrganizationNotFound, "confirm"},
		{"403 about a permission", 403, `{"message":"The key may not administer this organization"}`, "", "The key may not administer this organization", client.ErrUnauthorized, "permissions"},
		{"422 fields", 422, `{"message":"Validation failed","errors":[{"field":"return_url","code":"invalid_url"}]}`, "", "Validation failed: return_url: invalid_url", client.ErrInvalidRequest, "each field"},
		{"422 messages", 422, `{"code":"invalid_request_parameters","message":"Validation failed","errors":[{"code":"a","message":"first"},{"code":"b","message":"second"}]}`, "invalid_request_parameters", "Validation failed: first; second", client.ErrInvalidRequest, "each field"},
		{"422 error alone", 422, `{"error":"Maximum unique keys reached"}`, "", "Maximum unique keys reached", client.ErrInvalidRequest, "each field"},
		{"422 strings", 422, `{"message":"Validation failed","errors":["intent must be one of sso","x"]}`, "", "Validation failed: intent must be one of sso; x", client.ErrInvalidRequest, "each field"},
		{"422 errors alone", 422, `{"errors":[{"code":"c"},{"field":"f"},{},7,null]}`, "", "c; f", client.ErrInvalidRequest, "each field"},
		{"429 live", 429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`, "rate_limit_exceeded", "Too many requests.", client.ErrRateLimited, "RetryAfter"},
		{"429 string", 429, `"Ratelimited"`, "", "Ratelimited", client.ErrRateLimited, "RetryAfter"},
		{"OAuth", 400, `{"error":"invalid_grant","error_description":"Nope"}`, "invalid_grant", "Nope", client.ErrInvalidRequest, "org_"},

		// What comes from in between.
		{"HTML", 502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "", "", client.ErrServer, "brief delay"},
		{"HTML 403", 403, "<!DOCTYPE html><title>Forbidden</title>", "", "", nil, "proxy, gateway or firewall"},
		{"text 401", 401, "Unauthorized", "", "", nil, "proxy, gateway or firewall"},
		{"text 400", 400, "no healthy upstream", "", "", nil, "proxy, gateway or firewall"},
		{"text 422", 422, "blocked", "", "", nil, "proxy, gateway or firewall"},
		{"text 429", 429, "slow down", "", "", client.ErrRateLimited, "RetryAfter"},
		{"AWS API Gateway without the route", 403, `{"message":"Missing Authentication Token"}`, "", "Missing Authentication Token", nil, "base URL"},
		{"AWS API Gateway with another reason", 403, `{"message":"Forbidden"}`, "", "Forbidden", client.ErrUnauthorized, "permissions"},
		{"nothing", 503, "", "", "", client.ErrServer, "brief delay"},
		{"truncated", 500, `{"message":"Inter`, "", "", client.ErrServer, "brief delay"},
		{"array", 400, `[{"message":"x"}]`, "", "x", client.ErrInvalidRequest, "org_"},
		{"number", 400, `42`, "", "", client.ErrInvalidRequest, "org_"},
		{"null", 400, `null`, "", "", client.ErrInvalidRequest, "org_"},
		{"nested", 400, `{"error":{"code":"x","message":"y"}}`, "x", "y", client.ErrInvalidRequest, "org_"},
		{"one wrong type", 400, `{"message":["a"],"code":"still_read","error":7}`, "still_read", "a", client.ErrInvalidRequest, "org_"},
		{"errors is a text", 422, `{"message":"m","errors":"e"}`, "", "m: e", client.ErrInvalidRequest, "each field"},
		{"errors is an object", 422, `{"message":"m","errors":{"intent":["bad","worse"]}}`, "", "m: intent: bad; intent: worse", client.ErrInvalidRequest, "each field"},
		{"words like keys", 403, `{"message":"the task_id of disk_full is risk_free","code":"ask_token_owner"}`, "ask_token_owner", "the task_id of disk_full is risk_free", client.ErrUnauthorized, "permissions"},
		{"of no service", 418, `{"message":"I'm a teapot"}`, "", "I'm a teapot", nil, ""},
		{"too big for them", 413, "", "", "", nil, ""},
		{"beyond 500", 599, "", "", "", client.ErrServer, "brief delay"},
		{"not implemented", 501, "", "", "", client.ErrServer, "brief delay"},
	} {
		for _, d := range dialects {
			t.Run(fmt.Sprintf("%s/%v", tt.name, d), func(t *testing.T) {
				e := once(t, d, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Request-Id", "req_01H")
					reply(w, tt.status, tt.body)
				})
				if e.StatusCode != tt.status || e.Code != tt.code || e.Description != tt.description {
					t.Errorf("got %d %q %q, want %d %q %q", e.StatusCode, e.Code, e.Description, tt.status, tt.code, tt.description)
				}
				if e.RequestID != "req_01H" || e.Attempts != 1 || e.Body != tt.body || e.RetryAfter != 0 {
					t.Errorf("RequestID %q, Attempts %d, RetryAfter %v, Body %q, want req_01H, 1, 0 and what was sent", e.RequestID, e.Attempts, e.RetryAfter, e.Body)
				}
				if hint := e.Hint(); !strings.Contains(hint, tt.hint) || (hint == "") != (tt.hint == "") {
					t.Errorf("Hint() = %q, want it to say %q", hint, tt.hint)
				}
				wantOnly(t, e, tt.kind)
				if errors.Unwrap(e) != nil {
					t.Errorf("Unwrap() = %v, want nil: the answer is the cause", errors.Unwrap(e))
				}
			})
		}
	}
}

func TestErrorText(t *testing.T) {
	e := once(t, client.DialectPortalLinks, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req_01H")
		reply(w, 404, contractNotFound)
	})
	const want = "adminportal: generate portal link: 404 entity_not_found: Organization not found (request req_01H)"
	if got := e.Error(); got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}

	// The prefix appears once, however many layers an error has come through.
	_, err := serve(t, status(401), client.WithAPIKeySource(func(ctx context.Context) (string, error) {
		_, err := client.New("")
		return "", err
	})).GeneratePortalLink(t.Context(), sso)
	if got := strings.Count(err.Error(), "adminportal:"); got != 1 {
		t.Errorf("%q says adminportal: %d times, want once", err, got)
	}
}

func TestErrorTellsAttemptsAndRetryAfter(t *testing.T) {
	for _, d := range dialects {
		var seen tally
		portal := serve(t, script(&seen, status(503), status(500), status(429, "Retry-After", "7")), client.WithDialect(d),
			client.WithRetry(client.RetryPolicy{MaxAttempts: 3, BaseDelay: -1}))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		e := asError(t, err)
		if e.Attempts != 3 || seen.total() != 3 || e.RetryAfter != 7*time.Second || e.StatusCode != 429 {
			t.Errorf("%v: Attempts %d of %d, RetryAfter %v, status %d, want 3 of 3, 7s and that of the last", d, e.Attempts, seen.total(), e.RetryAfter, e.StatusCode)
		}
		if text := e.Error(); !strings.Contains(text, "after 3 attempts") || !strings.Contains(text, "try again in 7s") {
			t.Errorf("%v: Error() = %q, want it to tell of 3 attempts and 7s", d, text)
		}
	}
}

// Whoever answers does not write lines, colours or halves of characters into our
// logs, and cannot fill them.
func TestErrorsAreOneBoundedLine(t *testing.T) {
	long := strings.Repeat("é", 40_000)
	for name, tt := range map[string]struct{ body, requestID string }{
		"line breaks":       {`{"message":"a\nlevel=ERROR msg=forged\r\n\u2028b","code":"c\nd"}`, "req_1"},
		"raw line breaks":   {"<html>\n\nlevel=ERROR\r\n</html>", "req_1"},
		"escape sequences":  {`{"message":"\u001b[31mred\u0007\u0000","code":"\u009b2J"}`, "req_1"},
		"long":              {`{"message":"` + long + `","code":"` + long + `"}`, strings.Repeat("r", 4000)},
		"long, other phase": {`{"message":"x` + long + `","code":"xx` + long + `"}`, "x"},
		"not UTF-8":         {"{\"message\":\"\xff\xfe\xc3\"}", "\xff\xfe"},
		"many details":      {`{"message":"m","errors":[` + strings.Repeat(`"detail\n",`, 5000) + `"last"]}`, "req_1"},
		"many secrets":      {strings.Repeat("sk_a ", 400), strings.Repeat("sk_a ", 40)},
		"hidden direction":  {`{"message":"a\u202eb","code":"\u2066c"}`, "req_1"},
	} {
		for _, d := range dialects {
			e := once(t, d, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", tt.requestID)
				reply(w, 400, tt.body)
			})
			for field, f := range map[string]struct {
				text string
				most int
			}{
				"Code": {e.Code, 512}, "Description": {e.Description, 512}, "RequestID": {e.RequestID, 512}, "Body": {e.Body, 512}, "Error()": {e.Error(), 2048},
			} {
				if len(f.text) > f.most || !utf8.ValidString(f.text) {
					t.Errorf("%s, %v: %s has %d bytes, valid UTF-8: %v, want at most %d and valid", name, d, field, len(f.text), utf8.ValidString(f.text), f.most)
				}
				if strings.ContainsFunc(f.text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%s, %v: %s = %.200q, want one line without control characters", name, d, field, f.text)
				}
			}
		}
	}
}

// The icons report as the links do.
func TestErrorsOfIcons(t *testing.T) {
	for _, d := range dialects {
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "req_9")
			reply(w, 400, `{"message":"Forbearance"}`)
		}, client.WithDialect(d))
		_, err := portal.ListProviderIcons(t.Context())
		wantOnly(t, err, client.ErrInvalidRequest)
		e := asError(t, err)
		if e.StatusCode != 400 || e.Description != "Forbearance" || e.RequestID != "req_9" || e.Attempts != 1 {
			t.Errorf("%v: got %+v, want 400 Forbearance, req_9, one attempt", d, e)
		}
		if !strings.HasPrefix(err.Error(), "adminportal: list provider icons: 400 ") {
			t.Errorf("%v: Error() = %q, want it to name what was attempted", d, err)
		}
	}
}

// A literal of a user's own, for a fake, works like one of ours.
func TestLiteralError(t *testing.T) {
	e := &client.Error{StatusCode: 429, RetryAfter: 3 * time.Second}
	wantOnly(t, fmt.Errorf("wrapped: %w", e), client.ErrRateLimited)
	if got, want := e.Error(), "adminportal: 429 Too Many Requests; try again in 3s"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if e.Hint() == "" {
		t.Error("Hint() is empty, want the one for 429")
	}
	if got := new(client.Error).Error(); got != "adminportal: failed" {
		t.Errorf("zero value: Error() = %q, want adminportal: failed", got)
	}
}
