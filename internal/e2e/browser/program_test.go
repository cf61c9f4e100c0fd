package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is the folder of the module whose pages are tested.
var root = filepath.Join("..", "..", "..")

// built builds the programs once, and returns the folder that they are in.
var built = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "bin")
	cmd := exec.Command("go", "build", raceFlag, "-o", dir+string(filepath.Separator), "./cmd/adminportal", "./examples/settings")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &buildError{err, out}
	}
	return dir, nil
})

type buildError struct {
	err error
	out []byte
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + string(e.out) }

// A program is a process that serves pages.
type program struct {
	at string // where it says that it is

	mu  sync.Mutex
	out bytes.Buffer // all that it has printed
}

var printedURL = regexp.MustCompile(`http://[0-9.:]+`)

// run starts a program that prints its address first. It ends with the test, and has
// then neither raced nor panicked.
func run(t testing.TB, name string, args ...string) *program {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatalf("build the programs: %v", err)
	}
	cmd := exec.Command(filepath.Join(dir, name), args...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "WORKOS_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	read, write := io.Pipe()
	p := new(program)
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	address := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewReader(read)
		for found := false; ; {
			line, err := lines.ReadString('\n')
			p.mu.Lock()
			p.out.WriteString(line)
			p.mu.Unlock()
			if u := printedURL.FindString(line); u != "" && !found {
				found = true
				address <- u
			}
			if err != nil {
				close(address)
				return
			}
		}
	})
	t.Cleanup(func() {
		interrupt(cmd.Process)
		_ = cmd.Wait() // how it ends is not the browser's business
		write.Close()
		reading.Wait()
		if out := p.printed(); strings.Contains(out, "DATA RACE") || strings.Contains(out, "panic") {
			t.Errorf("%s printed:\n%s", name, out)
		}
	})
	select {
	case p.at = <-address:
	case <-time.After(patience):
	}
	if p.at == "" {
		t.Fatalf("%s does not say where it is; it printed:\n%s", name, p.printed())
	}
	return p
}

func interrupt(p *os.Process) {
	if runtime.GOOS == "windows" || p.Signal(os.Interrupt) != nil {
		_ = p.Kill() // it has ended, or knows no signals
	}
}

func (p *program) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// A sandbox is the portal that a program embeds, as its control address shows it.
type sandbox struct {
	t   testing.TB
	url string
}

// An issuedLink is one that the sandbox gave out, without its address.
type issuedLink struct {
	Organization string `json:"organization"`
	Intent       string `json:"intent"`
	Opened       int    `json:"opened"`
}

func (s sandbox) links() []issuedLink {
	s.t.Helper()
	var list struct {
		Data []issuedLink `json:"data"`
	}
	s.control(http.MethodGet, "links", nil, &list)
	return list.Data
}

// pass moves the sandbox's clock on.
func (s sandbox) pass(d time.Duration) {
	s.t.Helper()
	s.control(http.MethodPost, "clock", map[string]string{"advance": d.String()}, nil)
}

// fail makes the next requests for a link fail.
func (s sandbox) fail(fault map[string]any) {
	s.t.Helper()
	s.control(http.MethodPost, "faults", fault, nil)
}

func (s sandbox) control(method, what string, send, receive any) {
	s.t.Helper()
	body, err := json.Marshal(send)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/_sandbox/"+what, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s at the sandbox = %d, %v\n%s", method, what, resp.StatusCode, err, text)
	}
	if receive != nil {
		if err := json.Unmarshal(text, receive); err != nil {
			s.t.Fatal(err)
		}
	}
}
