package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The programs of the scripts run in processes of their own: the command itself, and a browser that fetches what it is
// given.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"adminportal": main,
		"browser":     browserMain,
	})
}

// browserMain fetches its last argument, redirects and all, and keeps its command line and the page's address in
// files.
func browserMain() {
	check := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	check(os.WriteFile("browser.args", []byte(strings.Join(os.Args[1:], " ")+"\n"), 0o600))
	resp, err := http.Get(os.Args[len(os.Args)-1])
	check(err)
	defer resp.Body.Close()
	page := fmt.Sprintf("%s\n%d\n", resp.Request.URL, resp.StatusCode)
	check(os.WriteFile("browser.page.tmp", []byte(page), 0o600))
	check(os.Rename("browser.page.tmp", "browser.page"))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[jobs{}] = map[string]*job{}
			e.Setenv("KEY", scriptKey)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"serve":       serveFake,
			"start":       startJob,
			"stop-on":     stopJob,
			"json":        jsonHas,
			"occupy":      occupy,
			"await":       awaitFile,
			"control":     control,
			"control-saw": controlSaw,
			"closed-pipe": closedPipeRun,
			"visit":       visit,
			"hold":        hold,
		},
	})
}

// scriptKey is the key that scripts use. exits fails if it is in an output.
const scriptKey = "sk_test_scriptsOwnKey0123456789"

// exits CODE PROGRAM ARG… runs a program that must end with that code. The command itself runs inside the test, which
// is quicker than a process.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if args[1] == "adminportal" {
		var stdout, stderr output // locked: what waits writes from its own goroutine
		e := env{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: ts.Getenv}
		got = run(context.Background(), e, args[2:])
		fmt.Fprint(ts.Stdout(), stdout.String())
		fmt.Fprint(ts.Stderr(), stderr.String())
		if strings.Contains(stdout.String()+stderr.String(), scriptKey) {
			ts.Fatalf("the key is in the output")
		}
	} else if err := ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// json FILE PATH VALUE: the JSON document has that value there. The path is of keys with dots between; value is JSON,
// or ? for anything but null.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	text := ts.ReadFile(args[0])
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		ts.Fatalf("not one JSON document: %v: %q", err, text)
	}
	for key := range strings.SplitSeq(args[1], ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if v = nil; i < len(in) {
				v = in[i]
			}
		default:
			v = nil
		}
	}
	got, err := json.Marshal(v)
	ts.Check(err)
	if matches := string(got) == args[2] || args[2] == "?" && v != nil; matches == neg {
		ts.Fatalf("%s is %s, want %s (negated: %v)", args[1], got, args[2], neg)
	}
}

// occupy VARIABLE [free] listens on a port and puts it into the variable; with free, it stops listening.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ts.Setenv(args[0], port)
	if len(args) > 1 {
		ts.Check(l.Close())
	}
}
