package redis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/adminportal-go/adminportal/internal/require"
)

// A process ends with its test.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
}

func start(t *testing.T, env []string, path string, args ...string) *process {
	t.Helper()
	p := &process{t, exec.Command(path, args...)}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// A server is a redis-server or redis-sentinel of a test's own, that keeps nothing on disk.
type server struct {
	*process
	addr string
	rdb  *redis.Client
}

func redisServer(t *testing.T, args ...string) server {
	t.Helper()
	return redisServerAt(t, freePort(t), args...)
}

func redisServerAt(t *testing.T, addr string, args ...string) server {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	return startServer(t, addr, "redis-server", append([]string{
		"--bind", host, "--port", port, "--dir", t.TempDir(), "--save", "", "--appendonly", "no"}, args...)...)
}

// sentinel watches a master, and makes its replica the master within two seconds or so.
func sentinel(t *testing.T, master server) server {
	t.Helper()
	addr := freePort(t)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	config := fmt.Sprintf(`port %s
bind 127.0.0.1
sentinel monitor fleet %s 1
sentinel down-after-milliseconds fleet 500
sentinel failover-timeout fleet 5000
`, strings.TrimPrefix(addr, "127.0.0.1:"), strings.Replace(master.addr, ":", " ", 1))
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, addr, "redis-sentinel", file)
}

func startServer(t *testing.T, addr, program string, args ...string) server {
	t.Helper()
	path := require.Tool(t, program, program)
	s := server{start(t, nil, path, args...), addr, closed(t, redis.NewClient(&redis.Options{Addr: addr}))}
	eventually(t, "the server answers", func() bool {
		err := s.rdb.Ping(t.Context()).Err()
		return err == nil || strings.HasPrefix(err.Error(), "NOAUTH")
	})
	return s
}

// closed closes a client when the test is over.
func closed[C interface{ Close() error }](t *testing.T, client C) C {
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// freePort returns an address where nobody listens. Its port is low enough that the one 10000
// above, where a cluster has its bus, exists too.
func freePort(t *testing.T) string {
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

// eventually is for what another process does in its own time.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// within returns a context that ends a test that hangs.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
