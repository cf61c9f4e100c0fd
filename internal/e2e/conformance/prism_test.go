package conformance

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/require"
)

// portal is the sandbox behind Prism. The tests use it one after the other.
var portal = portaltest.NewHandler(portaltest.WithRateLimit(10_000))

// prismURL is the address of Prism, which passes requests on to the sandbox.
var prismURL string

func TestPrism(t *testing.T) {
	prismURL = startPrism(t)
	t.Run("answer", testEveryAnswer)
	t.Run("request", testEveryRequest)
	t.Run("refusal", testPrismRefuses)
}

func startPrism(t *testing.T) string {
	t.Helper()
	node, module := require.Tool(t, "node", "nodejs npm"), require.Module(t, "@stoplight/prism-cli")
	upstream := httptest.NewServer(portal)
	t.Cleanup(upstream.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address, port := l.Addr().String(), fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	_ = l.Close()
	cmd := exec.CommandContext(t.Context(), node, "--require", "./testdata/leash.cjs", filepath.Join(module, "dist", "index.js"),
		"proxy", "--errors", "--host", "127.0.0.1", "--port", port, "--verboseLevel", "warn", "../../../openapi.yaml", upstream.URL)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	// Prism ends when its input does, also where this process dies.
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // for a busy machine
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); cancel(); close(gone) }()
	t.Cleanup(func() { <-gone }) // the test's context has ended it
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		if ctx.Err() != nil {
			t.Fatalf("Prism ended, or does not listen: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// connections closes an idle connection before Prism does, after 5 s.
var connections = &http.Transport{IdleConnTimeout: 2 * time.Second}

// ofPrism is in every answer that Prism gives of its own.
const ofPrism = "stoplight.io/prism"
