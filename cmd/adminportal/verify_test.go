package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// runAt runs the command at a server and returns what it prints.
func runAt(t *testing.T, url, args string) (code int, printed string) {
	var stdout, stderr output
	variables := map[string]string{"WORKOS_API_KEY": scriptKey, "WORKOS_BASE_URL": url}
	code = run(t.Context(), env{stdout: &stdout, stderr: &stderr, getenv: lookupIn(variables)}, strings.Fields(args))
	return code, stdout.String()
}

// What a proxy or a firewall answers says nothing of the key.
func TestVerifyNamesTheIntermediary(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		srv := httptest.NewServer(says(status, "<title>Just a moment...</title>", "Content-Type", "text/html"))
		defer srv.Close()
		if code, printed := runAt(t, srv.URL, "verify"); code != exitFailed || !strings.Contains(printed, "proxy, gateway or firewall") {
			t.Errorf("%d: verify = %d %s, want %d and a fix that names what is between", status, code, printed, exitFailed)
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
		runAt(t, srv.URL+"/", args)
	}
	if requests < 6 || odd != nil {
		t.Errorf("of %d requests these did not say who sent them, or with which key: %q", requests, odd)
	}
}
