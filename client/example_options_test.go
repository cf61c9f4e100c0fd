package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

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
	ticks := time.Tick(20 * time.Millisecond)
	portal, srv := sandbox(client.WithLimiter(limiterFunc(func(ctx context.Context) error {
		select {
		case <-ticks:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})))
	defer srv.Close()
	start := time.Now()
	for range 3 {
		_, _ = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	}
	fmt.Println("three calls waited for three ticks:", time.Since(start) >= 40*time.Millisecond)
	// Output: three calls waited for three ticks: true
}

func ExampleWithDialect() {
	portal, srv := sandbox(client.WithDialect(client.DialectGenerateLink))
	defer srv.Close()
	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(srv.Requests()[0].Path, err)
	// Output: /portal/generate_link <nil>
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
