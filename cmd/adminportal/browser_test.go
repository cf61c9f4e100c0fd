package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// lookupIn is an environment of these variables alone.
func lookupIn(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestBrowserCommands(t *testing.T) {
	const address = "http://127.0.0.1:1/X"
	for value, want := range map[string][][]string{
		"firefox":                         {{"firefox", address}},
		"firefox --new-window %s -P x":    {{"firefox", "--new-window", address, "-P", "x"}},
		"one" + sep + sep + "two --at=%s": {{"one", address}, {"two", "--at=" + address}},
	} {
		got := browser{lookupIn(map[string]string{"BROWSER": value})}.commands(address)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("BROWSER=%q: commands = %q, want %q", value, got, want)
		}
	}
	if got := (browser{lookupIn(nil)}).commands(address); len(got) == 0 || got[0][len(got[0])-1] != address {
		t.Errorf("without BROWSER: commands = %q, want the system's opener with the address", got)
	}
}

const sep = string(os.PathListSeparator)

// On a terminal, the sandbox whose link the browser shows stays until Ctrl-C, and
// that is no failure.
func TestOpenKeepsSandboxUntilInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(context.Background())
	var stdout, stderr output
	var page string
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, env{
			stdin:       strings.NewReader(""),
			stdout:      &stdout,
			stderr:      &stderr,
			stderrTTY:   true,
			getenv:      lookupIn(nil),
			fetchWithin: time.Minute,
			browse: func(_ context.Context, address string) error {
				resp, err := http.Get(address)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				_, err = io.Copy(io.Discard, resp.Body)
				page = resp.Request.URL.String()
				return err
			},
		}, []string{"link", "--open"})
	}()
	if err := stderr.await("Ctrl-C stops it", 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if link := strings.TrimSpace(stdout.String()); page != link {
		t.Errorf("the browser is at %q, want the link %q", page, link)
	}
	resp, err := http.Get(page)
	if err != nil {
		t.Fatalf("the link is dead while the command runs: %v", err)
	}
	resp.Body.Close()
	interrupt(stopped{os.Interrupt})
	if code := <-done; code != exitDone {
		t.Errorf("run = %d after Ctrl-C, want %d; stderr: %s", code, exitDone, stderr.String())
	}
	if strings.Contains(stderr.String(), "the link ends with this command") {
		t.Error("it says that the link ends at once, and it does not")
	}
}

// A browser that never comes is a warning.
func TestOpenWithoutFetch(t *testing.T) {
	var stdout, stderr output
	code := run(context.Background(), env{
		stdin:       strings.NewReader(""),
		stdout:      &stdout,
		stderr:      &stderr,
		getenv:      lookupIn(nil),
		fetchWithin: time.Millisecond,
		browse:      func(context.Context, string) error { return nil },
	}, []string{"link", "--open"})
	if code != exitDone || !strings.Contains(stderr.String(), "warning: the browser has not come for the link") {
		t.Errorf("run = %d, stderr %q, want %d and a warning", code, stderr.String(), exitDone)
	}
}

// Ctrl-C while the browser starts ends the command.
func TestOpenInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(context.Background())
	var stdout, stderr output
	code := run(ctx, env{
		stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: lookupIn(nil),
		browse: func(ctx context.Context, _ string) error {
			interrupt(stopped{os.Interrupt})
			<-ctx.Done()
			return ctx.Err()
		},
	}, []string{"link", "--open"})
	if code != exitInterrupted {
		t.Errorf("run = %d, want %d", code, exitInterrupted)
	}
}

func TestHandoffGivesLinkOnce(t *testing.T) {
	const link = "https://id.workos.com/portal/launch?secret=s3cr3t"
	h, err := newHandoff(link)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	hc := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, address string) *http.Response {
		t.Helper()
		req, err := http.NewRequest(method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	for _, r := range []struct{ method, address string }{
		{http.MethodGet, h.address + "X"},
		{http.MethodHead, h.address},
		{http.MethodPost, h.address},
	} {
		if resp := ask(r.method, r.address); resp.StatusCode != http.StatusGone || resp.Header.Get("Location") != "" {
			t.Errorf("%s %s = %d, Location %q, want 410 and none", r.method, r.address, resp.StatusCode, resp.Header.Get("Location"))
		}
	}
	select {
	case <-h.fetched:
		t.Error("fetched before it was")
	default:
	}
	resp := ask(http.MethodGet, h.address)
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != link {
		t.Errorf("GET = %d to %q, want 303 to the link", resp.StatusCode, got)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("GET has headers %v, want no-store and no-referrer", resp.Header)
	}
	<-h.fetched
	if again := ask(http.MethodGet, h.address); again.StatusCode != http.StatusGone || again.Header.Get("Location") != "" {
		t.Errorf("the second GET = %d, Location %q, want 410 and none", again.StatusCode, again.Header.Get("Location"))
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := browser{lookupIn(map[string]string{"BROWSER": "none" + sep + "nothing"})}.open(context.Background(), "http://127.0.0.1:1/")
	if err == nil || !strings.Contains(err.Error(), "none") || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("open = %v, want an error that names both", err)
	}
	if errors.Is(err, context.Canceled) {
		t.Error("open was canceled by nobody")
	}
}
