package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/require"
)

// script prepares to run one of testdata's scripts. It is run from a copy beside
// the packages, since that is where Node looks for them.
func script(t *testing.T, name, npmPackage string) *exec.Cmd {
	t.Helper()
	node := require.Tool(t, "node", "nodejs npm")
	module := require.Module(t, npmPackage)
	modules := module[:len(module)-len(npmPackage)]
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(modules, ".interop")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, path)
	cmd.Stderr = &logged{t: t}
	return cmd
}

// logged shows what a script complains of.
type logged struct{ t *testing.T }

func (l *logged) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

func TestNodeSDKOnTheSandbox(t *testing.T) {
	cmd := script(t, "sdk.mjs", "@workos-inc/node")
	srv := portaltest.NewServer(t)
	cmd.Env = append(os.Environ(), "SANDBOX_URL="+srv.URL, "SANDBOX_KEY="+srv.APIKey, "SANDBOX_ORGANIZATION="+srv.Organization)
	out, err := cmd.Output()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), "ok: "); n != 12 {
		t.Errorf("%d checks held, want 12", n)
	}
}

// An emulator is WorkOS's own, running.
type emulator struct {
	URL          string `json:"url"`
	APIKey       string `json:"api_key"`
	Organization string `json:"organization"`
}

func startEmulator(t *testing.T) (e emulator) {
	t.Helper()
	cmd := script(t, "emulator.mjs", "workos")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // its input ends, and so does it
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the emulator did not start: %v", err)
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("the emulator said %q: %v", line, err)
	}
	return e
}

func TestClientOnWorkOSsEmulator(t *testing.T) {
	e := startEmulator(t)
	var attempts []client.Attempt
	portal, err := client.New(e.APIKey, client.WithBaseURL(e.URL),
		client.WithObserver(func(_ context.Context, a client.Attempt) { attempts = append(attempts, a) }))
	if err != nil {
		t.Fatal(err)
	}
	request := func(organization string, intent client.Intent) error {
		link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
			Organization: organization, Intent: intent, ReturnURL: "https://example.com/settings",
		})
		if err == nil && (link.URL == "" || link.Expired()) {
			t.Errorf("%s: got %v, want a link with life", intent, link)
		}
		return err
	}

	// It knows the live dialect alone, which the first call finds out for all.
	for _, intent := range []client.Intent{client.IntentSSO, client.IntentDsync, client.IntentAuditLogs, client.IntentLogStreams} {
		if err := request(e.Organization, intent); err != nil {
			t.Errorf("%s: %v", intent, err)
		}
	}
	if len(attempts) != 5 || attempts[0].Dialect != client.DialectPortalLinks || attempts[1].Dialect != client.DialectGenerateLink {
		t.Errorf("four calls made attempts %+v, want one at the other dialect's route and four at its own", attempts)
	}
	// The rate headers of a server that no one here wrote are understood.
	if limit := portal.RateLimit(); limit.Reset.IsZero() || limit.Limit == 0 {
		t.Errorf("RateLimit = %+v, want what its headers say", limit)
	}

	stranger, err := client.New("sk_wrong", client.WithBaseURL(e.URL))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: e.Organization, Intent: client.IntentSSO}); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("a wrong key: %v, want ErrUnauthorized", err)
	}
	_, err = portal.ListProviderIcons(t.Context())
	failure := new(client.Error)
	if !errors.As(err, &failure) || errors.Is(err, client.ErrUnauthorized) || !strings.Contains(err.Error(), "icon list") || failure.Hint() == "" {
		t.Errorf("icons, which it does not have: %v, want an error that says so, with a hint", err)
	}

	// It checks little; what it refuses at all has to be put into a request that the
	// client would not send.
	careless, err := client.New(e.APIKey, client.WithBaseURL(e.URL), client.WithDialect(client.DialectGenerateLink),
		client.WithHTTPClient(&http.Client{Transport: without("intent")}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = careless.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: e.Organization, Intent: client.IntentSSO})
	if !errors.Is(err, client.ErrInvalidRequest) || !errors.As(err, &failure) || failure.StatusCode != 422 || !strings.Contains(failure.Description, "intent") {
		t.Errorf("a missing intent: %v, want a 422 that names it and is ErrInvalidRequest", err)
	}
}

// without is a transport that drops a field from the body of every request.
type without string

func (field without) RoundTrip(r *http.Request) (*http.Response, error) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	delete(body, string(field))
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	changed := r.Clone(r.Context())
	changed.Body = io.NopCloser(bytes.NewReader(text))
	changed.ContentLength = int64(len(text))
	return http.DefaultTransport.RoundTrip(changed)
}
