package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// What each answer of the service is as an exit code and as a kind: the two are
// documented, and scripts decide by them.
func TestDiagnose(t *testing.T) {
	for status, want := range map[int]struct {
		kind string
		exit int
	}{
		http.StatusBadRequest:          {"invalid_request", 1},
		http.StatusUnauthorized:        {"unauthorized", 4},
		http.StatusForbidden:           {"unauthorized", 4},
		http.StatusNotFound:            {"organization_not_found", 1},
		http.StatusUnprocessableEntity: {"invalid_request", 1},
		http.StatusTooManyRequests:     {"rate_limited", 5},
		http.StatusInternalServerError: {"server_error", 1},
		http.StatusBadGateway:          {"server_error", 1},
		http.StatusTeapot:              {"failed", 1},
		0:                              {"unreachable", 6},
	} {
		f := diagnose(context.Background(), &client.Error{StatusCode: status, Attempts: 1}, "help")
		if f.Kind != want.kind || f.exit != want.exit {
			t.Errorf("%d: diagnose = %s, exit %d, want %s, exit %d", status, f.Kind, f.exit, want.kind, want.exit)
		}
		for _, kind := range []string{f.Kind} {
			if !strings.Contains(jsonText, kind) {
				t.Errorf("help json does not list the kind %s", kind)
			}
		}
	}
}

func TestDiagnoseInterrupted(t *testing.T) {
	for sig, want := range map[os.Signal]int{os.Interrupt: exitInterrupted, syscall.SIGTERM: exitTerminated} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(stopped{sig})
		f := diagnose(ctx, fmt.Errorf("wrapped: %w", ctx.Err()), "help")
		if f.Kind != "interrupted" || f.exit != want || f.Hint != "" {
			t.Errorf("%v: diagnose = %+v, exit %d, want interrupted, exit %d", sig, f, f.exit, want)
		}
	}
}

// A writer that has been closed by its reader.
type closedPipeWriter struct{}

func (closedPipeWriter) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestClosedPipeIsQuiet(t *testing.T) {
	for _, args := range []string{"link", "icons", "verify", "version", "help json", "completion zsh", "link --json", "link --org org_nope --json"} {
		var stderr output
		code := run(context.Background(), env{
			stdin: strings.NewReader(""), stdout: closedPipeWriter{}, stderr: &stderr, getenv: lookupIn(nil),
		}, strings.Fields(args))
		want := exitDone
		if strings.Contains(args, "org_nope") {
			want = exitFailed // the failure came first
		}
		if code != want || strings.Contains(stderr.String(), "pipe") {
			t.Errorf("%s: run = %d, want %d; stderr: %s", args, code, want, stderr.String())
		}
	}
}

func TestFullDiskIsFailure(t *testing.T) {
	for _, args := range []string{"link", "icons", "verify", "version", "help json", "link --help", "--version", "completion zsh", "link --json"} {
		var stderr output
		code := run(context.Background(), env{
			stdin: strings.NewReader(""), stdout: fullDisk{}, stderr: &stderr, getenv: lookupIn(nil),
		}, strings.Fields(args))
		if code != exitFailed {
			t.Errorf("%s: run = %d, want %d; stderr: %s", args, code, exitFailed, stderr.String())
		}
	}
}

func TestWantsColor(t *testing.T) {
	for _, test := range []struct {
		variables string
		tty, want bool
	}{
		{"", true, true},
		{"", false, false},
		{"NO_COLOR=1", true, false},
		{"NO_COLOR=0", true, false}, // set to anything
		{"CLICOLOR=0", true, false},
		{"CLICOLOR=1", true, true},
		{"CLICOLOR=1", false, false},
		{"CLICOLOR_FORCE=1", false, true},
		{"CLICOLOR_FORCE=0", false, false},
		{"CLICOLOR_FORCE=1 CLICOLOR=0", false, true},
		{"CLICOLOR_FORCE=1 NO_COLOR=1", true, false},
		{"TERM=dumb", true, false},
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

func TestRefuseKeys(t *testing.T) {
	for arg, refused := range map[string]bool{
		"sk_test_123":                    true,
		"--org=sk_live_1":                true,
		"Bearer sk_x":                    true,
		"https://example.com/?k=sk_test": true,
		"SK_TEST_1":                      true,
		"org_01EHWNCE74X7JSDV0X3SZ3KJNY": false,
		"https://example.com/task_list":  false,
		"sk_":                            false,
		"disk_1":                         false,
	} {
		if err := refuseKeys([]string{"link", arg}); (err != nil) != refused {
			t.Errorf("refuseKeys(%q) = %v, want refused: %v", arg, err, refused)
		} else if err != nil && (strings.Contains(err.Error(), arg) || !errors.As(err, new(usageError))) {
			t.Errorf("refuseKeys(%q) = %v, want a usage error without it", arg, err)
		}
	}
}

func TestMaskedKey(t *testing.T) {
	for key, want := range map[string]string{
		"sk_test_0123456789abcdefghij": "sk_test_…ghij (28 characters)",
		"sk_test_short":                "sk_test_… (13 characters)",
		"sk_0123456789abcdefghijklmn":  "sk_…klmn (27 characters)",
		"sk_a":                         "sk_… (4 characters)",
	} {
		if got := maskedKey(key); got != want {
			t.Errorf("maskedKey(%s) = %s, want %s", key, got, want)
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
