package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Every request says who sends it, with the key and the address that the
// environment gives.
func TestRequestsSayWhoSends(t *testing.T) {
	var mu sync.Mutex
	var odd []string
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		if !strings.HasPrefix(r.UserAgent(), "adminportal-cli/") || r.Header.Get("Authorization") != "Bearer "+scriptKey {
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
		t.Errorf("of %d requests these did not say who sent them, or came without the key: %q", requests, odd)
	}
}

func TestLogRequest(t *testing.T) {
	for _, test := range []struct {
		status int
		want   string
	}{
		{0, "\x1b[31mcut\x1b[0m"},
		{200, "\x1b[32m200\x1b[0m"},
		{303, "\x1b[32m303\x1b[0m"},
		{404, "\x1b[33m404\x1b[0m"},
		{503, "\x1b[31m503\x1b[0m"},
	} {
		var log output
		a := app{log: screen{w: &log, color: true}}
		a.logRequest(portaltest.Request{
			Method: "POST", Path: "/portal_links\x1b[2J", Status: test.status,
			Header: http.Header{"Authorization": {"header"}}, Body: "body",
		})
		got := log.String()
		if !strings.Contains(got, test.want+" POST /portal_links [2J ") || strings.Contains(got, "header") || strings.Contains(got, "body") {
			t.Errorf("status %d: log = %q, want %q and the method and path alone", test.status, got, test.want)
		}
	}
}
