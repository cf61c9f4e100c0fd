package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestNewRefusesKeys(t *testing.T) {
	for _, key := range []string{
		"", "sk_", "pk_test_123", "test", "SK_TEST_1", " sk_test_9z8y", "sk_test_9z8y ", "sk_test_9z8y\n", "sk_test_9z8y\r\n",
		"sk_te st_9z8y", "Bearer sk_test_9z8y", "bearer sk_test_9z8y", "sk_test_9z8y\x00", "sk_täst", "\ufeffsk_test_9z8y",
	} {
		_, err := client.New(key)
		if !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("New(%q) = %v, want ErrInvalidRequest", key, err)
			continue
		}
		if !strings.Contains(err.Error(), "API key") {
			t.Errorf("New(%q) = %v, want the error to say that it is about the API key", key, err)
		}
		if strings.Contains(err.Error(), "9z8y") || key != "" && len(key) > 4 && strings.Contains(err.Error(), key) {
			t.Errorf("New(%q): the error repeats the key: %v", key, err)
		}
	}
	for _, key := range []string{"sk_test_123", "sk_live_ABC", "sk_example_123456789", "sk_sandbox_a-b.c"} {
		if _, err := client.New(key); err != nil {
			t.Errorf("New(%q) = %v, want it taken", key, err)
		}
	}
}

func TestNewRefusesServers(t *testing.T) {
	for _, address := range []string{
		"", "api.workos.com", "//api.workos.com", "/portal", "ftp://api.workos.com", "http://api.workos.com",
		"http://localhost.evil.com", "http://127.0.0.1.evil.com", "http://10.0.0.1", "http://[::2]", "https://", "https:///x",
		"https://user@api.workos.com", "https://user:pass@api.workos.com", "https://api.workos.com?x=1", "https://api.workos.com#x",
		"https://api.workos.com/#", "https://api.workos.com ", "https://api.work\nos.com", "javascript:alert(1)", "https:\\\\evil.com",
	} {
		for name, option := range map[string]client.Option{"base URL": client.WithBaseURL(address), "CDN URL": client.WithCDNURL(address)} {
			_, err := client.New(testKey, option)
			if !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %q: got %v, want ErrInvalidRequest about the %s", name, address, err, name)
			}
			if err != nil && strings.Contains(err.Error(), "pass") && !strings.Contains(err.Error(), "password") {
				t.Errorf("%s %q: the error repeats the password: %v", name, address, err)
			}
		}
	}
	for _, address := range []string{
		"https://api.workos.com", "https://api.workos.com/", "https://gateway.example/workos/v1", "http://localhost:8787",
		"http://127.0.0.1:1", "http://127.8.8.8", "http://[::1]:80", "HTTPS://API.WORKOS.COM",
	} {
		if _, err := client.New(testKey, client.WithBaseURL(address)); err != nil {
			t.Errorf("base URL %q: got %v, want it taken", address, err)
		}
	}
}

func TestNewRefusesOptions(t *testing.T) {
	for name, option := range map[string]client.Option{
		"negative attempts":    client.WithRetry(client.RetryPolicy{MaxAttempts: -1}),
		"negative margin":      client.WithExpiryMargin(-time.Second),
		"unknown dialect":      client.WithDialect(7),
		"line in user agent":   client.WithUserAgent("a\r\nX-Evil: 1"),
		"empty user agent":     client.WithUserAgent(""),
		"URL as link host":     client.WithLinkHosts("https://id.workos.com"),
		"empty link host":      client.WithLinkHosts("id.workos.com", ""),
		"user info, link host": client.WithLinkHosts("a@b"),
	} {
		if _, err := client.New(testKey, option); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: New = %v, want ErrInvalidRequest", name, err)
		}
	}
}

func TestNewTakesNothingsForNone(t *testing.T) {
	portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { sheetLink(w) },
		nil, client.WithHTTPClient(nil), client.WithAPIKeySource(nil), client.WithLimiter(nil), client.WithLogger(nil), client.WithObserver(nil), client.WithLinkHosts())
	generate(t, portal)
}

func TestNewFromEnv(t *testing.T) {
	var seen tally
	handler := func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) }
	hc := client.WithHTTPClient(&http.Client{Transport: memory(handler)})

	t.Setenv("WORKOS_API_KEY", "")
	t.Setenv("WORKOS_BASE_URL", "")
	_, err := client.NewFromEnv()
	if !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), "WORKOS_API_KEY") {
		t.Errorf("without a key: got %v, want ErrInvalidRequest that names WORKOS_API_KEY", err)
	}
	if _, err := client.NewFromEnv(client.WithAPIKeySource(func(context.Context) (string, error) { return testKey, nil })); err != nil {
		t.Errorf("with a source and no key: got %v, want a client", err)
	}

	t.Setenv("WORKOS_API_KEY", "sk_env_1")
	t.Setenv("WORKOS_BASE_URL", "http://workos.example")
	if _, err = client.NewFromEnv(); !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), "WORKOS_BASE_URL") {
		t.Errorf("with a bad base URL: got %v, want ErrInvalidRequest that names WORKOS_BASE_URL", err)
	}

	t.Setenv("WORKOS_BASE_URL", "https://env.example/prefix/")
	portal, err := client.NewFromEnv(hc)
	if err != nil {
		t.Fatal(err)
	}
	generate(t, portal)
	if got := seen.requests()[0]; got.header.Get("Authorization") != "Bearer sk_env_1" || got.path != "/prefix/portal_links" {
		t.Errorf("sent to %s with %q, want the environment's key at /prefix/portal_links", got.path, got.header.Get("Authorization"))
	}

	portal, err = client.NewFromEnv(hc, client.WithBaseURL("https://option.example"))
	if err != nil {
		t.Fatal(err)
	}
	generate(t, portal)
	if got := seen.requests()[1]; got.path != "/portal_links" {
		t.Errorf("sent to %s, want the option to win over WORKOS_BASE_URL", got.path)
	}
}

func TestZeroClientRefuses(t *testing.T) {
	for name, portal := range map[string]*client.Client{"zero": {}, "nil": nil} {
		if _, err := portal.GeneratePortalLink(t.Context(), sso); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: GeneratePortalLink = %v, want ErrInvalidRequest", name, err)
		}
		if _, err := portal.ListProviderIcons(t.Context()); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: ListProviderIcons = %v, want ErrInvalidRequest", name, err)
		}
		if _, err := portal.EnsureFresh(t.Context(), nil); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: EnsureFresh = %v, want ErrInvalidRequest", name, err)
		}
		if got := portal.RateLimit(); got != (client.RateLimit{}) {
			t.Errorf("%s: RateLimit = %v, want the zero value", name, got)
		}
	}
}

func TestCopiesShareWhatIsLearned(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r).path != livePath {
			http.NotFound(w, r)
			return
		}
		liveLink(w)
	})
	generate(t, portal)
	twin := *portal
	generate(t, &twin)
	if got := seen.of(sheetPath); got != 1 {
		t.Errorf("the copy probed again: %d requests to %s, want 1", got, sheetPath)
	}
}

// Plain http stays on this machine, unless a test says otherwise.
func TestPlainHTTP(t *testing.T) {
	for address, allowed := range map[string]bool{
		"http://localhost:3000": true, "http://acme.localhost:3000/settings": true, "http://localhost.:3000": true, "http://127.0.0.1": true, "http://[::1]:80": true,
		"http://localhost.example": false, "http://sandbox:8787": false, "http://host.docker.internal:8787": false,
	} {
		_, err := client.New(testKey, client.WithBaseURL(address))
		if (err == nil) != allowed {
			t.Errorf("base URL %s: %v, want it allowed: %v", address, err, allowed)
		}
		req := sso
		req.ReturnURL = address
		if err := req.Validate(); (err == nil) != allowed {
			t.Errorf("return URL %s: %v, want it allowed: %v", address, err, allowed)
		}
		if _, err := client.New(testKey, client.WithBaseURL(address), client.WithPlainHTTPForTests()); err != nil {
			t.Errorf("base URL %s with WithPlainHTTPForTests: %v", address, err)
		}
	}
	link := func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 201, `{"link":"http://sandbox:8787/portal/launch?secret=s"}`)
	}
	_, err := serve(t, link).GeneratePortalLink(t.Context(), sso)
	wantOnly(t, err, client.ErrMalformedResponse)
	generate(t, serve(t, link, client.WithPlainHTTPForTests()))
}
