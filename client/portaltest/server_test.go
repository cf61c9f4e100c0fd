package portaltest_test

import (
	"net/http"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// What the package promises first: three lines of a user's test.
func TestClientAgainstPortal(t *testing.T) {
	srv := portaltest.NewServer(t)
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	srv.Fail(portaltest.Fault{Status: http.StatusServiceUnavailable})
	link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
		Organization: srv.Organization,
		Intent:       client.IntentSSO,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := srv.Links()[0].URL; got != link.URL {
		t.Errorf("Links()[0].URL = %q, want the link that the client got, %q", got, link.URL)
	}
	for _, r := range srv.Requests() {
		t.Logf("%+v", r)
	}
}
