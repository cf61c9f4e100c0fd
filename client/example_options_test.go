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

func ExampleWithCDNURL() {
	mirror := portaltest.NewServer(nil)
	defer mirror.Close()
	portal, srv := sandbox(client.WithDialect(client.DialectGenerateLink), client.WithCDNURL(mirror.URL))
	defer srv.Close()

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
	fmt.Println(portal, err)
	// Output: adminportal client for https://api.workos.com <nil>
}

// A test needs no socket, and can run in a testing/synctest bubble.
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

// For a key that is rotated while the service runs, ask the vault at each call.
func ExampleWithAPIKeySource() {
	var vault string
	portal, srv := sandbox(client.WithAPIKeySource(func(context.Context) (string, error) { return vault, nil }))
	defer srv.Close()

	vault = srv.AddKey()
	srv.RemoveKey(srv.APIKey)

	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithRetry() {
	portal, srv := sandbox(client.WithRetry(client.RetryPolicy{
		MaxAttempts:    5,
		BaseDelay:      10 * time.Millisecond,
		AttemptTimeout: 3 * time.Second,
	}))
	defer srv.Close()
	srv.Fail(portaltest.Fault{Status: 503, Times: 2})

	_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	fmt.Println(len(srv.Requests()), "attempts,", err)
	// Output: 3 attempts, <nil>
}

// A paced limiter lets one attempt leave at every tick. *rate.Limiter of golang.org/x/time/rate is
// a Limiter as well.
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
	portal, srv := sandbox(client.WithLimiter(paced{time.Tick(20 * time.Millisecond)}))
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
	// Only attributes that are the same in every run.
	keep := func(_ []string, a slog.Attr) slog.Attr {
		if !slices.Contains([]string{"level", "operation", "attempt", "status"}, a.Key) {
			return slog.Attr{}
		}
		return a
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
	type traceID struct{} // stands for the caller's span
	var begun time.Time
	portal, srv := sandbox(client.WithRetry(client.RetryPolicy{BaseDelay: 10 * time.Millisecond}),
		client.WithObserver(func(ctx context.Context, a client.Attempt) {
			start, end := a.Start.Sub(begun), a.Start.Add(a.Duration).Sub(begun)
			fmt.Println(ctx.Value(traceID{}), a.Operation, a.Number, a.StatusCode, a.Err == nil, 0 <= start && start <= end)
		}))
	defer srv.Close()
	srv.Fail(portaltest.Fault{Status: 502})

	begun = time.Now()
	ctx := context.WithValue(context.Background(), traceID{}, "trace-1")
	_, _ = portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	// Output:
	// trace-1 generatePortalLink 1 502 false true
	// trace-1 generatePortalLink 2 200 true true
}
