package main

import (
	"bufio"
	"bytes"
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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The programs of the scripts run in processes of their own: the command itself,
// and a browser that fetches what it is given.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"adminportal": main,
		"browser":     browserMain,
	})
}

// browserMain fetches its last argument, redirects and all, and keeps its command
// line and the page's address in files.
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
	again, err := http.Get(os.Args[len(os.Args)-1])
	check(err)
	defer again.Body.Close()
	page := fmt.Sprintf("%s\n%d\nagain %d\n", resp.Request.URL, resp.StatusCode, again.StatusCode)
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
			"exits":   exits,
			"serve":   serveFake,
			"start":   startJob,
			"stop-on": stopJob,
			"json":    jsonHas,
			"occupy":  occupy,
			"await":   awaitFile,
		},
	})
}

// scriptKey is the key that scripts use; what could be mistaken for it must not be
// in any output.
const scriptKey = "sk_test_scriptsOwnKey0123456789"

// exits CODE PROGRAM ARG… runs a program that must end with that code. The command
// itself runs within the test, which is quicker; exec is for what takes a process.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if args[1] == "adminportal" {
		var stdout, stderr output // locked: what waits writes from its own goroutine
		got = run(context.Background(), env{
			stdin:  strings.NewReader(""),
			stdout: &stdout,
			stderr: &stderr,
			getenv: ts.Getenv,
		}, args[2:])
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

// json FILE PATH VALUE: the JSON document has that value there. The path is of
// keys with dots between; value is JSON, or ? for anything but null.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] json file path value")
	}
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

// occupy VARIABLE listens on a port and puts it into the variable.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ts.Setenv(args[0], port)
}

// A job is a program in the background.
type job struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan error
}

type jobs struct{} // their key among the values of a script

// An output is written by a process and watched by a test.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{} // closed at the next write; nil: nobody waits
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wrote != nil {
		close(o.wrote)
		o.wrote = nil
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns when the output contains text.
func (o *output) await(text string, within time.Duration) error {
	timeout := time.After(within)
	for {
		o.mu.Lock()
		if strings.Contains(o.text.String(), text) {
			o.mu.Unlock()
			return nil
		}
		if o.wrote == nil {
			o.wrote = make(chan struct{})
		}
		wrote := o.wrote
		o.mu.Unlock()
		select {
		case <-wrote:
		case <-timeout:
			return fmt.Errorf("%q is not in %q", text, o.String())
		}
	}
}

// start NAME TEXT PROGRAM ARG… runs a program in the background and returns when
// TEXT is in its output. If its first line is a sandbox's JSON, the script gets
// WORKOS_BASE_URL, WORKOS_API_KEY and ORG from it.
func startJob(ts *testscript.TestScript, _ bool, args []string) {
	j := &job{cmd: exec.Command(args[2], args[3:]...), ended: make(chan error, 1)}
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if path := dir + "/" + args[2]; args[2] == "adminportal" && exists(path) {
			j.cmd.Path, j.cmd.Err = path, nil
			break
		}
	}
	j.cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "WORKOS_API_KEY", "WORKOS_BASE_URL", "BROWSER", "CLICOLOR_FORCE"} {
		if v := ts.Getenv(name); v != "" {
			j.cmd.Env = append(j.cmd.Env, name+"="+v)
		}
	}
	j.cmd.Stdout, j.cmd.Stderr = &j.stdout, &j.stderr
	ts.Check(j.cmd.Start())
	go func() { j.ended <- j.cmd.Wait() }()
	ts.Value(jobs{}).(map[string]*job)[args[0]] = j
	ts.Defer(func() { _ = j.cmd.Process.Kill() })
	if args[1] == "" {
		return
	}
	watched := &j.stdout
	if strings.HasPrefix(args[1], "stderr:") {
		watched = &j.stderr
	}
	if err := watched.await(strings.TrimPrefix(args[1], "stderr:"), 20*time.Second); err != nil {
		ts.Fatalf("%v; stderr: %s", err, j.stderr.String())
	}
	line, _ := bufio.NewReader(strings.NewReader(j.stdout.String())).ReadString('\n')
	var box struct{ URL, APIKey, Organization string }
	fields := map[string]*string{"url": &box.URL, "api_key": &box.APIKey, "organization": &box.Organization}
	var values map[string]string
	if json.Unmarshal([]byte(line), &values) != nil || values["api_key"] == "" {
		return
	}
	for name, field := range fields {
		*field = values[name]
	}
	ts.Setenv("WORKOS_BASE_URL", box.URL)
	ts.Setenv("WORKOS_API_KEY", box.APIKey)
	ts.Setenv("ORG", box.Organization)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stop-on SIGNAL NAME CODE signals a background program, which must end with that
// code within two seconds. What it wrote is then in NAME.out and NAME.err.
func stopJob(ts *testscript.TestScript, _ bool, args []string) {
	j := ts.Value(jobs{}).(map[string]*job)[args[1]]
	if sig, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "-": nil}[args[0]]; !ok {
		ts.Fatalf("no signal %s", args[0])
	} else if sig != nil {
		ts.Check(j.cmd.Process.Signal(sig))
	}
	select {
	case <-j.ended:
	case <-time.After(2 * time.Second):
		ts.Fatalf("%s is still there 2 s after %s", args[1], args[0])
	}
	if got := strconv.Itoa(j.cmd.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("%s exits with %s, want %s; stderr: %s", args[1], got, args[2], j.stderr.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".out"), []byte(j.stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".err"), []byte(j.stderr.String()), 0o600))
}

// awaitFile returns when a file that a program renames into place is there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); !exists(ts.MkAbs(args[0])); {
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not come", args[0])
		}
		time.Sleep(time.Millisecond)
	}
}
