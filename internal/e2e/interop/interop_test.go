package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	portal, wire := portaltest.NewHandler(), new(recorder)
	srv := httptest.NewServer(wire.before(portal))
	t.Cleanup(srv.Close)
	cmd.Env = append(os.Environ(), "SANDBOX_URL="+srv.URL, "SANDBOX_KEY="+portal.APIKey, "SANDBOX_ORGANIZATION="+portal.Organization)
	out, err := cmd.Output()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(out), "ok: "); n != 13 {
		t.Errorf("%d checks held, want 13", n)
	}

	found, seen := newJudge(t).judge(t, wire.exchanges())
	wantOnly(t, found, map[string]string{
		"generateLink request admin_emails is no field of the document": "the SDK's adminEmails; WorkOS's own document has it_contact_emails in its place and no admin_emails",
		"generateLink request intent enum":                              "sdk.mjs asks for an intent that is none, to see the refusal",
	})
	wantSeen(t, seen, "generateLink 201", "generateLink 401", "generateLink 404", "generateLink 422")
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
	wire := new(recorder)
	recorded := client.WithHTTPClient(&http.Client{Transport: wire})
	var attempts []client.Attempt
	portal, err := client.New(e.APIKey, client.WithBaseURL(e.URL), recorded,
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

	// What only the live dialect has.
	for name, req := range map[string]client.PortalLinkRequest{
		"domain_verification": {Intent: client.IntentDomainVerification, IntentOptions: client.IntentOptions{DomainName: "customer.example"}},
		"certificate_renewal": {Intent: client.IntentCertificateRenewal},
		"bring_your_own_key":  {Intent: client.IntentBringYourOwnKey},
		"contacts":            {Intent: client.IntentDsync, ITContactEmails: []string{"it@customer.example"}},
		"options":             {Intent: client.IntentSSO, IntentOptions: client.IntentOptions{ProviderType: client.ProviderTypeGoogleSAML, BookmarkSlug: "chatgpt"}},
	} {
		req.Organization, req.ReturnURL, req.SuccessURL = e.Organization, "https://example.com/settings", "https://example.com/done"
		if link, err := portal.GeneratePortalLink(t.Context(), req); err != nil || link.Expired() {
			t.Errorf("%s: %v, %v, want a link with life", name, link, err)
		}
	}

	stranger, err := client.New("sk_wrong", client.WithBaseURL(e.URL), recorded, client.WithDialect(client.DialectGenerateLink))
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
		client.WithHTTPClient(&http.Client{Transport: without{"intent", wire}}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = careless.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: e.Organization, Intent: client.IntentSSO})
	if !errors.Is(err, client.ErrInvalidRequest) || !errors.As(err, &failure) || failure.StatusCode != 422 || !strings.Contains(failure.Description, "intent") {
		t.Errorf("a missing intent: %v, want a 422 that names it and is ErrInvalidRequest", err)
	}

	found, seen := newJudge(t).judge(t, wire.exchanges())
	wantOnly(t, found, map[string]string{
		"generateLink request intent required":             "left out on its way, to see the refusal",
		"listCDNProviderIcons 401 status is not supported": "the emulator is no CDN: to one without a key it says 401 wherever they ask",
	})
	wantSeen(t, seen, "generateLink 200", "generateLink 401", "generateLink 422", "listCDNProviderIcons 401")
}

// wantSeen checks that those answers were judged, and no others.
func wantSeen(t *testing.T, seen map[string]int, want ...string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("judged %v, want %v", got, want)
	}
}

// without drops a field from the body of every request on its way to the next transport.
type without struct {
	field string
	next  http.RoundTripper
}

func (w without) RoundTrip(r *http.Request) (*http.Response, error) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	delete(body, w.field)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	changed := r.Clone(r.Context())
	changed.Body = io.NopCloser(bytes.NewReader(text))
	changed.ContentLength = int64(len(text))
	return w.next.RoundTrip(changed)
}
