package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// verifyAt runs verify at a server and returns its checks by name.
func verifyAt(t *testing.T, h http.HandlerFunc) (code int, checks map[string]check) {
	t.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	var stdout, stderr output
	code = run(t.Context(), env{
		stdout: &stdout, stderr: &stderr,
		getenv: lookupIn(map[string]string{"WORKOS_API_KEY": scriptKey, "WORKOS_BASE_URL": srv.URL}),
	}, []string{"verify", "--json"})
	var list struct{ Checks []check }
	if err := json.Unmarshal([]byte(stdout.String()), &list); err != nil {
		t.Fatalf("verify wrote %q: %v", stdout.String(), err)
	}
	checks = map[string]check{}
	for _, c := range list.Checks {
		checks[c.Name] = c
	}
	return code, checks
}

// However a server says that a route is not there, verify goes on to the other one.
func TestVerifyFindsTheOtherRoute(t *testing.T) {
	for status, body := range map[int]string{
		http.StatusNotFound:         "404 page not found",
		http.StatusMethodNotAllowed: "",
		http.StatusForbidden:        `{"message":"Missing Authentication Token"}`,
	} {
		code, checks := verifyAt(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/portal/generate_link":
				answer(w, http.StatusUnprocessableEntity, `{"message":"Validation failed"}`)
			case "/provider-icons.json":
				answer(w, http.StatusOK, `[{"id":"okta","name":"Okta","icon_url":"https://icons.example/okta.svg"}]`)
			default:
				contentType := "text/plain"
				if strings.HasPrefix(body, "{") {
					contentType = "application/json"
				}
				says(status, body, "Content-Type", contentType)(w, r)
			}
		})
		if got := checks["dialect"]; code != exitDone || got.Status != "ok" || !strings.HasPrefix(got.Seen, "generate-link") {
			t.Errorf("%d: verify = %d, dialect %+v, want 0 and generate-link", status, code, got)
		}
	}
}

// What a proxy or a firewall answers says nothing of the key.
func TestVerifyNamesTheIntermediary(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		code, checks := verifyAt(t, says(status, "<title>Just a moment...</title>", "Content-Type", "text/html"))
		if got := checks["key_accepted"]; code != exitFailed || got.Status != "failed" || !strings.Contains(got.Fix, "proxy, gateway or firewall") {
			t.Errorf("%d: verify = %d, key_accepted %+v, want %d and a fix that names what is between", status, code, got, exitFailed)
		}
	}
}

// Every request has our User-Agent, and goes with the key to the address that the environment gives.
func TestRequestsSayWhoSends(t *testing.T) {
	var mu sync.Mutex
	var odd []string
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		key := "Bearer " + scriptKey
		if r.URL.Path == "/" { // asked for its Date alone
			key = ""
		}
		if !strings.HasPrefix(r.UserAgent(), "adminportal-cli/") || r.Header.Get("Authorization") != key {
			odd = append(odd, r.Method+" "+r.URL.Path+" as "+r.UserAgent())
		}
		fakes["echo"](w, r)
	}))
	defer srv.Close()
	for _, args := range []string{"link --org org_1", "icons", "verify", "verify --mint --org org_1"} {
		var stdout, stderr output
		run(t.Context(), env{
			stdout: &stdout, stderr: &stderr,
			getenv: lookupIn(map[string]string{"WORKOS_API_KEY": scriptKey, "WORKOS_BASE_URL": srv.URL + "/"}),
		}, strings.Fields(args))
	}
	if requests < 6 || odd != nil {
		t.Errorf("of %d requests these did not say who sent them, or with which key: %q", requests, odd)
	}
}
