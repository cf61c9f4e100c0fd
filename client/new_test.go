package client_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestNewRefusesKeys(t *testing.T) {
	for _, key := range []string{
		"", "sk_", "pk_test_123", "test", "SK_TEST_1", " sk_test_9z8y", "sk_test_9z8y ", "sk_test_9z8y\n", "sk_test_9z8y\r\n",
		"sk_te st_9z8y", "Bearer sk_test_9z8y", "bearer sk_test_9z8y", "sk_test_9z8y\x00", "sk_täst", "\ufeffsk_test_9z8y", "sk_\x7f", "\u2028sk_test_9z8y",
	} {
		_, err := client.New(key)
		e := wantOnly(t, err, client.ErrInvalidRequest)
		errorIf(t, e.Field != "API key" || strings.Contains(err.Error(), "9z8y"), "New(%q) = %v, want an error about the API key that does not repeat it", key, err)
	}
	for _, key := range []string{"sk_test_123", "sk_live_ABC", "sk_example_123456789", "sk_sandbox_a-b.c", "sk_~!"} {
		_, err := client.New(key)
		errorIf(t, err != nil, "New(%q) = %v, want it accepted", key, err)
	}
}

func TestNewRefusesServers(t *testing.T) {
	for _, address := range []string{
		" ", "api.workos.com", "//api.workos.com", "/portal", "ftp://api.workos.com", "http://api.workos.com",
		"http://localhost.evil.com", "http://127.0.0.1.evil.com", "http://10.0.0.1", "http://[::2]", "https://", "https:///x",
		"https://user@api.workos.com", "https://user:p4ss@api.workos.com", "https://api.workos.com?x=1", "https://api.workos.com?", "https://api.workos.com#x",
		"https://api.workos.com/#", "https://api.workos.com ", "https://api.work\nos.com", "javascript:alert(1)", "https:\\\\evil.com",
	} {
		for field, option := range map[string]client.Option{"base URL": client.WithBaseURL(address), "CDN URL": client.WithCDNURL(address)} {
			_, err := client.New(testKey, option)
			e := wantOnly(t, err, client.ErrInvalidRequest)
			errorIf(t, e.Field != field || strings.Contains(err.Error(), "p4ss"), "%s %q: got %v, want an error about the %s without the password", field, address, err, field)
		}
	}
}

func TestNewRefusesOptions(t *testing.T) {
	for field, options := range map[string][]client.Option{
		"RetryPolicy.MaxAttempts": {client.WithRetry(client.RetryPolicy{MaxAttempts: -1})},
		"base URL":                {client.WithBaseURL("")},
		"expiry margin":           {client.WithExpiryMargin(-time.Second)},
		"dialect":                 {client.WithDialect(7), client.WithDialect(-1)},
		"user agent":              {client.WithUserAgent("a\r\nX-Evil: 1"), client.WithUserAgent(""), client.WithUserAgent(" "), client.WithUserAgent("ä")},
		"link hosts":              {client.WithLinkHosts("https://id.workos.com"), client.WithLinkHosts("id.workos.com", ""), client.WithLinkHosts("a@b")},
	} {
		for _, option := range options {
			_, err := client.New(testKey, option)
			same(t, "Field", wantOnly(t, err, client.ErrInvalidRequest).Field, field)
		}
	}
	newClient(t, client.WithUserAgent("acme settings/2.1 (EU)"))
	// Nil stands for the default, and so does no CDN.
	generate(t, serve(t, succeed, nil, client.WithCDNURL(""), client.WithHTTPClient(nil), client.WithAPIKeySource(nil), client.WithLimiter(nil), client.WithLogger(nil), client.WithObserver(nil), client.WithLinkHosts()))
}

func TestNewFromEnv(t *testing.T) {
	var seen tally
	hc := over(memory(script(&seen, succeed)))
	for _, tt := range []struct {
		key, baseURL string
		options      []client.Option
		refused      string // the field of the error; empty: the client works
		path, sent   string
	}{
		{"", "", nil, "WORKOS_API_KEY", "", ""},
		{"sk_env_1", "http://workos.example", nil, "WORKOS_BASE_URL", "", ""},
		{"", "", []client.Option{source(func(context.Context) (string, error) { return testKey, nil })}, "", "/portal_links", testKey},
		{"sk_env_1", "https://env.example/prefix/", nil, "", "/prefix/portal_links", "sk_env_1"},
		{"sk_env_1", "https://env.example/prefix/", []client.Option{client.WithBaseURL("https://option.example")}, "", "/portal_links", "sk_env_1"},
	} {
		t.Setenv("WORKOS_API_KEY", tt.key)
		t.Setenv("WORKOS_BASE_URL", tt.baseURL)
		portal, err := client.NewFromEnv(append(tt.options, hc)...)
		if tt.refused != "" {
			same(t, "Field", wantOnly(t, err, client.ErrInvalidRequest).Field, tt.refused)
			continue
		}
		same(t, "NewFromEnv's error", err, nil)
		generate(t, portal)
		r := seen.requests()[seen.total()-1]
		got := r.header.Get("Authorization")
		errorIf(t, r.path != tt.path || got != "Bearer "+tt.sent, "sent to %s with %q, want %s with %s", r.path, got, tt.path, tt.sent)
	}
}

// Plain http is for loopback only, except in tests.
func TestPlainHTTP(t *testing.T) {
	for address, allowed := range map[string]bool{
		"http://localhost:3000": true, "http://acme.localhost:3000/settings": true, "http://localhost.:3000": true, "http://127.0.0.1": true, "http://[::1]:80": true,
		"https://gateway.example/workos/v1": true, "http://127.8.8.8": true, "HTTPS://API.WORKOS.COM": true,
		"http://localhost.example": false, "http://sandbox:8787": false, "http://host.docker.internal:8787": false,
	} {
		_, err := client.New(testKey, client.WithBaseURL(address))
		errorIf(t, (err == nil) != allowed, "base URL %s: %v, want it allowed: %v", address, err, allowed)
		err = client.PortalLinkRequest{Organization: "org_x", Intent: client.IntentSSO, ReturnURL: address}.Validate()
		errorIf(t, (err == nil) != allowed, "return URL %s: %v, want it allowed: %v", address, err, allowed)
		newClient(t, client.WithBaseURL(address), client.WithCDNURL(address), client.WithPlainHTTPForTests())
	}
	link := answer(201, `{"link":"http://sandbox:8787/portal/launch?secret=s"}`)
	wantOnly(t, ask(t, inMemory(t, link), 0), client.ErrMalformedResponse)
	generate(t, inMemory(t, link, client.WithPlainHTTPForTests()))
}
