package conformance

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/require"
)

// portal is the sandbox behind Prism. The tests use it one after the other.
var portal = portaltest.NewHandler(portaltest.WithRateLimit(10_000))

// prism is the one process of all tests.
var prism struct {
	start sync.Once
	url   string
	err   error
	said  bytes.Buffer // read it after the process has ended
	stop  func()
}

// prismURL is the address of Prism, which passes requests on to the sandbox.
func prismURL(t *testing.T) string {
	t.Helper()
	node, module := require.Tool(t, "node", "nodejs npm"), require.Module(t, "@stoplight/prism-cli")
	prism.start.Do(func() { prism.url, prism.err = startPrism(node, module, httptest.NewServer(portal).URL) })
	if prism.err != nil {
		t.Fatal(prism.err)
	}
	return prism.url
}

func startPrism(node, module, upstream string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		return "", err
	}
	address, port := l.Addr().String(), fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	_ = l.Close()
	cmd := exec.Command(node, "--require", "./testdata/leash.cjs", filepath.Join(module, "dist", "index.js"),
		"proxy", "--errors", "--host", "127.0.0.1", "--port", port, "--verboseLevel", "warn", "../../../openapi.yaml", upstream)
	cmd.Stdout, cmd.Stderr = &prism.said, &prism.said
	// Prism ends when its input does, also where this process dies.
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	prism.stop = func() { _ = cmd.Process.Kill(); <-gone }
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // for a busy machine
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return "http://" + address, conn.Close()
		}
		select {
		case <-gone:
			return "", fmt.Errorf("Prism ended: %s", &prism.said)
		case <-ctx.Done():
			return "", fmt.Errorf("Prism does not listen: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if prism.stop != nil {
		prism.stop()
		if code != 0 {
			fmt.Printf("Prism said:\n%s", &prism.said)
		}
	}
	os.Exit(code)
}

// connections closes an idle connection before Prism does, after 5 s.
var connections = &http.Transport{IdleConnTimeout: 2 * time.Second}

// ofPrism is in every answer that Prism gives of its own.
const ofPrism = "stoplight.io/prism"
