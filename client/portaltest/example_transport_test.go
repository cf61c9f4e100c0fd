package portaltest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// testExpiredLink is called TestExpiredLink in a test of yours. In the bubble, a sleep
// moves the clocks of the client and of the portal at once.
func testExpiredLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := portaltest.NewHandler()
		hc := &http.Client{Transport: srv.Transport()}
		portal, err := client.New(srv.APIKey, client.WithBaseURL("https://portal.test"), client.WithHTTPClient(hc))
		if err != nil {
			t.Fatal(err)
		}
		link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
			Organization: srv.Organization,
			Intent:       client.IntentSSO,
		})
		if err != nil {
			t.Fatal(err)
		}

		time.Sleep(time.Hour)
		if !link.Expired() {
			t.Error("the link is alive after an hour")
		}
		resp, err := hc.Get(link.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusGone {
			t.Errorf("the link's page answers %d, want 410", resp.StatusCode)
		}
		fresh, err := portal.EnsureFresh(t.Context(), link)
		if err != nil || fresh.URL == link.URL {
			t.Errorf("EnsureFresh returned the old link, or %v", err)
		}
	})
}

// A test of an expired link, without a wait and without a socket.
func ExampleHandler_Transport_expiredLink() {
	_ = testExpiredLink
}
