package client_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// One catalog serves all pages: a list is fetched once a day, in the background.
func ExampleNewIconCatalog() {
	srv := portaltest.NewServer(nil)
	defer srv.Close()
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		log.Fatal(err)
	}

	catalog := client.NewIconCatalog(portal)
	for _, connectionType := range []string{"OktaSAML", "GoogleOAuth", "ADFSSAML"} {
		icon, ok, err := catalog.Lookup(context.Background(), connectionType)
		fmt.Println(connectionType, icon.Name, ok, err)
	}
	fmt.Println(len(srv.Requests()), "request")
	// Output:
	// OktaSAML Okta true <nil>
	// GoogleOAuth Google true <nil>
	// ADFSSAML  false <nil>
	// 1 request
}

// staticIcons are a source for a test: no client, no server.
type staticIcons []client.ProviderIcon

func (i staticIcons) ListProviderIcons(context.Context) ([]client.ProviderIcon, error) { return i, nil }

func ExampleIconCatalog_Lookup() {
	catalog := client.NewIconCatalog(staticIcons{{ID: "okta", Name: "Okta", IconURL: "https://cdn.workos.com/provider-icons/light/okta.svg"}})

	icon, ok, err := catalog.Lookup(context.Background(), "OktaSAML")
	switch {
	case err != nil: // there is no list yet
		log.Print(err)
	case !ok: // there is no such icon
		fmt.Println("SSO")
	default:
		fmt.Printf("<img src=%q alt=%q>\n", icon.IconURL, icon.Name)
	}
	// Output: <img src="https://cdn.workos.com/provider-icons/light/okta.svg" alt="Okta">
}

func ExampleIconCatalog_All() {
	catalog := client.NewIconCatalog(staticIcons{{ID: "okta", Name: "Okta"}, {ID: "google", Name: "Google"}})

	all, err := catalog.All(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, icon := range all {
		fmt.Println(icon.Name)
	}
	// Output:
	// Okta
	// Google
}

// At startup, so that no page has to wait for the list.
func ExampleIconCatalog_Warm() {
	catalog := client.NewIconCatalog(staticIcons{{ID: "okta", Name: "Okta"}})
	catalog.Warm()

	icon, ok, err := catalog.Lookup(context.Background(), "okta")
	fmt.Println(icon.Name, ok, err)
	// Output: Okta true <nil>
}

// For a health page: a list that is older than a few days could not be refreshed.
func ExampleIconCatalog_Age() {
	catalog := client.NewIconCatalog(staticIcons{{ID: "okta", Name: "Okta"}})
	_, ok := catalog.Age()
	fmt.Println("fetched:", ok)

	_, _ = catalog.All(context.Background())
	age, ok := catalog.Age()
	fmt.Println("fetched:", ok, age < 72*time.Hour)
	// Output:
	// fetched: false
	// fetched: true true
}
