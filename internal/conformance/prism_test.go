package conformance

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/internal/require"
)

const document = "../../openapi.yaml"

// prism starts Prism and returns its address. It ends with the test, by its process
// id: a Prism that chews on something takes no other hint.
func prism(t *testing.T, mode string, args ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Prism")
	}
	node := require.Tool(t, "node", "nodejs npm")
	module := require.Module(t, "@stoplight/prism-cli")
	address := freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "prism.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, append([]string{filepath.Join(module, "dist", "index.js"), mode, "--host", host, "--port", port, document}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("Prism said:\n%s", said)
		}
	})
	// Two minutes: on a busy machine it takes its time to start.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			conn.Close()
			return "http://" + address
		}
		if ctx.Err() != nil {
			t.Fatalf("Prism does not listen: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// prefer asks Prism for a status, and for one of its examples.
type prefer struct {
	status  int
	example string
}

func (p prefer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Prefer", fmt.Sprintf("code=%d, example=%s", p.status, p.example))
	// The CDN says in plain text that it has no such file, and Prism withholds that from
	// one who asks for JSON alone; the CDN does not.
	r.Header.Set("Accept", "*/*")
	return http.DefaultTransport.RoundTrip(r)
}
