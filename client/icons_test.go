package client_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

const sheetIcons = `{"object":"list","data":[
	{"id":"okta","name":"Okta","icon_url":"https://workos.com/icons/okta.svg"},
	{"id":"google-saml","name":"Google","icon_url":"https://workos.com/icons/google.svg"}]}`

func TestIconsOfTheSheet(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); reply(w, 200, sheetIcons) })
	want := []client.ProviderIcon{
		{ID: "okta", Name: "Okta", IconURL: "https://workos.com/icons/okta.svg"},
		{ID: "google-saml", Name: "Google", IconURL: "https://workos.com/icons/google.svg"},
	}
	for range 2 {
		icons, err := portal.ListProviderIcons(t.Context())
		if err != nil || !reflect.DeepEqual(icons, want) {
			t.Errorf("ListProviderIcons = %v, %v, want %v", icons, err, want)
		}
	}
	for _, r := range seen.requests() {
		if r.path != "/provider_icons" || r.header.Get("Authorization") != "Bearer "+testKey {
			t.Errorf("asked %s with %q, want /provider_icons with the key", r.path, r.header.Get("Authorization"))
		}
	}
}

// apiAndCDN are two servers, so that what is sent to each can be told apart.
func apiAndCDN(t *testing.T, file string) (portal *client.Client, api, cdn *tally, cdnURL string) {
	api, cdn = new(tally), new(tally)
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api.note(r).path == livePath {
			liveLink(w)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(a.Close)
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cdn.note(r).path != "/provider-icons.json" {
			http.NotFound(w, r)
			return
		}
		reply(w, 200, file)
	}))
	t.Cleanup(c.Close)
	return newClient(t, client.WithBaseURL(a.URL), client.WithCDNURL(c.URL)), api, cdn, c.URL
}

func TestIconsOfTheCDN(t *testing.T) {
	const base = "https://cdn.example/i/"
	for name, tt := range map[string]struct {
		file string
		want []client.ProviderIcon
	}{
		"slugs": {`["okta","slack","google-cloud","adp"]`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta", IconURL: "CDN/provider-icons/light/okta.svg", DarkIconURL: "CDN/provider-icons/dark/okta.svg"},
			{ID: "slack", Name: "Slack", IconURL: "CDN/provider-icons/light/slack.svg"},
			{ID: "google-cloud", Name: "Google Cloud", IconURL: "CDN/provider-icons/light/google-cloud.svg", DarkIconURL: "CDN/provider-icons/dark/google-cloud.svg"},
			{ID: "adp", Name: "ADP", IconURL: "CDN/provider-icons/light/adp.svg", DarkIconURL: "CDN/provider-icons/dark/adp.svg"},
		}},
		"slugs under data": {`{"object":"list","data":["okta"]}`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta", IconURL: "CDN/provider-icons/light/okta.svg", DarkIconURL: "CDN/provider-icons/dark/okta.svg"},
		}},
		"objects": {`[{"slug":"okta","name":"Okta Inc","light":"` + base + `o.svg","dark":"` + base + `od.svg"},{"id":"azure","icon_url":"` + base + `a.svg"},{"id":"duo"}]`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta Inc", IconURL: base + "o.svg", DarkIconURL: base + "od.svg"},
			{ID: "azure", Name: "Azure", IconURL: base + "a.svg"},
			{ID: "duo", Name: "Duo", IconURL: "CDN/provider-icons/light/duo.svg", DarkIconURL: "CDN/provider-icons/dark/duo.svg"},
		}},
		"the sheet's shape": {sheetIcons, []client.ProviderIcon{
			{ID: "okta", Name: "Okta", IconURL: "https://workos.com/icons/okta.svg"},
			{ID: "google-saml", Name: "Google", IconURL: "https://workos.com/icons/google.svg"},
		}},
		"relative addresses": {`[{"slug":"okta","light":"/x/o.svg","dark":"x/od.svg"}]`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta", IconURL: "CDN/x/o.svg", DarkIconURL: "CDN/x/od.svg"},
		}},
		"odd entries": {`[7,null,[],{},"",{"id":7},"../../x","a b",{"name":"nameless"},{"slug":"evil","light":"javascript:alert(1)"},{"slug":"plain","light":"http://cdn.example/p.svg","dark":"data:x"},{"id":["x"],"slug":"okta","dark":"ftp://x/y"}]`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta", IconURL: "CDN/provider-icons/light/okta.svg"},
		}},
		"empty": {`[]`, []client.ProviderIcon{}},
	} {
		t.Run(name, func(t *testing.T) {
			portal, api, cdn, cdnURL := apiAndCDN(t, tt.file)
			icons, err := portal.ListProviderIcons(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range tt.want {
				tt.want[i].IconURL = strings.Replace(tt.want[i].IconURL, "CDN", cdnURL, 1)
				tt.want[i].DarkIconURL = strings.Replace(tt.want[i].DarkIconURL, "CDN", cdnURL, 1)
			}
			if !reflect.DeepEqual(icons, tt.want) {
				t.Errorf("ListProviderIcons =\n%+v, want\n%+v", icons, tt.want)
			}
			if _, err := portal.ListProviderIcons(t.Context()); err != nil {
				t.Fatal(err)
			}
			if api.total() != 1 || cdn.total() != 2 {
				t.Errorf("two calls made %d requests of the API and %d of the CDN, want 1 and 2", api.total(), cdn.total())
			}
			for _, r := range cdn.requests() {
				for name, values := range r.header {
					if strings.Contains(strings.Join(values, " "), testKey) {
						t.Errorf("the CDN was sent the key, in %s", name)
					}
				}
			}
		})
	}
}

func TestIconListsThatAreNone(t *testing.T) {
	for _, body := range []string{
		"", "null", "7", `"okta"`, "{}", `{"data":null}`, `{"data":{}}`, `{"data":"x"}`, "<html>", `["okta"`, `[7,{}]`, `{"data":[{"id":"okta"`,
		`{"data":[{"id":"","name":"x","icon_url":"https://x.example/x.svg"}]}`, `{"data":[{"id":"x","icon_url":"javascript:alert(1)"}]}`,
	} {
		for _, dialect := range []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink} {
			portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, body) }, client.WithDialect(dialect))
			icons, err := portal.ListProviderIcons(t.Context())
			wantOnly(t, err, client.ErrMalformedResponse)
			if icons != nil {
				t.Errorf("%v: %q: got %v with an error", dialect, body, icons)
			}
		}
	}
}

func TestIconsFollowWhatTheLinksLearned(t *testing.T) {
	portal, api, cdn, _ := apiAndCDN(t, `["okta"]`)
	generate(t, portal)
	if _, err := portal.ListProviderIcons(t.Context()); err != nil {
		t.Fatal(err)
	}
	if api.of("/provider_icons") != 0 || cdn.total() != 1 {
		t.Errorf("%d requests for icons of the API and %d of the CDN, want 0 and 1", api.of("/provider_icons"), cdn.total())
	}
}

// That the CDN has icons says nothing of the API: a proxy may have answered there.
func TestIconsTeachTheLinksNothing(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch seen.note(r).path {
		case "/provider-icons.json":
			reply(w, 200, `["okta"]`)
		case sheetPath:
			sheetLink(w)
		default:
			http.NotFound(w, r)
		}
	})
	if _, err := portal.ListProviderIcons(t.Context()); err != nil {
		t.Fatal(err)
	}
	generate(t, portal)
	if seen.of(sheetPath) != 1 || seen.of(livePath) != 0 {
		t.Errorf("%d + %d requests for the link, want 1 + 0", seen.of(sheetPath), seen.of(livePath))
	}
}

func TestNoIconsAnywhere(t *testing.T) {
	// Hosts of static files answer 403 for one that is missing, and a service that
	// wants a key for everything 401.
	for _, status := range []int{404, 403, 401} {
		var seen tally
		portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if seen.note(r).path == "/provider-icons.json" {
				reply(w, status, `{"message":"Unauthorized","code":"unauthorized"}`)
				return
			}
			http.NotFound(w, r)
		})
		for range 2 {
			_, err := portal.ListProviderIcons(t.Context())
			wantOnly(t, err, nil)
			if e := asError(t, err); e.StatusCode != status || !strings.Contains(err.Error(), "icon list") || e.Hint() == "" {
				t.Errorf("got %v, want a %d that speaks of the icon list, and a hint", err, status)
			}
		}
		if seen.total() != 4 {
			t.Errorf("%d: %d requests, want both routes tried each time", status, seen.total())
		}
	}
}

// The CDN is not part of the API's budget.
func TestSpentBudgetDoesNotHoldTheCDN(t *testing.T) {
	limiter := new(countingLimiter)
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/provider-icons.json" {
			reply(w, 200, `["okta"]`)
			return
		}
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "60")
		liveLink(w)
	}, client.WithDialect(client.DialectGenerateLink), client.WithLimiter(limiter))
	generate(t, portal)
	ctx, cancel := contextWithin(t, 5e9)
	defer cancel()
	if _, err := portal.ListProviderIcons(ctx); err != nil {
		t.Error(err)
	}
	if limiter.tokens != 1 {
		t.Errorf("%d tokens, want 1: the link's", limiter.tokens)
	}
}

// Unless told, a client leaves its base URL for the real CDN only with the real API.
func TestDefaultServers(t *testing.T) {
	for _, tt := range []struct {
		opts []client.Option
		want string
	}{
		{nil, "https://cdn.workos.com/provider-icons.json"},
		{[]client.Option{client.WithBaseURL("https://api.workos.com/")}, "https://cdn.workos.com/provider-icons.json"},
		{[]client.Option{client.WithBaseURL("https://proxy.example/x")}, "https://proxy.example/x/provider-icons.json"},
		{[]client.Option{client.WithCDNURL("https://cdn.example/y/"), client.WithBaseURL("https://proxy.example")}, "https://cdn.example/y/provider-icons.json"},
	} {
		var asked string
		portal := newClient(t, append(tt.opts, client.WithDialect(client.DialectGenerateLink), client.WithHTTPClient(&http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				asked = r.URL.String()
				return memory(func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `["okta"]`) }).RoundTrip(r)
			}),
		}))...)
		if _, err := portal.ListProviderIcons(t.Context()); err != nil {
			t.Fatal(err)
		}
		if asked != tt.want {
			t.Errorf("asked %s, want %s", asked, tt.want)
		}
	}
}
