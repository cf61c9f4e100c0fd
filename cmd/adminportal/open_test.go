package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// The scripts set BROWSER; without it the system's opener gets the address.
func TestBrowserCommand(t *testing.T) {
	const address = "http://127.0.0.1:1/X"
	t.Setenv("BROWSER", "")
	if got := browserCommand(address); len(got) < 2 || got[len(got)-1] != address {
		t.Errorf("browserCommand() = %q, want the system's opener with the address", got)
	}
}

// On a terminal, the sandbox whose link the browser shows stays until Ctrl-C, which is no failure.
func TestOpenKeepsSandboxUntilInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	var stdout, stderr output
	page := make(chan string, 1)
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, env{
			stdout: &stdout, stderr: &stderr, stderrTTY: true, getenv: lookupIn(nil),
			browserTakes: time.Minute,
			browse: func(address string) error {
				resp, err := http.Get(address)
				if err != nil {
					page <- err.Error()
					return err
				}
				page <- resp.Request.URL.String()
				return resp.Body.Close()
			},
		}, []string{"link", "--open"})
	}()
	if err := stderr.await("Ctrl-C stops it"); err != nil {
		t.Fatal(err)
	}
	link := strings.TrimSpace(stdout.String())
	if got := <-page; got != link {
		t.Errorf("the browser is at %q, want the link %q", got, link)
	}
	resp, err := http.Get(link)
	if err != nil {
		t.Fatalf("the link is dead while the command runs: %v", err)
	}
	resp.Body.Close()
	interrupt(stopped{os.Interrupt})
	if code := <-done; code != exitDone {
		t.Errorf("run = %d after Ctrl-C, want %d; stderr: %s", code, exitDone, stderr.String())
	}
}

// A browser that never comes is a warning; Ctrl-C while it starts ends the command.
func TestOpenWithoutFetch(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		ctx, interrupt := context.WithCancelCause(t.Context())
		var stdout, stderr output
		e := env{
			stdout: &stdout, stderr: &stderr, getenv: lookupIn(nil), browserTakes: time.Millisecond,
			browse: func(string) error { return nil },
		}
		want := exitDone
		if interrupted {
			e.browserTakes, want = time.Minute, exitInterrupted
			e.browse = func(string) error { interrupt(stopped{os.Interrupt}); return nil }
		}
		code := run(ctx, e, []string{"link", "--open"})
		if warned := strings.Contains(stderr.String(), "warning: the browser did not fetch the link"); code != want || warned == interrupted {
			t.Errorf("interrupted %v: run = %d, stderr %q, want %d", interrupted, code, stderr.String(), want)
		}
		interrupt(nil)
	}
}

func TestHandoffGivesLinkOnce(t *testing.T) {
	const link = "https://id.workos.com/portal/launch?secret=s3cr3t"
	h := &handoff{link: link, path: "/once", fetched: make(chan struct{})}
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/onceX", 410}, {"HEAD", "/once", 410}, {"POST", "/once", 410}, {"GET", "/once", 303}, {"GET", "/once", 410},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		want := ""
		if test.status == http.StatusSeeOther {
			want = link
			<-h.fetched
		}
		if got := w.Header().Get("Location"); w.Code != test.status || got != want {
			t.Errorf("%s %s = %d, Location %q, want %d, %q", test.method, test.path, w.Code, got, test.status, want)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s has headers %v, want no-store and no-referrer", test.method, test.path, w.Header())
		}
	}
}
