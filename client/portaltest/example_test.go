package portaltest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func Example() {
	srv := portaltest.NewServer(nil) // in a test: NewServer(t), and no Close
	defer srv.Close()

	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		panic(err)
	}
	link, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{
		Organization: srv.Organization,
		Intent:       client.IntentSSO,
		ReturnURL:    "https://example.com/settings",
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.HasPrefix(link.URL, srv.URL), srv.Links()[0].Intent)
	// Output: true sso
}

// The operation is named, so that no other request is hit, and the last line says that
// it happened.
func ExampleHandler_Fail() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		panic(err)
	}

	srv.Fail(portaltest.Fault{Operation: portaltest.OperationGeneratePortalLink, Status: http.StatusTooManyRequests, RetryAfter: 30 * time.Second})
	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{
		Organization: srv.Organization,
		Intent:       client.IntentSSO,
	})
	fmt.Println(errors.Is(err, client.ErrRateLimited), srv.Requests()[0].Fault)
	// Output: true true
}

// Without a socket, under an address of the caller's choice, with a log.
func ExampleNewHandler() {
	h := portaltest.NewHandler(
		portaltest.WithRateLimit(1000),
		portaltest.WithRequestLog(func(r portaltest.Request) { fmt.Println(r.Method, r.Path, r.Status, r.Notes) }),
	)
	resp, err := (&http.Client{Transport: h.Transport()}).Get("http://localhost:8787/provider_icons")
	if err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to its end, which comes after the log
	resp.Body.Close()
	// Output: GET /provider_icons 401 [Authorization: must be Bearer and an API key]
}
