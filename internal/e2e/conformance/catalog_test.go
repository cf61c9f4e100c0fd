package conformance

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// The catalog knows every icon that Prism serves by its ID and, of the provider that all
// examples have, by the type of a connection; it asks once.
func TestIconCatalog(t *testing.T) {
	for _, op := range operations(t) {
		if op.links {
			continue
		}
		for _, a := range op.answers(t) {
			if !a.ok() {
				continue
			}
			t.Run(a.String(), func(t *testing.T) {
				l := &line{prefer: always(a)}
				catalog := client.NewIconCatalog(dial(t, l, client.WithDialect(op.dialect)))
				all, err := catalog.All(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				wantIcons(t, a, all)
				for _, icon := range all {
					if got, ok, err := catalog.Lookup(t.Context(), icon.ID); err != nil || !ok || got != icon {
						t.Errorf("Lookup(%s) = %+v, %v, %v, want %+v", icon.ID, got, ok, err, icon)
					}
				}
				if got, ok, err := catalog.Lookup(t.Context(), "OktaSAML"); err != nil || !ok || got.ID != "okta" {
					t.Errorf("Lookup(OktaSAML) = %+v, %v, %v, want okta", got, ok, err)
				}
				if _, ok, err := catalog.Lookup(t.Context(), "MagicLink"); err != nil || ok {
					t.Errorf("Lookup(MagicLink) = _, %v, %v, want none, without an error", ok, err)
				}
				if n := len(l.requests()); n != 1 {
					t.Errorf("sent %d requests, want 1", n)
				}
			})
		}
	}
}

// The last good list stays while the service fails, whatever it says; without one, its
// error is the caller's.
func TestCatalogWhileTheServiceFails(t *testing.T) {
	for _, op := range operations(t) {
		if op.links {
			continue
		}
		for _, a := range op.answers(t) {
			if a.ok() {
				continue
			}
			t.Run(a.String(), func(t *testing.T) {
				empty := client.NewIconCatalog(dial(t, &line{prefer: always(a)}, client.WithDialect(op.dialect)))
				_, _, err := empty.Lookup(t.Context(), "okta")
				wantOnly(t, err, a.sentinel())
				if e := asError(t, err); e.StatusCode != a.status {
					t.Errorf("%+v, want a %d", e, a.status)
				}
				if age, ok := empty.Age(); ok {
					t.Errorf("a list of age %v, want none", age)
				}

				refreshed := make(chan struct{}, 1)
				l := &line{prefer: func(n int, r *http.Request) string {
					if n == 1 {
						return op.success(t).ask(r)
					}
					refreshed <- struct{}{}
					return a.ask(r)
				}}
				catalog := client.NewIconCatalog(dial(t, l, client.WithDialect(op.dialect)), client.WithCatalogMaxAge(time.Nanosecond))
				first, err := catalog.All(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, ok, err := catalog.Lookup(t.Context(), "okta"); !ok || err != nil {
					t.Errorf("an old list: %v, %v, want it served", ok, err)
				}
				<-refreshed
				if again, err := catalog.All(t.Context()); err != nil || !slices.Equal(again, first) {
					t.Errorf("%v, %v, want the last good list", again, err)
				}
			})
		}
	}
}
