package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/internal/require"
)

const document = "../../../openapi.yaml"

// A prism is one of Prism's processes.
type prism struct {
	URL  string
	cmd  *exec.Cmd
	log  *os.File
	gone chan struct{} // closed when the process has ended
}

// startPrism starts Prism, which takes a few seconds.
func startPrism(node, module, mode string, args ...string) (*prism, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	leash, err := filepath.Abs("testdata/leash.cjs")
	if err != nil {
		return nil, err
	}
	p := &prism{URL: "http://" + address, gone: make(chan struct{})}
	p.cmd = exec.Command(node, append([]string{
		"--require", leash,
		filepath.Join(module, "dist", "index.js"), mode, "--host", host, "--port", port, "--verboseLevel", "warn", document,
	}, args...)...)
	if p.log, err = os.CreateTemp("", "prism-*.log"); err != nil {
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// Nothing is written to its input, which ends when this process does.
	if _, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		_ = p.log.Close()
		_ = os.Remove(p.log.Name())
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.gone)
	}()
	// Two minutes: on a busy machine it takes its time to start.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return p, nil
		}
		select {
		case <-p.gone:
			err = errors.New("it ended")
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
			continue
		}
		return nil, fmt.Errorf("Prism does not listen: %w\n%s", err, p.end())
	}
}

// end ends Prism by its process, since one that chews on something takes no other
// hint, and returns what it said.
func (p *prism) end() string {
	_ = p.cmd.Process.Kill()
	<-p.gone
	said, _ := os.ReadFile(p.log.Name())
	_ = p.log.Close()
	_ = os.Remove(p.log.Name())
	return string(said)
}

// tools are Node and Prism.
func tools(t *testing.T) (node, module string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Prism")
	}
	return require.Tool(t, "node", "nodejs npm"), require.Module(t, "@stoplight/prism-cli")
}

// shared is the one mock of all tests: it keeps nothing from one request to the next.
var shared struct {
	once sync.Once
	mock *prism
	err  error
}

// mock returns the address of the document's mock.
func mock(t *testing.T) string {
	t.Helper()
	node, module := tools(t)
	shared.once.Do(func() { shared.mock, shared.err = startPrism(node, module, "mock") })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.mock.URL
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.mock != nil {
		if said := shared.mock.end(); code != 0 {
			fmt.Printf("Prism said:\n%s", said)
		}
	}
	os.Exit(code)
}

// proxy puts Prism before a server, for one test, and returns its address there.
func proxy(t *testing.T, upstream string) string {
	t.Helper()
	node, module := tools(t)
	p, err := startPrism(node, module, "proxy", upstream, "--errors")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if said := p.end(); t.Failed() {
			t.Logf("Prism said:\n%s", said)
		}
	})
	return p.URL
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
