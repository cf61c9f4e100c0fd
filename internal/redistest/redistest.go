// Package redistest starts the redis-servers, and other processes, that tests run.
package redistest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/internal/require"
)

// A Process ends with its test.
type Process struct {
	t   *testing.T
	cmd *exec.Cmd
}

// Run starts a program, with env besides the environment.
func Run(t *testing.T, env []string, path string, args ...string) *Process {
	t.Helper()
	p := &Process{t, exec.Command(path, args...)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// Kill ends the process, and returns when it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Signal sends the process a signal.
func (p *Process) Signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// A Server is a redis-server or redis-sentinel of a test's own.
type Server struct {
	*Process
	Addr   string
	Client *redis.Client
}

// Start starts a redis-server that keeps nothing on disk.
func Start(t *testing.T, args ...string) Server {
	t.Helper()
	return StartAt(t, FreePort(t), args...)
}

// StartAt is Start with an address.
func StartAt(t *testing.T, addr string, args ...string) Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	return StartProgram(t, addr, "redis-server", append([]string{
		"--bind", host, "--port", port, "--dir", t.TempDir(), "--save", "", "--appendonly", "no"}, args...)...)
}

// StartProgram starts a program that is told to listen at addr, and returns when it answers.
func StartProgram(t *testing.T, addr, program string, args ...string) Server {
	t.Helper()
	path := require.Tool(t, program, program)
	s := Server{Run(t, nil, path, args...), addr, Connect(t, addr)}
	Eventually(t, program+" answers", func() bool {
		err := s.Client.Ping(t.Context()).Err()
		return err == nil || strings.HasPrefix(err.Error(), "NOAUTH")
	})
	return s
}

// Connect returns a client with connections of its own.
func Connect(t *testing.T, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// FreePort returns an address where nobody listens. Its port is low enough that the one 10000
// above, where a cluster has its bus, exists too.
func FreePort(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; port < 50000 {
			return "127.0.0.1:" + strconv.Itoa(port)
		}
	}
}

// Eventually waits for what another process does in its own time.
func Eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// Within returns a context that ends a test that hangs.
func Within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
