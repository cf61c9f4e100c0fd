package client_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A source is a list of icons that takes its time.
type source struct {
	mu    sync.Mutex
	asked int
	took  time.Duration
	icons []client.ProviderIcon
	err   error
}

func (s *source) ListProviderIcons(ctx context.Context) ([]client.ProviderIcon, error) {
	s.mu.Lock()
	s.asked++
	icons, err, took := s.icons, s.err, s.took
	s.mu.Unlock()
	select {
	case <-time.After(took):
		return icons, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *source) set(icons []client.ProviderIcon, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.icons, s.err = icons, err
}

func (s *source) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func icons(ids ...string) (list []client.ProviderIcon) {
	for _, id := range ids {
		list = append(list, client.ProviderIcon{ID: id, Name: id, IconURL: "https://cdn.example/" + id + ".svg"})
	}
	return list
}

func lookup(t *testing.T, c *client.IconCatalog, provider string) string {
	t.Helper()
	icon, ok, err := c.Lookup(t.Context(), provider)
	if err != nil {
		t.Fatalf("Lookup(%q): %v", provider, err)
	}
	if !ok && icon != (client.ProviderIcon{}) {
		t.Errorf("Lookup(%q) = %v, false, want the zero icon", provider, icon)
	}
	return icon.ID
}

func TestLookupByIDAndConnectionType(t *testing.T) {
	cdn := client.NewIconCatalog(&source{icons: icons("okta", "azure", "google", "google-cloud", "ping-identity", "net-iq", "generic-oidc", "Custom")})
	sheet := client.NewIconCatalog(&source{icons: icons("okta", "google-saml")})
	for _, tt := range []struct {
		catalog  *client.IconCatalog
		provider string
		want     string
	}{
		{cdn, "okta", "okta"}, {cdn, "Okta", "okta"}, {cdn, "OktaSAML", "okta"}, {cdn, "OktaOIDC", "okta"}, {cdn, "oktasaml", "okta"},
		{cdn, "AzureSAML", "azure"}, {cdn, "EntraIdOIDC", "azure"}, {cdn, "GoogleOAuth", "google"}, {cdn, "GoogleSAML", "google"}, {cdn, "google-cloud", "google-cloud"},
		{cdn, "PingFederateSAML", "ping-identity"}, {cdn, "PingOneSAML", "ping-identity"}, {cdn, "NetIqSAML", "net-iq"}, {cdn, "NETIQSAML", "net-iq"},
		{cdn, "GenericOIDC", "generic-oidc"}, {cdn, "Custom", "Custom"}, {cdn, "custom", "Custom"},
		{cdn, "GenericSAML", ""}, {cdn, "ADFSSAML", ""}, {cdn, "MagicLink", ""}, {cdn, "Pending", ""}, {cdn, "GrokOAuth", ""}, {cdn, "", ""}, {cdn, "TomorrowSAML", ""},
		{cdn, "KeycloakSAML", ""}, // it has an icon, but this list does not
		{sheet, "google-saml", "google-saml"}, {sheet, "GoogleSAML", "google-saml"}, {sheet, "GoogleOAuth", "google-saml"}, {sheet, "google", ""}, {sheet, "OktaSAML", "okta"},
	} {
		if got := lookup(t, tt.catalog, tt.provider); got != tt.want {
			t.Errorf("Lookup(%q) = %q, want %q", tt.provider, got, tt.want)
		}
	}
}

func TestBothSpellingsOfGitHub(t *testing.T) {
	catalog := client.NewIconCatalog(&source{icons: icons("github")})
	for _, connectionType := range []string{"GitHubOAuth", "GithubOAuth"} {
		if got := lookup(t, catalog, connectionType); got != "github" {
			t.Errorf("Lookup(%q) = %q, want github", connectionType, got)
		}
	}
}

func TestColdCatalogFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{icons: icons("okta"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		ctx, cancel := contextWithin(t, time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { // leaves early, and does not end it for the others
			if _, _, err := catalog.Lookup(ctx, "okta"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
		})
		synctest.Wait()
		for range 1000 {
			wg.Go(func() {
				if _, ok, err := catalog.Lookup(t.Context(), "okta"); !ok || err != nil {
					t.Errorf("Lookup = %v, %v", ok, err)
				}
			})
		}
		wg.Wait()
		if src.questions() != 1 {
			t.Errorf("%d fetches, want 1", src.questions())
		}
	})
}

func TestWarmDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{icons: icons("okta"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		start := time.Now()
		catalog.Warm()
		catalog.Warm()
		if time.Since(start) != 0 {
			t.Errorf("Warm took %v", time.Since(start))
		}
		time.Sleep(2 * time.Second)
		start = time.Now()
		if got := lookup(t, catalog, "okta"); got != "okta" || time.Since(start) != 0 {
			t.Errorf("Lookup = %q after %v, want okta at once", got, time.Since(start))
		}
		catalog.Warm()
		synctest.Wait()
		if src.questions() != 1 {
			t.Errorf("%d fetches, want 1", src.questions())
		}
	})
}

func TestOldListIsServedWhileARefreshRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{icons: icons("okta"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		if _, ok := catalog.Age(); ok {
			t.Error("an empty catalog has an age")
		}
		lookup(t, catalog, "okta")
		src.set(icons("okta", "azure"), nil)

		time.Sleep(20 * time.Hour)
		lookup(t, catalog, "azure")
		synctest.Wait()
		if src.questions() != 1 {
			t.Errorf("refreshed after 20 hours of 24")
		}
		time.Sleep(5 * time.Hour)
		start := time.Now()
		for range 100 {
			if got := lookup(t, catalog, "azure"); got != "" {
				t.Errorf("Lookup = %q, want the old list at once", got)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("lookups waited %v for the refresh", time.Since(start))
		}
		time.Sleep(2 * time.Second)
		if got := lookup(t, catalog, "azure"); got != "azure" || src.questions() != 2 {
			t.Errorf("Lookup = %q after %d fetches, want azure after 2", got, src.questions())
		}
		if age, ok := catalog.Age(); !ok || age != time.Second {
			t.Errorf("Age = %v, %v, want 1s", age, ok)
		}
	})
}

func TestLastGoodListStays(t *testing.T) {
	for name, bad := range map[string]func(*source){
		"service away": func(s *source) { s.set(nil, errors.New("away")) },
		"empty list":   func(s *source) { s.set(nil, nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			src := &source{icons: icons("okta")}
			catalog := client.NewIconCatalog(src)
			lookup(t, catalog, "okta")
			bad(src)
			time.Sleep(26 * time.Hour)
			for range 60 { // an hour of pages
				if got := lookup(t, catalog, "okta"); got != "okta" {
					t.Fatalf("%s: Lookup = %q, want okta", name, got)
				}
				time.Sleep(time.Minute)
			}
			if age, _ := catalog.Age(); age != 27*time.Hour {
				t.Errorf("%s: Age = %v, want 27h", name, age)
			}
			if n := src.questions(); n < 30 || n > 70 {
				t.Errorf("%s: asked %d times in an hour, want about once a minute", name, n)
			}
			src.set(icons("okta", "azure"), nil)
			lookup(t, catalog, "azure")
			synctest.Wait()
			if got := lookup(t, catalog, "azure"); got != "azure" {
				t.Errorf("%s: after the service is back: Lookup = %q, want azure", name, got)
			}
		})
	}
}

func TestColdCatalogTriesAgainAfterAnError(t *testing.T) {
	src := &source{err: errors.New("away")}
	catalog := client.NewIconCatalog(src)
	for range 2 {
		if _, _, err := catalog.Lookup(t.Context(), "okta"); !errors.Is(err, src.err) {
			t.Errorf("Lookup: %v, want the source's error", err)
		}
		if _, err := catalog.All(t.Context()); !errors.Is(err, src.err) {
			t.Errorf("All: %v, want the source's error", err)
		}
	}
	src.set(icons("okta"), nil)
	if got := lookup(t, catalog, "okta"); got != "okta" {
		t.Errorf("Lookup = %q, want okta", got)
	}
}

// Every page that names a provider calls Warm while there is no list.
func TestFailedWarmUpRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{err: errors.New("away"), took: time.Second}
		catalog := client.NewIconCatalog(src)
		for range 60 * 60 { // an hour of pages, one a second
			catalog.Warm()
			time.Sleep(time.Second)
		}
		if n := src.questions(); n < 30 || n > 70 {
			t.Errorf("asked %d times in an hour, want about once a minute", n)
		}
		if _, _, err := catalog.Lookup(t.Context(), "okta"); !errors.Is(err, src.err) {
			t.Errorf("Lookup: %v, want the source's error", err)
		}
		before := src.questions()
		src.set(icons("okta"), nil)
		if got := lookup(t, catalog, "okta"); got != "okta" || src.questions() != before+1 {
			t.Errorf("Lookup = %q, want okta at once: who waits for an icon asks", got)
		}
	})
}

func TestFirstListThatIsEmptyIsNotKeptForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &source{}
		catalog := client.NewIconCatalog(src)
		if got := lookup(t, catalog, "okta"); got != "" {
			t.Errorf("Lookup = %q, want none", got)
		}
		src.set(icons("okta"), nil)
		for range 2 {
			time.Sleep(time.Minute)
			lookup(t, catalog, "okta")
			synctest.Wait()
		}
		if got := lookup(t, catalog, "okta"); got != "okta" || src.questions() != 2 {
			t.Errorf("two minutes later: Lookup = %q after %d fetches, want okta after 2", got, src.questions())
		}
	})
}

func TestAllIsTheCallersOwn(t *testing.T) {
	list := icons("zeta", "alpha", "okta")
	catalog := client.NewIconCatalog(&source{icons: list})
	for range 2 {
		got, err := catalog.All(t.Context())
		if err != nil || !slices.Equal(got, icons("zeta", "alpha", "okta")) {
			t.Fatalf("All = %v, %v, want the service's order", got, err)
		}
		clear(got)
		clear(list)
	}
}

func TestWarmLookupsDoNotAllocate(t *testing.T) {
	catalog := client.NewIconCatalog(&source{icons: icons("okta", "ping-identity")})
	lookup(t, catalog, "okta")
	ctx := t.Context()
	for _, provider := range []string{"okta", "PingFederateSAML", "oktasaml", "nobody"} {
		if n := testing.AllocsPerRun(100, func() { _, _, _ = catalog.Lookup(ctx, provider) }); n != 0 {
			t.Errorf("Lookup(%q) allocates %v times, want 0", provider, n)
		}
	}
}

func TestCatalogIsSafeForConcurrentUse(t *testing.T) {
	var n atomic.Int64
	src := &source{icons: icons("okta")}
	catalog := client.NewIconCatalog(src)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				if _, ok, err := catalog.Lookup(t.Context(), "OktaSAML"); ok && err == nil {
					n.Add(1)
				}
				_, _ = catalog.All(t.Context())
				_, _ = catalog.Age()
				catalog.Warm()
			}
		})
	}
	wg.Wait()
	if n.Load() != 16*200 {
		t.Errorf("%d lookups found the icon, want all", n.Load())
	}
}
