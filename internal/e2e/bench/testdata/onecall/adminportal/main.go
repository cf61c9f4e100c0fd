// Command adminportal makes one portal link with this module's client.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/adminportal-go/adminportal/client"
)

func main() {
	link, err := generate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(link.URL)
}

func generate(ctx context.Context) (*client.PortalLink, error) {
	portal, err := client.NewFromEnv()
	if err != nil {
		return nil, err
	}
	return portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
		Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY",
		Intent:       client.IntentSSO,
		ReturnURL:    "https://example.com/settings",
	})
}
