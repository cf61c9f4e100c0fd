package portalhttp_test

import (
	"context"
	"errors"
	"html/template"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

var (
	okta  = client.ProviderIcon{ID: "okta", Name: "Okta", IconURL: "https://cdn.example/light/okta.svg", DarkIconURL: "https://cdn.example/dark/okta.svg"}
	slack = client.ProviderIcon{ID: "slack", Name: "Slack", IconURL: "https://cdn.example/light/slack.svg"}
)

const keyhole = `viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><rect x="3" y="3" width="18" height="18" rx="5"/><circle cx="12" cy="10.5" r="2"/><path d="M11 12.5 10.5 16h3L13 12.5"/></svg>`

func TestIconHTML(t *testing.T) {
	for _, c := range []struct {
		name string
		icon client.ProviderIcon
		size int
		alt  []string
		want string
	}{
		{"light and dark", okta, 32, nil, `<picture><source srcset="https://cdn.example/dark/okta.svg" media="(prefers-color-scheme: dark)"><img src="https://cdn.example/light/okta.svg" alt="Okta" width="32" height="32" decoding="async" referrerpolicy="no-referrer"></picture>`},
		{"light alone", slack, 0, nil, `<img src="https://cdn.example/light/slack.svg" alt="Slack" width="24" height="24" decoding="async" referrerpolicy="no-referrer">`},
		{"beside its name", slack, -1, []string{""}, `<img src="https://cdn.example/light/slack.svg" alt="" width="24" height="24" decoding="async" referrerpolicy="no-referrer">`},
		{"none", client.ProviderIcon{}, 48, nil, `<svg aria-hidden="true" width="48" height="48" ` + keyhole},
		{"none, of a name", client.ProviderIcon{Name: "Acme IdP"}, 48, nil, `<svg role="img" aria-label="Acme IdP" width="48" height="48" ` + keyhole},
		{"another text", slack, 24, []string{"Sign in with Slack"}, `<img src="https://cdn.example/light/slack.svg" alt="Sign in with Slack" width="24" height="24" decoding="async" referrerpolicy="no-referrer">`},
	} {
		if got := portalhttp.IconHTML(c.icon, c.size, c.alt...); string(got) != c.want {
			t.Errorf("%s: IconHTML = %s, want %s", c.name, got, c.want)
		}
	}
}

func TestIconEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	for _, icon := range []client.ProviderIcon{
		{Name: evil, IconURL: "https://cdn.example/" + evil, DarkIconURL: "https://cdn.example/" + evil},
		{Name: "x", IconURL: "javascript:alert(1)", DarkIconURL: "javascript:alert(1)"},
		{Name: "x", IconURL: "https://cdn.example/a.svg", DarkIconURL: "https://a.example/a.svg 1x, javascript:alert(1) 2x"},
	} {
		got := string(portalhttp.IconHTML(icon, 24, icon.Name+evil))
		if strings.Contains(got, "<script") || strings.Contains(got, "javascript:") {
			t.Errorf("IconHTML(%+v) = %s", icon, got)
		}
	}
}

// A source lists what it is told to, and counts.
type source struct {
	asked atomic.Int32
	list  func(context.Context) ([]client.ProviderIcon, error)
}

func (s *source) ListProviderIcons(ctx context.Context) ([]client.ProviderIcon, error) {
	s.asked.Add(1)
	return s.list(ctx)
}

func render(t testing.TB, catalog *client.IconCatalog, text string) string {
	t.Helper()
	tmpl := template.Must(template.New("").Funcs(portalhttp.IconFuncs(catalog)).Parse(text))
	var b strings.Builder
	if err := tmpl.Execute(&b, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProviderIconInATemplate(t *testing.T) {
	catalog := client.NewIconCatalog(&source{list: func(context.Context) ([]client.ProviderIcon, error) {
		return []client.ProviderIcon{okta, slack}, nil
	}})
	if _, err := catalog.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{{providerIcon "OktaSAML" 24}}`:             string(portalhttp.IconHTML(okta, 24)),
		`{{providerIcon "okta" 48 ""}}`:              string(portalhttp.IconHTML(okta, 48, "")),
		`{{providerIcon "SlackOAuth" 24 "chat"}}`:    string(portalhttp.IconHTML(slack, 24, "chat")),
		`{{providerIcon "NewThingSAML" 24}}`:         string(portalhttp.IconHTML(client.ProviderIcon{Name: "NewThingSAML"}, 24)),
		`{{providerIcon "" 24}}`:                     string(portalhttp.IconHTML(client.ProviderIcon{}, 24)),
		`{{providerIcon "NewThingSAML" 24 ""}}`:      string(portalhttp.IconHTML(client.ProviderIcon{}, 24)),
		`{{providerIcon "<script>alert(1)" 24}}`:     string(portalhttp.IconHTML(client.ProviderIcon{Name: "<script>alert(1)"}, 24)),
		`<p title="{{providerIcon "okta" 24}}"></p>`: `<p title=""></p>`, // markup has no place in an attribute
	} {
		if got := render(t, catalog, text); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

// A page is not held up by a catalog that is still empty, nor by one whose service is away; what it fetches meanwhile
// is there for the next page.
func TestPagesDoNotWaitForIcons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan []client.ProviderIcon)
		s := &source{list: func(context.Context) ([]client.ProviderIcon, error) {
			if icons := <-answer; icons != nil {
				return icons, nil
			}
			return nil, errors.New("away")
		}}
		catalog := client.NewIconCatalog(s)
		const text = `{{providerIcon "okta" 24}}{{providerIcon "slack" 24}}`
		for range 3 {
			if got := render(t, catalog, text); strings.Count(got, keyhole) != 2 {
				t.Errorf("page while the list is fetched = %s, want keyholes", got)
			}
			synctest.Wait()
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("fetches = %d, want 1 for all pages", n)
		}
		answer <- nil
		synctest.Wait()
		if got := render(t, catalog, text); strings.Count(got, keyhole) != 2 {
			t.Errorf("page while the service is away = %s, want keyholes", got)
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("fetches = %d, want none by a page right after one that failed", n)
		}
		time.Sleep(2 * time.Minute)
		render(t, catalog, text)
		answer <- []client.ProviderIcon{okta, slack}
		synctest.Wait()
		if got := render(t, catalog, text); got != string(portalhttp.IconHTML(okta, 24)+portalhttp.IconHTML(slack, 24)) {
			t.Errorf("page once the list is there = %s, want the icons", got)
		}
	})
}
