package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
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

// A line is the client's transport. It keeps what was sent and what came back.
type line struct {
	alter func(*http.Request) // changes a request on its way; nil changes none
	all   []exchange
}

type exchange struct {
	path, body string
	status     int
	answer     string
}

// connections closes an idle connection before Prism does, after 5 s.
var connections = &http.Transport{IdleConnTimeout: 2 * time.Second}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	e := exchange{path: r.URL.Path}
	r = r.Clone(r.Context())
	var err error
	if r.Body != nil {
		if e.body, err = keep(&r.Body); err != nil {
			return nil, err
		}
	}
	if l.alter != nil {
		l.alter(r)
	}
	resp, err := connections.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if e.answer, err = keep(&resp.Body); err != nil {
		return nil, err
	}
	e.status = resp.StatusCode
	l.all = append(l.all, e)
	return resp, nil
}

// keep reads a body and puts a copy into its place.
func keep(body *io.ReadCloser) (string, error) {
	data, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(data))
	return string(data), err
}

// only returns the one exchange of a call, whose answer is the sandbox's with that status.
func (l *line) only(t *testing.T, op operation, status int) exchange {
	t.Helper()
	if len(l.all) != 1 || l.all[0].path != op.path {
		t.Fatalf("exchanges = %+v, want one at %s", l.all, op.path)
	}
	e := l.all[0]
	if e.status != status || fromPrism(e) {
		t.Fatalf("the answer is %d %s, want the sandbox's %d", e.status, e.answer, status)
	}
	return e
}

func fromPrism(e exchange) bool { return strings.Contains(e.answer, "stoplight.io/prism") }

// dial returns a client that reaches the sandbox through Prism and makes one attempt.
func dial(t *testing.T, op operation, l *line) *client.Client {
	t.Helper()
	c, err := client.New(portal.APIKey, client.WithBaseURL(prismURL(t)), client.WithDialect(op.dialect), client.WithHTTPClient(&http.Client{Transport: l}),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: time.Minute}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// call calls an operation for an organization.
func (op operation) call(t *testing.T, c *client.Client, organization string) (err error) {
	t.Helper()
	if op.links {
		_, err = c.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO, ReturnURL: "https://example.com/settings"})
	} else {
		_, err = c.ListProviderIcons(t.Context())
	}
	return err
}

// wantOnly checks that err matches the sentinel want and no other. Nil is none.
func wantOnly(t *testing.T, err, want error) {
	t.Helper()
	for _, s := range []error{
		client.ErrInvalidRequest, client.ErrUnauthorized, client.ErrOrganizationNotFound,
		client.ErrRateLimited, client.ErrServer, client.ErrMalformedResponse,
	} {
		if got := errors.Is(err, s); got != (s == want) {
			t.Errorf("errors.Is(%v, %v) = %v, want %v", err, s, got, s == want)
		}
	}
}
