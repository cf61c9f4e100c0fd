package client_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// sandbox is a client of a fake portal on loopback, as the tests of a user have one.
func sandbox(opts ...client.Option) (*client.Client, *portaltest.Server) {
	srv := portaltest.NewServer(nil)
	portal, err := client.New(srv.APIKey, append([]client.Option{client.WithBaseURL(srv.URL)}, opts...)...)
	if err != nil {
		log.Fatal(err)
	}
	return portal, srv
}

func ExampleNew() {
	apiKey := "sk_example_123456789" // from your secret store, never from the source
	portal, err := client.New(apiKey, client.WithUserAgent("acme-settings/2.1"))
	fmt.Println(portal, err)

	// A mistake is refused at once, and the error does not repeat the key.
	_, err = client.New("Bearer " + apiKey)
	fmt.Println(err)
	// Output:
	// adminportal client for https://api.workos.com <nil>
	// adminportal: new client: API key: must not start with "Bearer ": give the key alone
}

func ExampleNewFromEnv() {
	_ = os.Setenv("WORKOS_API_KEY", "sk_example_123456789")
	_ = os.Setenv("WORKOS_BASE_URL", "https://gateway.example/workos")
	defer func() { _, _ = os.Unsetenv("WORKOS_API_KEY"), os.Unsetenv("WORKOS_BASE_URL") }()

	portal, err := client.NewFromEnv()
	fmt.Println(portal, err)
	// Output: adminportal client for https://gateway.example/workos <nil>
}

func ExampleClient_GeneratePortalLink() {
	portal, srv := sandbox()
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
		Organization: srv.Organization, // from the session, never from the form
		Intent:       client.IntentSSO,
		ReturnURL:    "https://example.com/settings",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Now: http.Redirect(w, r, link.URL, http.StatusSeeOther)
	fmt.Println("lives for", link.TTL().Round(time.Minute))
	// Output: lives for 10m0s
}

// A link that had to wait, for example in a queue, may be too old for a redirect.
func ExampleClient_EnsureFresh() {
	portal, srv := sandbox(client.WithExpiryMargin(15 * time.Minute)) // more than a link lives, to show the effect
	defer srv.Close()
	ctx := context.Background()
	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentDsync})
	if err != nil {
		log.Fatal(err)
	}

	fresh, err := portal.EnsureFresh(ctx, link)
	fmt.Println("a new link:", fresh != link, err)
	// Output: a new link: true <nil>
}

// A call in the background, when a page with a button is shown, makes the click quick.
func ExampleClient_Warm() {
	portal, srv := sandbox()
	defer srv.Close()

	fmt.Println(portal.Warm(context.Background()), len(srv.Links()), "links")
	// Output: <nil> 0 links
}

func ExampleClient_ListProviderIcons() {
	portal, srv := sandbox()
	defer srv.Close()

	icons, err := portal.ListProviderIcons(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: <img src=… alt=%q>\n", icons[0].ID, icons[0].Name)
	// Output: okta: <img src=… alt="Okta">
}

// The client waits by itself when the budget is spent. What it knows is for a dashboard, or to put
// off work that can wait.
func ExampleClient_RateLimit() {
	portal, srv := sandbox()
	defer srv.Close()
	_, _ = portal.ListProviderIcons(context.Background())

	limit := portal.RateLimit()
	fmt.Println(limit.Remaining, "requests left, until the reset in a minute:", time.Until(limit.Reset) <= time.Minute)
	// Output: 99 requests left, until the reset in a minute: true
}

// The sentinels are for decisions. The *client.Error has the details, and a hint for the log.
func ExampleError() {
	portal, srv := sandbox()
	defer srv.Close()

	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: "org_gone", Intent: client.IntentSSO})
	switch {
	case errors.Is(err, client.ErrOrganizationNotFound):
		fmt.Println("not a customer any more")
	case errors.Is(err, client.ErrRateLimited), errors.Is(err, client.ErrServer):
		fmt.Println("try again later")
	}
	if e := new(client.Error); errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Code, e.Attempts, e.RetryAfter)
		fmt.Println(e.Hint())
	}
	// Output:
	// not a customer any more
	// 404 entity_not_found 1 0s
	// confirm that the organization exists, that its ID is correct, and that the API key belongs to the same environment
}

// A literal link is a fake for your tests. Printed, it does not show its secret.
func ExamplePortalLink() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123", ExpiresAt: time.Now().Add(4 * time.Minute)}

	fmt.Printf("works for %.0f minutes, expired: %v\n", link.TTL().Minutes(), link.Expired())
	fmt.Println(link)
	// Output:
	// works for 4 minutes, expired: false
	// portal link to id.workos.com, 4m0s left [redacted]
}

// Send the URL to answer a browser. A link itself does not marshal, so that none is sent by mistake.
func ExamplePortalLink_MarshalJSON() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123"}

	_, err := json.Marshal(link)
	answer, _ := json.Marshal(map[string]string{"url": link.URL})
	fmt.Println(err != nil, string(answer))
	// Output: true {"url":"https://id.workos.com/portal/launch?secret=abc123"}
}

// One catalog serves all pages: a list is fetched once a day, in the background.
func ExampleNewIconCatalog() {
	portal, srv := sandbox()
	defer srv.Close()

	catalog := client.NewIconCatalog(portal)
	for _, connectionType := range []string{"OktaSAML", "ADFSSAML"} {
		icon, ok, err := catalog.Lookup(context.Background(), connectionType)
		fmt.Println(connectionType, icon.Name, ok, err)
	}
	fmt.Println(len(srv.Requests()), "request")
	// Output:
	// OktaSAML Okta true <nil>
	// ADFSSAML  false <nil>
	// 1 request
}

// staticIcons are a source for a test: no client, no server.
type staticIcons []client.ProviderIcon

func (i staticIcons) ListProviderIcons(context.Context) ([]client.ProviderIcon, error) { return i, nil }

func ExampleIconCatalog() {
	catalog := client.NewIconCatalog(staticIcons{{ID: "okta", Name: "Okta", IconURL: "https://cdn.workos.com/provider-icons/light/okta.svg"}})
	catalog.Warm() // at startup, so that no page has to wait for the list

	// ok is false where the list has no such icon; err is not nil where there is no list yet.
	icon, ok, err := catalog.Lookup(context.Background(), "OktaSAML")
	fmt.Printf("<img src=%q alt=%q> %v %v\n", icon.IconURL, icon.Name, ok, err)
	all, _ := catalog.All(context.Background())
	age, ok := catalog.Age() // for a health page
	fmt.Printf("%d icons, up to date: %v\n", len(all), ok && age < 72*time.Hour)
	// Output:
	// <img src="https://cdn.workos.com/provider-icons/light/okta.svg" alt="Okta"> true <nil>
	// 1 icons, up to date: true
}

func ExampleWithCDNURL() {
	mirror := portaltest.NewServer(nil)
	defer mirror.Close()
	portal, srv := sandbox(client.WithDialect(client.DialectGenerateLink), client.WithCDNURL(mirror.URL))
	defer srv.Close()

	_, err := portal.ListProviderIcons(context.Background())
	fmt.Println(len(mirror.Requests()), "request to the mirror,", err)
	// Output: 1 request to the mirror, <nil>
}

func ExampleWithHTTPClient() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS13}
	transport.MaxIdleConnsPerHost = 64 // net/http keeps two

	portal, err := client.New("sk_example_123456789", client.WithHTTPClient(&http.Client{Transport: transport}))
	fmt.Println(portal, err)
	// Output: adminportal client for https://api.workos.com <nil>
}

// For a key that is rotated while the service runs, ask the vault at each call.
func ExampleWithAPIKeySource() {
	var vault string
	portal, srv := sandbox(client.WithAPIKeySource(func(context.Context) (string, error) { return vault, nil }))
	defer srv.Close()

	vault = srv.AddKey()
	srv.RemoveKey(srv.APIKey)
	fmt.Println(portal.Warm(context.Background()))
	// Output: <nil>
}

func ExampleWithRetry() {
	portal, srv := sandbox(client.WithRetry(client.RetryPolicy{MaxAttempts: 5, BaseDelay: 10 * time.Millisecond, AttemptTimeout: 3 * time.Second}))
	defer srv.Close()
	srv.Fail(portaltest.Fault{Status: 503, Times: 2})

	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(len(srv.Requests()), "attempts,", err)
	// Output: 3 attempts, <nil>
}

// At every tick one attempt may leave. *rate.Limiter of golang.org/x/time/rate is a Limiter as well.
func ExampleWithLimiter() {
	ticks := time.NewTicker(20 * time.Millisecond)
	portal, srv := sandbox(client.WithLimiter(limiterFunc(func(ctx context.Context) error {
		select {
		case <-ticks.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})))
	defer srv.Close()
	start := time.Now()
	ticks.Reset(20 * time.Millisecond)
	for range 3 {
		_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	}
	fmt.Println("three calls waited for three ticks:", time.Since(start) >= 60*time.Millisecond)
	// Output: three calls waited for three ticks: true
}

func ExampleWithLinkHosts() {
	portal, srv := sandbox(client.WithLinkHosts("id.workos.com", "setup.workos.com"))
	defer srv.Close()
	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(errors.Is(err, client.ErrMalformedResponse)) // the sandbox's links lead to the sandbox
	// Output: true
}

func ExampleWithLogger() {
	keep := func(_ []string, a slog.Attr) slog.Attr { // what is the same in every run
		if slices.Contains([]string{"level", "operation", "attempt", "status"}, a.Key) {
			return a
		}
		return slog.Attr{}
	}
	portal, srv := sandbox(client.WithLogger(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: keep}))))
	defer srv.Close()
	_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: "org_gone", Intent: client.IntentSSO})
	// Output: level=WARN operation=generatePortalLink attempt=1 status=404
}

// A span is the observer's child of ctx, and has the times of the attempt: with OpenTelemetry
//
//	_, span := tracer.Start(ctx, a.Operation, trace.WithTimestamp(a.Start))
//	span.End(trace.WithTimestamp(a.Start.Add(a.Duration)))
func ExampleWithObserver() {
	portal, srv := sandbox(client.WithObserver(func(_ context.Context, a client.Attempt) {
		fmt.Println(a.Operation, a.Number, a.StatusCode, a.Err == nil)
	}))
	defer srv.Close()

	_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	// Output: generatePortalLink 1 200 true
}
