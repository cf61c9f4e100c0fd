package real

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

func TestClientOnWorkOSsEmulator(t *testing.T) {
	var e struct {
		URL, Organization string
		APIKey            string `json:"api_key"`
	}
	startNode(t, "emulator.mjs", &e)
	wire := &judge{t: t, router: newRouter(t)}
	var attempts []client.Attempt
	dial := func(key string, transport http.RoundTripper, opts ...client.Option) *client.Client {
		c := must(client.New(key, append(opts, client.WithBaseURL(e.URL), client.WithHTTPClient(&http.Client{Transport: transport}))...))
		return c
	}
	portal := dial(e.APIKey, wire, client.WithObserver(func(_ context.Context, a client.Attempt) { attempts = append(attempts, a) }))

	// It has the live dialect alone, which Warm finds out for all calls.
	if err := portal.Warm(t.Context()); err != nil {
		t.Errorf("Warm: %v", err)
	}
	for _, req := range []client.PortalLinkRequest{
		{Intent: client.IntentSSO},
		{Intent: client.IntentDsync, ITContactEmails: []string{"it@customer.example"}},
		{Intent: client.IntentAuditLogs},
		{Intent: client.IntentLogStreams, SuccessURL: "https://example.com/done"},
		{Intent: client.IntentDomainVerification},
		{Intent: client.IntentCertificateRenewal},
		{Intent: client.IntentBringYourOwnKey},
	} {
		req.Organization, req.ReturnURL = e.Organization, "https://example.com/settings"
		if link, err := portal.GeneratePortalLink(t.Context(), req); err != nil || link.Expired() {
			t.Errorf("%s: %v, %v, want a link with life", req.Intent, link, err)
		}
	}
	if len(attempts) != 9 || attempts[0].Dialect != client.DialectPortalLinks || attempts[1].Dialect != client.DialectGenerateLink || !attempts[1].Warm {
		t.Errorf("Warm and seven calls made attempts %+v, want one at the other dialect's route and eight at its own", attempts)
	}
	if limit := portal.RateLimit(); limit.Limit != 1000 || limit.Reset.IsZero() {
		t.Errorf("RateLimit = %+v, want what the emulator's headers say", limit)
	}

	simple := client.PortalLinkRequest{Organization: e.Organization, Intent: client.IntentSSO}
	stranger := dial("sk_wrong", wire, client.WithDialect(client.DialectGenerateLink))
	if err := stranger.Warm(t.Context()); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("a wrong key: Warm = %v, want ErrUnauthorized", err)
	}
	if _, err := stranger.GeneratePortalLink(t.Context(), simple); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("a wrong key: %v, want ErrUnauthorized", err)
	}
	failure := new(client.Error)
	if _, err := portal.ListProviderIcons(t.Context()); !errors.As(err, &failure) || errors.Is(err, client.ErrUnauthorized) || failure.Hint() == "" {
		t.Errorf("icons, which the emulator does not have: %v, want an error with a hint that is no ErrUnauthorized", err)
	}

	// What the emulator refuses, the client does not send by itself.
	_, err := dial(e.APIKey, spoiling{wire}, client.WithDialect(client.DialectGenerateLink)).GeneratePortalLink(t.Context(), simple)
	if !errors.Is(err, client.ErrInvalidRequest) || !errors.As(err, &failure) || failure.StatusCode != 422 || failure.Field != "intent" {
		t.Errorf("a missing intent: %v, want a 422 that names it and is ErrInvalidRequest", err)
	}

	if want := []string{
		"generateLink request organization required",       // what Warm sends
		"generateLink request properties",                  // spoiled on its way
		"listCDNProviderIcons 401 status is not supported", // the emulator is no CDN: it asks for a key everywhere
	}; !slices.Equal(distinct(wire.found), want) {
		t.Errorf("against the document: %q, want %q", wire.found, want)
	}
	if want := []string{"generateLink 200", "generateLink 401", "generateLink 422", "listCDNProviderIcons 401"}; !slices.Equal(distinct(wire.seen), want) {
		t.Errorf("judged %q, want %q", wire.seen, want)
	}
}

func distinct(all []string) []string { return slices.Compact(slices.Sorted(slices.Values(all))) }

// A spoiling transport sends the body of a request without its intent and with a field that nobody knows.
type spoiling struct{ next http.RoundTripper }

func (s spoiling) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.Replace(body, []byte(`"intent":"sso"`), []byte(`"team":"t"`), 1)
	r = r.Clone(r.Context())
	r.Body, r.GetBody, r.ContentLength = io.NopCloser(bytes.NewReader(body)), nil, int64(len(body))
	return s.next.RoundTrip(r)
}
