package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A job is a program in the background.
type job struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan error
}

type jobs struct{} // their key among the values of a script

// An output is written by a process and watched by a test.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await returns when the output contains text.
func (o *output) await(text string) error {
	if !happens(func() bool { return strings.Contains(o.String(), text) }) {
		return fmt.Errorf("%q is not in %q", text, o.String())
	}
	return nil
}

// start NAME TEXT PROGRAM ARG… runs a program in the background and returns when TEXT is in its output. If its first
// line is a sandbox's JSON, the script gets WORKOS_BASE_URL, WORKOS_API_KEY and ORG from it.
func startJob(ts *testscript.TestScript, _ bool, args []string) {
	j := &job{cmd: scriptCommand(ts, args[2], args[3:]...), ended: make(chan error, 1)}
	j.cmd.Stdout, j.cmd.Stderr = &j.stdout, &j.stderr
	ts.Check(j.cmd.Start())
	go func() { j.ended <- j.cmd.Wait() }()
	ts.Value(jobs{}).(map[string]*job)[args[0]] = j
	ts.Defer(func() { _ = j.cmd.Process.Kill() })
	if args[1] == "" {
		return
	}
	watched := &j.stdout
	text, onStderr := strings.CutPrefix(args[1], "stderr:")
	if onStderr {
		watched = &j.stderr
	}
	if err := watched.await(text); err != nil {
		ts.Fatalf("%v; stderr: %s", err, j.stderr.String())
	}
	line, _, _ := strings.Cut(j.stdout.String(), "\n")
	var box struct {
		URL, Organization string
		APIKey            string `json:"api_key"`
	}
	if json.Unmarshal([]byte(line), &box) != nil || box.APIKey == "" {
		return
	}
	ts.Setenv("WORKOS_BASE_URL", box.URL)
	ts.Setenv("WORKOS_API_KEY", box.APIKey)
	ts.Setenv("ORG", box.Organization)
}

// closed-pipe STREAM CODE PROGRAM ARG… runs a program whose standard output or error has no reader. It must end with
// that code and not speak of pipes.
func closedPipeRun(ts *testscript.TestScript, _ bool, args []string) {
	r, w, err := os.Pipe()
	ts.Check(err)
	ts.Check(r.Close())
	defer w.Close()
	cmd := scriptCommand(ts, args[2], args[3:]...)
	var other bytes.Buffer
	if cmd.Stdout, cmd.Stderr = w, &other; args[0] == "stderr" {
		cmd.Stdout, cmd.Stderr = &other, w
	}
	_ = cmd.Run() // the code is looked at
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s exits with %s, want %s: %s", strings.Join(args[2:], " "), cmd.ProcessState, args[1], other.String())
	}
	if strings.Contains(other.String(), "pipe") {
		ts.Fatalf("it speaks of pipes: %s", other.String())
	}
	fmt.Fprint(ts.Stdout(), other.String())
}

// scriptCommand returns a program that runs in the script's environment.
func scriptCommand(ts *testscript.TestScript, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "WORKOS_API_KEY", "WORKOS_BASE_URL", "BROWSER", "HTTPS_PROXY", "GOCOVERDIR"} {
		if v := ts.Getenv(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	return cmd
}

// control PATH BODY posts to the control address of the sandbox that the script uses.
func control(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Post(ts.Getenv("WORKOS_BASE_URL")+"/_sandbox/"+args[0], "application/json", strings.NewReader(args[1]))
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		ts.Fatalf("control %s: %s", args[0], resp.Status)
	}
}

// control-saw OPERATION N returns when the sandbox has seen that many requests, answered or not.
func controlSaw(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	seen := happens(func() bool {
		resp, err := http.Get(ts.Getenv("WORKOS_BASE_URL") + "/_sandbox/requests")
		ts.Check(err)
		defer resp.Body.Close()
		var list struct{ Data []struct{ Operation string } }
		ts.Check(json.NewDecoder(resp.Body).Decode(&list))
		n := 0
		for _, r := range list.Data {
			if r.Operation == args[0] {
				n++
			}
		}
		return n >= want
	})
	if !seen {
		ts.Fatalf("the sandbox does not see %s %d times", args[0], want)
	}
}

// stopsWithin is generous: on an idle machine a program ends within half a second.
const stopsWithin = 5 * time.Second

// stop-on SIGNAL NAME CODE signals a background program, which must end with that code, and soon. What it wrote is
// then in NAME.out and NAME.err.
func stopJob(ts *testscript.TestScript, _ bool, args []string) {
	j := ts.Value(jobs{}).(map[string]*job)[args[1]]
	if sig := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[0]]; sig != nil {
		ts.Check(j.cmd.Process.Signal(sig))
	}
	select {
	case <-j.ended:
	case <-time.After(stopsWithin):
		ts.Fatalf("%s is still there %v after %s", args[1], stopsWithin, args[0])
	}
	if got := strconv.Itoa(j.cmd.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("%s exits with %s, want %s; stderr: %s", args[1], got, args[2], j.stderr.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".out"), []byte(j.stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".err"), []byte(j.stderr.String()), 0o600))
}

// await FILE returns when a file that a program renames into place is there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	there := func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil
	}
	if !happens(there) {
		ts.Fatalf("%s does not come", args[0])
	}
}

// happens looks at what another process does until it has been done, or is too late.
func happens(done func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// answerOf asks the background program whose first line of output is its address: a click for a path, else the page.
func answerOf(ts *testscript.TestScript, args []string) *http.Response {
	j := ts.Value(jobs{}).(map[string]*job)[args[0]]
	ts.Check(j.stdout.await("\n"))
	address, _, _ := strings.Cut(j.stdout.String(), "\n")
	method := http.MethodGet
	if len(args) > 1 {
		address, method = address+args[1], http.MethodPost
	}
	req, err := http.NewRequest(method, address, http.NoBody)
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	return resp
}

// visit NAME [PATH] fetches the page of a background program, or presses the button for a path, and keeps what came in
// the file visited.
func visit(ts *testscript.TestScript, _ bool, args []string) {
	resp := answerOf(ts, args)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("visited"), body, 0o600))
}

// hold NAME leaves connections open to a background program: one that has said nothing, one in the middle of a
// request, and one that is kept.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	answerOf(ts, args).Body.Close()
	j := ts.Value(jobs{}).(map[string]*job)[args[0]]
	address, _, _ := strings.Cut(strings.TrimPrefix(j.stdout.String(), "http://"), "\n")
	for _, begun := range []string{"", "POST /configure/sso HTTP/1.1\r\nHost: " + address + "\r\nContent-Length: 10\r\n\r\nhalf"} {
		conn, err := net.Dial("tcp", address)
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		_, err = io.WriteString(conn, begun)
		ts.Check(err)
	}
}
