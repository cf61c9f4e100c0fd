package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func ExampleNew() {
	apiKey := "sk_example_123456789" // from your secret store, never from the source

	portal, err := client.New(apiKey, client.WithUserAgent("acme-settings/2.1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(portal)
	// Output: adminportal client for https://api.workos.com
}

// What is wrong is refused at once, and the error does not repeat the key.
func ExampleNew_refused() {
	_, err := client.New("Bearer sk_example_123456789")
	fmt.Println(err)
	// Output: adminportal: new client: API key: must not start with "Bearer ": give the key alone
}

func ExampleNewFromEnv() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	defer setenv("WORKOS_API_KEY", srv.APIKey)()
	defer setenv("WORKOS_BASE_URL", srv.URL)()

	portal, err := client.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(portal.String() == "adminportal client for "+srv.URL)
	// Output: true
}

// setenv is os.Setenv until the function that it returns is called.
func setenv(name, value string) (restore func()) {
	before, set := os.LookupEnv(name)
	if err := os.Setenv(name, value); err != nil {
		log.Fatal(err)
	}
	return func() {
		if !set {
			_ = os.Unsetenv(name)
			return
		}
		_ = os.Setenv(name, before)
	}
}

func ExampleClient_GeneratePortalLink() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}
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

// Some intents, the customer's contacts, and what spares the admin a question exist in
// the live dialect alone. The request goes there by itself.
func ExampleClient_GeneratePortalLink_contacts() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}

	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{
		Organization:    srv.Organization,
		Intent:          client.IntentDomainVerification,
		ReturnURL:       "https://example.com/settings",
		ITContactEmails: []string{"it@customer.example"},
	})
	fmt.Println(srv.Requests()[0].Path, err)
	// Output: /portal/generate_link <nil>
}

// A link that had to wait, for a form to be filled in or a queue to be worked off,
// may be too old to send anyone to.
func ExampleClient_EnsureFresh() {
	srv := portaltest.NewServer(nil, portaltest.WithLinkLife(portaltest.DialectBoth, 20*time.Second))
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentDsync})
	if err != nil {
		log.Fatal(err)
	}
	stale := link.URL // 20 s are left, and the margin is 30 s

	link, err = portal.EnsureFresh(ctx, link)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a new link:", link.URL != stale)
	// Output: a new link: true
}

func ExampleClient_ListProviderIcons() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}

	icons, err := portal.ListProviderIcons(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, icon := range icons[:2] {
		fmt.Printf("%s: <img src=… alt=%q>\n", icon.ID, icon.Name)
	}
	// Output:
	// okta: <img src=… alt="Okta">
	// google-saml: <img src=… alt="Google">
}

// The client waits by itself when the budget is spent. What it knows is of use for
// a dashboard, or to put off work that can wait.
func ExampleClient_RateLimit() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := portal.ListProviderIcons(context.Background()); err != nil {
		log.Fatal(err)
	}

	limit := portal.RateLimit()
	fmt.Println(limit.Remaining, "requests left, until the reset in a minute:", time.Until(limit.Reset) <= time.Minute)
	// Output: 99 requests left, until the reset in a minute: true
}

// The sentinels are for decisions, and the *client.Error has what a log wants.
func ExampleError() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}

	_, err = portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{Organization: "org_gone", Intent: client.IntentSSO})
	switch {
	case err == nil:
	case errors.Is(err, client.ErrOrganizationNotFound):
		fmt.Println("not a customer any more")
	case errors.Is(err, client.ErrRateLimited), errors.Is(err, client.ErrServer):
		fmt.Println("try again later")
	default:
		fmt.Println("our mistake")
	}
	if e := new(client.Error); errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Code, e.Attempts)
	}
	// Output:
	// not a customer any more
	// 404 entity_not_found 1
}

// The hint says what to do, for whoever reads the log.
func ExampleError_Hint() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New("sk_test_wrong", client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}

	_, err = portal.ListProviderIcons(context.Background())
	if e := new(client.Error); errors.As(err, &e) {
		fmt.Println(e.Hint())
	}
	// Output: check that the API key is whole and current, and its permissions in the WorkOS Dashboard
}

// A wait that is longer than the caller has is not begun.
func ExampleError_retryAfter() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}
	srv.Fail(portaltest.Fault{Status: 429, RetryAfter: 30 * time.Second})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	_, err = portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	if e := new(client.Error); errors.As(err, &e) && errors.Is(err, client.ErrRateLimited) {
		fmt.Println("Retry-After:", int(e.RetryAfter.Seconds())) // for our own 503
	}
	// Output: Retry-After: 30
}

// A literal link is a fake for your tests.
func ExamplePortalLink() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123", ExpiresAt: time.Now().Add(10 * time.Minute)}

	fmt.Println(link.TTL().Round(time.Minute), link.Expired())
	// Output: 10m0s false
}

func ExamplePortalLink_TTL() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123", ExpiresAt: time.Now().Add(4 * time.Minute)}

	fmt.Printf("This link works for %.0f minutes.\n", link.TTL().Minutes())
	// Output: This link works for 4 minutes.
}

func ExamplePortalLink_Expired() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123", ExpiresAt: time.Now().Add(-time.Second)}

	if link.Expired() {
		fmt.Println("Please press the button again.")
	}
	// Output: Please press the button again.
}

// A link may stand in a log line: its secret does not.
func ExamplePortalLink_String() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123", ExpiresAt: time.Now().Add(10 * time.Minute)}

	fmt.Println(link)
	// Output: portal link to id.workos.com, 10m0s left [redacted]
}

// To answer a browser, send the URL. A link as it is would be a secret in some
// other answer one day.
func ExamplePortalLink_MarshalJSON() {
	link := &client.PortalLink{URL: "https://id.workos.com/portal/launch?secret=abc123"}

	_, err := json.Marshal(link)
	fmt.Println(err != nil)
	answer, err := json.Marshal(map[string]string{"url": link.URL})
	fmt.Println(string(answer), err)
	// Output:
	// true
	// {"url":"https://id.workos.com/portal/launch?secret=abc123"} <nil>
}
