package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// lookupIn is an environment with these variables alone.
func lookupIn(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestWantsColor(t *testing.T) {
	for _, test := range []struct {
		variables string
		tty, want bool
	}{
		{"", true, true}, {"", false, false}, {"TERM=dumb", true, false},
		{"NO_COLOR=1", true, false}, {"NO_COLOR=0", true, false}, // set to anything
		{"CLICOLOR=0", true, false}, {"CLICOLOR=1", true, true}, {"CLICOLOR=1", false, false},
		{"CLICOLOR_FORCE=1", false, true}, {"CLICOLOR_FORCE=0", false, false},
		{"CLICOLOR_FORCE=1 CLICOLOR=0", false, true}, {"CLICOLOR_FORCE=1 NO_COLOR=1", true, false},
	} {
		variables := map[string]string{}
		for v := range strings.FieldsSeq(test.variables) {
			name, value, _ := strings.Cut(v, "=")
			variables[name] = value
		}
		if got := wantsColor(test.tty, lookupIn(variables)); got != test.want {
			t.Errorf("wantsColor(%v, %s) = %v, want %v", test.tty, test.variables, got, test.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for address, want := range map[string]string{
		"https://id.workos.com/portal?secret=a%20b&x=ü": "https://id.workos.com/portal?secret=a%20b&x=ü",
		"https://id.workos.com/\u009b31m\u202e":         "https://id.workos.com/%C2%9B31m%E2%80%AE",
	} {
		if got := printable(address); got != want {
			t.Errorf("printable(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestLogRequest(t *testing.T) {
	for status, want := range map[int]string{
		0: "\x1b[31mcut\x1b[0m", 200: "\x1b[32m200\x1b[0m", 303: "\x1b[32m303\x1b[0m", 404: "\x1b[33m404\x1b[0m", 503: "\x1b[31m503\x1b[0m",
	} {
		var log output
		a := app{log: &screen{w: &log, color: true}}
		a.logRequest(portaltest.Request{
			Method: "POST", Path: "/portal_links\x1b[2J", Status: status,
			Header: http.Header{"Authorization": {"header"}}, Body: "body", Notes: []string{"intent: is\trequired", "x: not known"},
		})
		got := log.String()
		if !strings.Contains(got, want+" POST /portal_links [2J 0s; intent: is required; x: not known\n") || strings.Contains(got, "header") || strings.Contains(got, "body") {
			t.Errorf("status %d: log = %q, want %q the method, the path and the notes", status, got, want)
		}
	}
}
