package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// Every row of the reference's error table, every shape seen live, and what intermediaries send.
// Each comes in both dialects.
func TestErrorBodies(t *testing.T) {
	for _, tt := range []struct {
		name              string
		status            int
		body              string
		code, description string
		kind              error
		hint              string // a part of it; empty: there is none
	}{
		// The reference's table.
		{"400 intent", 400, `{"error":"invalid_request","error_description":"Invalid intent","code":"invalid_intent"}`, "invalid_intent", "Invalid intent", client.ErrInvalidRequest, "sso, dsync, audit_logs, log_streams"},
		{"400 organization", 400, incomplete, "invalid_request", "The 'organization' parameter is required", client.ErrInvalidRequest, "starts with org_"},
		{"401 key", 401, `{"error":"unauthorized","error_description":"Invalid API key","code":"unauthorized"}`, "unauthorized", "Invalid API key", client.ErrUnauthorized, "API key"},
		{"404", 404, contractNotFound, "entity_not_found", "Organization not found", client.ErrOrganizationNotFound, "confirm that the organization exists"},
		{"422", 422, `{"error":"invalid_organization","error_description":"Bad format","code":"invalid_organization_id"}`, "invalid_organization_id", "Bad format", client.ErrInvalidRequest, "must start with org_"},
		{"429", 429, `{"error":"rate_limited","error_description":"Slow down","code":"rate_limit_exceeded"}`, "rate_limit_exceeded", "Slow down", client.ErrRateLimited, "RetryAfter"},
		{"500", 500, `{"error":"server_error","error_description":"Cannot GET a lock","code":"internal_error"}`, "internal_error", "Cannot GET a lock", client.ErrServer, "brief delay"},
		// The live dialect's.
		{"401 live", 401, `{"message":"Missing Authentication Token","beyond numbers":1e999}`, "", "Missing Authentication Token", client.ErrUnauthorized, "API key"},
		{"403 live", 403, `{"message":"Forbidden","code":"forbidden"}`, "forbidden", "Forbidden", client.ErrUnauthorized, "permissions"},
		{"404 newer", 404, liveNotFound, "entity_not_found", "Organization not found: 'org_x'.", client.ErrOrganizationNotFound, "confirm"},
		{"400 as in WorkOS's document", 400, `{"message":"Organization not found: 'org_x'."}`, "", "Organization not found: 'org_x'.", client.ErrOrganizationNotFound, "confirm"},
		{"403 as in WorkOS's document", 403, `{"message":"Organization org_x: not found"}`, "", "Organization org_x: not found", client.ErrOrganizationNotFound, "confirm"},
		{"400 by code", 400, `{"message":"No","code":"organization_not_found"}`, "organization_not_found", "No", client.ErrOrganizationNotFound, "confirm"},
		{"404 by code", 404, `{"message":"Not Found","code":"organization_not_found"}`, "organization_not_found", "Not Found", client.ErrOrganizationNotFound, "confirm"},
		{"422 Rails", 422, `{"name":["can't be blank"]}`, "", "name: can't be blank", client.ErrInvalidRequest, "each field"},
		{"422 JSON:API", 422, `{"errors":[{"detail":"must be https","source":{"pointer":"/data/attributes/return_url"}}]}`, "", "return_url: must be https", client.ErrInvalidRequest, "each field"},
		{"400 ASP.NET", 400, `{"Message":"The request is invalid.","ModelState":{"intent":["required"]}}`, "", "The request is invalid: intent: required", client.ErrInvalidRequest, "intents"},
		{"400 ASP.NET by field", 400, `{"title":"Invalid.","errors":{"ReturnUrl":["must be https"]}}`, "", "Invalid: ReturnUrl: must be https", client.ErrInvalidRequest, "each field"},
		{"404 like a framework's", 404, `{"message":"Cannot get org_x: not found"}`, "", "Cannot get org_x: not found", client.ErrOrganizationNotFound, "confirm"},
		{"403 like a gateway's", 403, `{"message":"Missing authentication token in request"}`, "", "Missing authentication token in request", client.ErrUnauthorized, "permissions"},
		{"a code in capitals", 404, `{"Code":"entity_not_found","Message":"No such thing"}`, "entity_not_found", "No such thing", client.ErrOrganizationNotFound, "confirm"},
		{"an error in capitals", 400, `{"Error":{"Code":"X","Message":"Y"}}`, "X", "Y", client.ErrInvalidRequest, "org_"},
		{"401 in brackets", 401, `[error] denied by policy`, "", "", nil, "proxy, gateway or firewall"},
		{"404 with the path", 404, `{"error":"Not Found","message":"Organisation not found","path":"/portal_links"}`, "Not Found", "Organisation not found", client.ErrOrganizationNotFound, "confirm"},
		{"404 by error", 404, `{"error":"entity_not_found"}`, "", "entity_not_found", client.ErrOrganizationNotFound, "confirm"},
		{"Cloudflare", 403, `{"title":"Organization not found","cloudflare_error":true}`, "", "Organization not found", nil, "proxy, gateway or firewall"},
		{"400 class-validator", 400, `{"message":[{"property":"return_url","constraints":{"isUrl":"must be a URL"}}]}`, "", "isUrl: must be a URL", client.ErrInvalidRequest, "each field"},
		{"400 Zod", 400, `{"formErrors":[],"fieldErrors":{"return_url":["Required"]}}`, "", "return_url: Required", client.ErrInvalidRequest, "each field"},
		{"404 that repeats the request", 404, `{"status":404,"organization":"acme"}`, "", "", nil, "proxy, gateway or firewall"},
		{"400 nested", 400, `{"errors":{"json":{"$.return_url":["bad"]}}}`, "", "return_url: bad", client.ErrInvalidRequest, "each field"},
		{"403 of another entity", 403, `{"message":"Validation failed","errors":[{"code":"entity_not_found","field":"connection"}]}`, "", "Validation failed: connection: entity_not_found", client.ErrUnauthorized, "permissions"},
		{"400 whole body", 400, `{"detail":[{"loc":["body",34],"msg":"JSON decode error"}],"path":"/portal_links"}`, "", "JSON decode error", client.ErrInvalidRequest, "intents"},
		{"422 fields", 422, `{"message":"Validation failed","errors":[{"field":"return_url","code":"invalid_url"}]}`, "", "Validation failed: return_url: invalid_url", client.ErrInvalidRequest, "each field"},
		{"422 a field twice", 422, `{"message":"Validation failed","errors":[{"field":"intent","message":"intent must be one of sso"}]}`, "", "Validation failed: intent must be one of sso", client.ErrInvalidRequest, "each field"},
		{"422 FastAPI", 422, `{"detail":[{"loc":["body","return_url"],"msg":"field required"}]}`, "", "return_url: field required", client.ErrInvalidRequest, "each field"},
		{"422 messages", 422, `{"code":"invalid_request_parameters","message":"Validation failed","errors":[{"code":"a","message":"first"},{"code":"b","message":"second"}]}`, "invalid_request_parameters", "Validation failed: first; second", client.ErrInvalidRequest, "each field"},
		{"422 error alone", 422, `{"error":"Maximum unique keys reached"}`, "", "Maximum unique keys reached", client.ErrInvalidRequest, "each field"},
		{"422 strings", 422, `{"message":"Validation failed","errors":["intent must be one of sso","x"]}`, "", "Validation failed: intent must be one of sso; x", client.ErrInvalidRequest, "each field"},
		{"400 errors alone", 400, `{"errors":[{"code":"c"},{"field":"f"},{},7,null,{"path":"g"},{"propertyPath":"h"},{"propertyName":"i"},{"instancePath":"/j"},{"param":"body.k"},{"pointer":"#/l"},{"source":{"parameter":"m"}},{"location":"body.n"}],"path":"/portal/generate_link"}`, "", "c; f; g; h; i; j; k; l; m; n", client.ErrInvalidRequest, "each field"},
		{"429 live", 429, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`, "rate_limit_exceeded", "Too many requests.", client.ErrRateLimited, "RetryAfter"},
		{"429 string", 429, `"Ratelimited"`, "", "Ratelimited", client.ErrRateLimited, "RetryAfter"},
		{"OAuth", 400, `{"error":"invalid_grant","error_description":"Nope"}`, "invalid_grant", "Nope", client.ErrInvalidRequest, "org_"},
		// Answers of intermediaries.
		{"HTML", 502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "", "", client.ErrServer, "brief delay"},
		{"HTML 403", 403, "<!DOCTYPE html><title>Forbidden</title>", "", "", nil, "proxy, gateway or firewall"},
		{"text 413", 413, "too large", "", "", nil, "proxy, gateway or firewall"},
		{"text 400", 400, "no healthy upstream", "", "", nil, "proxy, gateway or firewall"},
		{"text 422", 422, strings.Repeat("x", 512), "", "", nil, "proxy, gateway or firewall"},
		{"text 429", 429, "slow down", "", "", client.ErrRateLimited, "RetryAfter"},
		{"AWS API Gateway without the route", 403, `{"message":"Missing Authentication Token"}`, "", "Missing Authentication Token", nil, "base URL"},
		{"AWS API Gateway with another reason", 403, `{"message":"Not Found"}`, "", "Not Found", client.ErrUnauthorized, "permissions"},
		{"nothing", 503, "", "", "", client.ErrServer, "brief delay"},
		{"truncated", 500, `{"message":"Inter`, "", "", client.ErrServer, "brief delay"},
		{"array", 400, `[{"defaultMessage":"a"},{"errorMessage":"b"},{"error_message":"c"},{"error_msg":"d"},{"description":"e"},{"reason":"f"},{"violations":["g"]},{"fieldViolations":["h"]},{"invalid-params":["i"]},{"invalid_params":["j"]},{"details":["k"]},{"issues":["l"]},{"messages":["m"]},{"children":["n"]},{"_errors":["o"]}]`, "", "a; b; c; d; e; f; g; h; i; j; k; l; m; n; o", client.ErrInvalidRequest, "org_"},
		{"number", 400, `42`, "", "", client.ErrInvalidRequest, "org_"},
		{"null", 400, `null`, "", "", client.ErrInvalidRequest, "org_"},
		{"nested", 400, `{"error":{"code":"x","message":"y"}}`, "x", "y", client.ErrInvalidRequest, "org_"},
		{"one wrong type", 400, `{"message":["a"],"code":"still_read","error":7}`, "still_read", "a", client.ErrInvalidRequest, "org_"},
		{"errors is a text", 422, `{"message":"m","errors":"e"}`, "", "m: e", client.ErrInvalidRequest, "each field"},
		{"errors is an object", 422, `{"message":"m","errors":{"intent":["bad","",{"field":"f","message":"worse"}]}}`, "", "m: intent: bad; f: worse", client.ErrInvalidRequest, "each field"},
		{"words like keys", 403, `{"message":"the task_id of disk_full is risk_free","code":"ask_token_owner"}`, "ask_token_owner", "the task_id of disk_full is risk_free", client.ErrUnauthorized, "permissions"},
		{"of no service", 418, `{"message":"I'm a teapot"}`, "", "I'm a teapot", nil, ""},
		{"a proxy's", 407, "<html>", "", "", nil, "credentials"},
		{"beyond 500", 599, "", "", "", client.ErrServer, "brief delay"},
		{"not implemented", 501, "", "", "", client.ErrServer, "brief delay"},
	} {
		for _, d := range dialects {
			t.Run(fmt.Sprintf("%s/%v", tt.name, d), func(t *testing.T) {
				e := once(t, d, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Request-Id", "req_01H")
					reply(w, tt.status, tt.body)
				})
				errorIf(t, e.StatusCode != tt.status || e.Code != tt.code || e.Description != tt.description, "got %d %q %q, want %d %q %q", e.StatusCode, e.Code, e.Description, tt.status, tt.code, tt.description)
				errorIf(t, e.RequestID != "req_01H" || e.Attempts != 1 || e.Body != tt.body || e.RetryAfter != 0 || e.Field != "" && tt.kind != client.ErrInvalidRequest, "RequestID %q, Attempts %d, RetryAfter %v, Body %q, want req_01H, 1, 0 and what was sent", e.RequestID, e.Attempts, e.RetryAfter, e.Body)
				hint := e.Hint()
				errorIf(t, !strings.Contains(hint, tt.hint) || (hint == "") != (tt.hint == ""), "Hint() = %q, want it to say %q", hint, tt.hint)
				wantOnly(t, e, tt.kind)
				errorIf(t, errors.Unwrap(e) != nil, "Unwrap() = %v, want nil: the answer is the cause", errors.Unwrap(e))
			})
		}
	}
}

func TestErrorText(t *testing.T) {
	answered := once(t, client.DialectPortalLinks, with(answer(404, contractNotFound), "X-Request-Id", "req_01H"))
	for want, e := range map[string]*client.Error{
		"adminportal: generate portal link: 404 entity_not_found: Organization not found (request req_01H)": answered,
		// Literals, for a fake of the user's own.
		"adminportal: 429 Too Many Requests; try again in 3s (after 2 attempts)": {StatusCode: 429, RetryAfter: 3 * time.Second, Attempts: 2},
		"adminportal: failed": {},
	} {
		same(t, "Error()", e.Error(), want)
	}
	literal := &client.Error{StatusCode: 429}
	wantOnly(t, fmt.Errorf("wrapped: %w", literal), client.ErrRateLimited)
	errorIf(t, literal.Hint() == "", "Hint() of a literal 429 is empty")
	// Cloudflare's challenge says nothing of the key, whatever its body is.
	challenge := once(t, client.DialectPortalLinks, with(answer(403, `{"message":"Forbidden"}`), "Cf-Mitigated", "challenge"))
	wantOnly(t, challenge, nil)
	errorIf(t, !strings.Contains(challenge.Hint(), "proxy, gateway or firewall"), "Hint() = %q, want it to speak of what stands between", challenge.Hint())
	// The prefix appears once, however many layers an error has come through.
	err := ask(t, inMemory(t, succeed, client.WithAPIKeySource(func(context.Context) (string, error) {
		_, err := client.New("")
		return "", err
	})), 0)
	same(t, fmt.Sprintf("the count of prefixes in %q", err), strings.Count(err.Error(), "adminportal:"), 1)
}
