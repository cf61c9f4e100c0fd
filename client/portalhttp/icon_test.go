package portalhttp_test

import (
	"context"
	"errors"
	"html/template"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

var (
	okta  = client.ProviderIcon{ID: "okta", Name: "Okta", IconURL: "https://cdn.example/light/okta.svg", DarkIconURL: "https://cdn.example/dark/okta.svg"}
	slack = client.ProviderIcon{ID: "slack", Name: "Slack", IconURL: "https://cdn.example/slack.svg"}
)

// A source lists what it is told to.
type source func() ([]client.ProviderIcon, error)

func (s source) ListProviderIcons(context.Context) ([]client.ProviderIcon, error) { return s() }

// listing is a catalog of okta and slack.
func listing() *client.IconCatalog {
	return client.NewIconCatalog(source(func() ([]client.ProviderIcon, error) { return []client.ProviderIcon{okta, slack}, nil }))
}

func render(t testing.TB, catalog *client.IconCatalog, text string) string {
	t.Helper()
	var b strings.Builder
	if err := template.Must(template.New("").Funcs(portalhttp.IconFuncs(catalog)).Parse(text)).Execute(&b, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProviderIcon(t *testing.T) {
	const (
		attributes = ` decoding="async" referrerpolicy="no-referrer">`
		dark       = `<picture><source srcset="https://cdn.example/dark/okta.svg" media="(prefers-color-scheme: dark)">`
	)
	catalog := listing()
	if _, err := catalog.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{{providerIcon "OktaSAML" 32}}`:             dark + `<img src="https://cdn.example/light/okta.svg" alt="Okta" width="32" height="32"` + attributes + `</picture>`,
		`{{providerIcon "slack" 0}}`:                 `<img src="https://cdn.example/slack.svg" alt="Slack" width="24" height="24"` + attributes,
		`{{providerIcon "slack" -1 ""}}`:             `<img src="https://cdn.example/slack.svg" alt="" width="24" height="24"` + attributes,
		`{{providerIcon "SlackOAuth" 48 "chat"}}`:    `<img src="https://cdn.example/slack.svg" alt="chat" width="48" height="48"` + attributes,
		`{{providerIcon "NewThingSAML" 48}}`:         `<svg role="img" aria-label="NewThingSAML" width="48" height="48" `,
		`{{providerIcon "NewThingSAML" 24 ""}}`:      `<svg aria-hidden="true" width="24" height="24" `,
		`{{providerIcon "" 24}}`:                     `<svg aria-hidden="true" width="24" height="24" `,
		`{{providerIcon "<script>" 24}}`:             `<svg role="img" aria-label="&lt;script&gt;" width="24" height="24" `,
		`<p title="{{providerIcon "okta" 24}}"></p>`: `<p title=""></p>`, // markup has no place in an attribute
	} {
		got := render(t, catalog, text)
		if rest, neutral := strings.CutPrefix(got, want); got != want && (!neutral || !strings.HasPrefix(want, "<svg") || !strings.HasSuffix(rest, "</svg>")) {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
	}
}

// A page is not held up by a catalog that is still empty, nor by one whose service is away; what it fetches meanwhile
// is there for the next page.
func TestPagesDoNotWaitForIcons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, answer := 0, make(chan error)
		catalog := client.NewIconCatalog(source(func() ([]client.ProviderIcon, error) {
			asked++
			return []client.ProviderIcon{okta, slack}, <-answer
		}))
		look := func(when string, icons, fetches int) {
			t.Helper()
			got := render(t, catalog, `{{providerIcon "okta" 24}}{{providerIcon "slack" 24}}`)
			synctest.Wait()
			errorIf(t, strings.Count(got, "<img") != icons || strings.Count(got, "<svg") != 2-icons || asked != fetches, "page %s = %s after %d fetches, want %d icons after %d", when, got, asked, icons, fetches)
		}
		look("while the list is fetched", 0, 1)
		look("after it", 0, 1)
		answer <- errors.New("away")
		synctest.Wait()
		look("right after a fetch that failed", 0, 1)
		time.Sleep(2 * time.Minute)
		look("later", 0, 2)
		answer <- nil
		synctest.Wait()
		look("once the list is there", 2, 2)
	})
}
