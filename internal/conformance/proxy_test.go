package conformance

import (
	"net/http"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Between client and sandbox, Prism answers in their place what is against the
// document: 422 for a request, 500 for a response. So an exchange that comes through
// as it was meant is in order on both sides.
func TestPrismBetweenClientAndSandbox(t *testing.T) {
	srv := portaltest.NewServer(t)
	url := prism(t, "proxy", srv.URL, "--errors")
	for _, d := range []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink} {
		t.Run(d.String(), func(t *testing.T) {
			portal := newClient(t, url, srv.APIKey, &http.Client{}, d)
			generate := func(organization string) error {
				_, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
					Organization: organization, Intent: client.IntentDsync, ReturnURL: "https://example.com/settings",
				})
				return err
			}
			check(t, 200, generate(srv.Organization))
			check(t, 404, generate("org_unknown"))
			for _, status := range []int{429, 500} {
				srv.Fail(portaltest.Fault{Status: status, RetryAfter: time.Second})
				err := generate(srv.Organization)
				check(t, status, err)
				if status == 429 {
					portal = newClient(t, url, srv.APIKey, &http.Client{}, d) // one that need not wait
				}
			}
			wrong := newClient(t, url, "sk_test_wrong", &http.Client{}, d)
			_, err := wrong.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
			check(t, 401, err)
			if _, err := portal.ListProviderIcons(t.Context()); err != nil {
				t.Errorf("ListProviderIcons: %v", err)
			}
		})
	}
}
