package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Every request has our User-Agent, and goes with the key to the address that the
// environment gives.
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
		run(context.Background(), env{
			stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
			getenv: lookupIn(map[string]string{"WORKOS_API_KEY": scriptKey, "WORKOS_BASE_URL": srv.URL + "/"}),
		}, strings.Fields(args))
	}
	if requests < 6 || odd != nil {
		t.Errorf("of %d requests these did not say who sent them, or with which key: %q", requests, odd)
	}
}
