package client_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// An iconSource is a list of icons that takes its time. At most one fetch may run at a time.
type iconSource struct {
	took  time.Duration
	icons []client.ProviderIcon
	err   error
	asked int
}

func (s *iconSource) ListProviderIcons(ctx context.Context) ([]client.ProviderIcon, error) {
	s.asked++
	icons, err := s.icons, s.err
	time.Sleep(s.took)
	return icons, errors.Join(err, ctx.Err())
}

// wantAsked checks how often the list was fetched.
func (s *iconSource) wantAsked(t *testing.T, least, most int) {
	t.Helper()
	synctest.Wait()
	errorIf(t, s.asked < least || s.asked > most, "%d fetches, want %d to %d", s.asked, least, most)
}

func icons(ids ...string) (list []client.ProviderIcon) {
	for _, id := range ids {
		list = append(list, client.ProviderIcon{ID: id, Name: id, IconURL: "https://cdn.example/" + id + ".svg"})
	}
	return list
}

// wantIcon looks a provider up and checks that it has the icon want, at once; empty means none.
func wantIcon(t *testing.T, c *client.IconCatalog, provider, want string) {
	t.Helper()
	icon, ok, err := c.Lookup(t.Context(), provider)
	errorIf(t, icon.ID != want || ok != (want != "") || err != nil, "Lookup(%q) = %v, %v, %v, want %q", provider, icon, ok, err, want)
}

func TestLookupByIDAndConnectionType(t *testing.T) {
	cdn := client.NewIconCatalog(&iconSource{icons: icons("okta", "azure", "google", "google-cloud", "ping-identity", "net-iq", "generic-oidc", "Custom", "github")})
	for provider, want := range map[string]string{
		"okta": "okta", "Okta": "okta", "OktaSAML": "okta", "OktaOIDC": "okta", "oktasaml": "okta",
		"AzureSAML": "azure", "EntraIdOIDC": "azure", "GoogleOAuth": "google", "GoogleSAML": "google", "google-cloud": "google-cloud",
		"PingFederateSAML": "ping-identity", "PingOneSAML": "ping-identity", "NetIqSAML": "net-iq", "NETIQSAML": "net-iq",
		"GenericOIDC": "generic-oidc", "Custom": "Custom", "custom": "Custom", "GitHubOAuth": "github", "GithubOAuth": "github",
		"GenericSAML": "", "ADFSSAML": "", "MagicLink": "", "Pending": "", "GrokOAuth": "", "": "", "TomorrowSAML": "",
		"KeycloakSAML": "", // it has an icon, but this list does not
	} {
		wantIcon(t, cdn, provider, want)
	}
	reference := client.NewIconCatalog(&iconSource{icons: icons("okta", "google-saml")})
	for provider, want := range map[string]string{
		"google-saml": "google-saml", "GoogleSAML": "google-saml", "GoogleOAuth": "google-saml", "google": "", "OktaSAML": "okta",
	} {
		wantIcon(t, reference, provider, want)
	}
	for _, provider := range []string{"okta", "PingFederateSAML", "oktasaml", "nobody"} {
		n := testing.AllocsPerRun(100, func() { _, _, _ = cdn.Lookup(t.Context(), provider) })
		errorIf(t, n != 0, "Lookup(%q) allocates %v times, want 0", provider, n)
	}
}

func TestColdCatalogFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &iconSource{icons: icons("okta"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		_, ok := catalog.Age()
		errorIf(t, ok, "an empty catalog has an age")
		go func() { // leaves early, which does not end the fetch for the others
			_, _, err := catalog.Lookup(lasting(t, time.Millisecond), "okta")
			errorIf(t, !errors.Is(err, context.DeadlineExceeded), "Lookup: %v, want DeadlineExceeded", err)
		}()
		synctest.Wait()
		together(1000, func() {
			wantIcon(t, catalog, "OktaSAML", "okta")
			_, _ = catalog.All(t.Context())
			_, _ = catalog.Age()
			catalog.Warm()
		})
		src.wantAsked(t, 1, 1)
	})
}

func TestWarmCatalog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &iconSource{err: errors.New("away"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		same(t, "the time of Warm", timed(catalog.Warm), 0)
		client.NewIconCatalog(nil).Warm() // a source that panics in the background does not end the process
		for range 60 * 60 {               // an hour of pages, one a second
			time.Sleep(time.Second)
			catalog.Warm()
		}
		src.wantAsked(t, 30, 70) // about once a minute
		time.Sleep(2 * time.Second)
		asked := src.asked
		_, _, one := catalog.Lookup(t.Context(), "okta")
		_, all := catalog.All(t.Context())
		errorIf(t, !errors.Is(one, src.err) || !errors.Is(all, src.err), "Lookup: %v, All: %v, want the source's error", one, all)
		src.icons, src.err = icons("okta"), nil
		wantIcon(t, catalog, "okta", "okta") // a lookup without a list asks whenever it comes
		catalog.Warm()
		src.wantAsked(t, asked+3, asked+3)
	})
}

func TestOldListIsServedWhileARefreshRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &iconSource{icons: icons("okta"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		wantIcon(t, catalog, "okta", "okta")
		src.icons = icons("okta", "azure")
		time.Sleep(20 * time.Hour)
		wantIcon(t, catalog, "azure", "")
		src.wantAsked(t, 1, 1)
		time.Sleep(5 * time.Hour)
		waited := timed(func() { together(100, func() { wantIcon(t, catalog, "azure", "") }) })
		same(t, "the time of look-ups while a refresh runs", waited, 0)
		time.Sleep(2 * time.Second)
		wantIcon(t, catalog, "azure", "azure")
		src.wantAsked(t, 2, 2)
		age, ok := catalog.Age()
		errorIf(t, !ok || age != time.Second, "Age() = %v, %v, want 1s, true", age, ok)
	})
}

func TestLastGoodListStays(t *testing.T) {
	for name, away := range map[string]error{"service away": errors.New("away"), "empty list": nil} {
		bubble(t, name, func(t *testing.T) {
			src := &iconSource{icons: icons("okta")}
			catalog := client.NewIconCatalog(src)
			wantIcon(t, catalog, "okta", "okta")
			src.icons, src.err = nil, away
			time.Sleep(26 * time.Hour)
			for range 60 { // an hour of pages
				wantIcon(t, catalog, "okta", "okta")
				time.Sleep(time.Minute)
			}
			age, _ := catalog.Age()
			errorIf(t, age != 27*time.Hour, "Age() = %v, want 27h", age)
			src.wantAsked(t, 30, 70) // about once a minute
			src.icons, src.err = icons("okta", "azure"), nil
			wantIcon(t, catalog, "azure", "")
			synctest.Wait()
			wantIcon(t, catalog, "azure", "azure")
		})
	}
}

func TestFirstListThatIsEmptyIsNotKeptForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &iconSource{icons: []client.ProviderIcon{}}
		catalog := client.NewIconCatalog(src)
		wantIcon(t, catalog, "okta", "")
		all, err := catalog.All(t.Context())
		errorIf(t, all == nil || err != nil, "All() = %v, %v, want a list, if an empty one", all, err)
		src.icons = icons("okta")
		time.Sleep(time.Minute)
		wantIcon(t, catalog, "okta", "")
		src.wantAsked(t, 2, 2)
		wantIcon(t, catalog, "okta", "okta")
	})
}

func TestAllIsTheCallersOwn(t *testing.T) {
	list := icons("zeta", "alpha", "okta")
	catalog := client.NewIconCatalog(&iconSource{icons: list})
	for range 2 {
		got, err := catalog.All(t.Context())
		errorIf(t, err != nil || !slices.Equal(got, icons("zeta", "alpha", "okta")), "All() = %v, %v, want the service's order", got, err)
		clear(got)
		clear(list)
	}
}
