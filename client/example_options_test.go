package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A gateway may serve the API under an address of its own.
func ExampleWithBaseURL() {
	portal, err := client.New("sk_example_123456789", client.WithBaseURL("https://gateway.example/workos"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(portal)
	// Output: adminportal client for https://gateway.example/workos
}

func ExampleWithCDNURL() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	mirror := portaltest.NewServer(nil)
	defer mirror.Close()

	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithDialect(client.DialectGenerateLink),
		client.WithCDNURL(mirror.URL))
	if err != nil {
		log.Fatal(err)
	}
	icons, err := portal.ListProviderIcons(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(icons[0].Name, strings.HasPrefix(icons[0].IconURL, mirror.URL))
	// Output: Okta true
}

func ExampleWithHTTPClient() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS13}
	transport.MaxIdleConnsPerHost = 64 // net/http keeps two

	portal, err := client.New("sk_example_123456789", client.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(portal)
	// Output: adminportal client for https://api.workos.com
}

// A test may do without a socket, and so run in a testing/synctest bubble.
func ExampleWithHTTPClient_inMemory() {
	h := portaltest.NewHandler()
	portal, err := client.New(h.APIKey, client.WithHTTPClient(&http.Client{Transport: h.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: h.Organization, Intent: client.IntentSSO})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithUserAgent() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithUserAgent("acme-settings/2.1"))
	if err != nil {
		log.Fatal(err)
	}
	_, _ = portal.ListProviderIcons(context.Background())
	fmt.Println(srv.Requests()[0].Header.Get("User-Agent"))
	// Output: acme-settings/2.1
}

// A key that is rotated while the service runs: ask the vault, and not a variable
// that was read at startup.
func ExampleWithAPIKeySource() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	vault := srv.APIKey
	portal, err := client.New("", client.WithBaseURL(srv.URL), client.WithAPIKeySource(func(context.Context) (string, error) {
		return vault, nil
	}))
	if err != nil {
		log.Fatal(err)
	}

	vault = srv.AddKey()
	srv.RemoveKey(srv.APIKey)

	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithRetry() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithRetry(client.RetryPolicy{
		MaxAttempts:    5,
		BaseDelay:      10 * time.Millisecond,
		AttemptTimeout: 3 * time.Second,
	}))
	if err != nil {
		log.Fatal(err)
	}
	srv.Fail(portaltest.Fault{Status: 503, Times: 2})

	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(len(srv.Requests()), "attempts,", err)
	// Output: 3 attempts, <nil>
}

// A paced limiter lets one attempt leave at every tick. *rate.Limiter of
// golang.org/x/time/rate fits as well.
type paced struct{ ticks <-chan time.Time }

func (p paced) Wait(ctx context.Context) error {
	select {
	case <-p.ticks:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func ExampleWithLimiter() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	start := time.Now()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithLimiter(paced{time.Tick(20 * time.Millisecond)}))
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	}
	fmt.Println("three calls took their time:", time.Since(start) >= 50*time.Millisecond)
	// Output: three calls took their time: true
}

func ExampleWithDialect() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithDialect(client.DialectGenerateLink))
	if err != nil {
		log.Fatal(err)
	}
	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(srv.Requests()[0].Path, err)
	// Output: /portal/generate_link <nil>
}

// A page on which the admin reads for a while wants more life left than the 30 s
// that a redirect needs.
func ExampleWithExpiryMargin() {
	srv := portaltest.NewServer(nil, portaltest.WithLinkLife(portaltest.DialectBoth, time.Minute))
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithExpiryMargin(2*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	link, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	if err != nil {
		log.Fatal(err)
	}
	fresh, err := portal.EnsureFresh(context.Background(), link)
	fmt.Println(fresh == link, err)
	// Output: false <nil>
}

func ExampleWithLinkHosts() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithLinkHosts("id.workos.com", "setup.workos.com"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(errors.Is(err, client.ErrMalformedResponse)) // the sandbox's links lead to itself
	// Output: true
}

func ExampleWithLogger() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: keep("level", "operation", "attempt", "status")}))
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithLogger(logger))
	if err != nil {
		log.Fatal(err)
	}
	_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: "org_gone", Intent: client.IntentSSO})
	// Output: level=WARN operation=generatePortalLink attempt=1 status=404
}

// keep drops every other attribute, for an output that is always the same.
func keep(names ...string) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		if !slices.Contains(names, a.Key) {
			return slog.Attr{}
		}
		return a
	}
}

// An observer makes a metric or a span of every attempt.
func ExampleWithObserver() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL),
		client.WithRetry(client.RetryPolicy{BaseDelay: 10 * time.Millisecond}),
		client.WithObserver(func(_ context.Context, a client.Attempt) {
			fmt.Println(a.Operation, a.Number, a.StatusCode, a.Err == nil)
		}))
	if err != nil {
		log.Fatal(err)
	}
	srv.Fail(portaltest.Fault{Status: 502})
	_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	// Output:
	// generatePortalLink 1 502 false
	// generatePortalLink 2 200 true
}
