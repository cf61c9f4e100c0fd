package client_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const (
	iconsPath      = "/provider_icons"
	filePath       = "/provider-icons.json"
	referenceIcons = `{"object":"list","data":[
	{"id":"okta","name":"Okta","icon_url":"https://workos.com/icons/okta.svg"},
	{"id":"google-saml","name":"Google","icon_url":"https://workos.com/icons/google.svg"}]}`
)

var bothIcons = []client.ProviderIcon{
	{ID: "okta", Name: "Okta", IconURL: "https://workos.com/icons/okta.svg"},
	{ID: "google-saml", Name: "Google", IconURL: "https://workos.com/icons/google.svg"},
}

// wantIcons checks what a client lists.
func wantIcons(t *testing.T, portal *client.Client, want []client.ProviderIcon) {
	t.Helper()
	got, err := portal.ListProviderIcons(t.Context())
	errorIf(t, err != nil || !reflect.DeepEqual(got, want), "ListProviderIcons() =\n%+v, %v, want\n%+v", got, err, want)
}

func TestIconsOfTheReference(t *testing.T) {
	portal, seen := scripted(t, steps{answer(200, strings.Replace(referenceIcons, "[", `[{"id":"x","icon_url":"/x.svg"},`, 1))})
	for range 2 {
		wantIcons(t, portal, bothIcons)
	}
	seen.wantIcons(t, 2, 0)
	same(t, "Authorization", seen.requests()[1].header.Get("Authorization"), "Bearer "+testKey)
}

// withFile is a live service, with the icon file on a CDN that is the same server.
func withFile(seen *tally, file http.HandlerFunc) http.HandlerFunc {
	routes := http.NewServeMux()
	routes.HandleFunc(filePath, file)
	return liveOnly(seen, routes.ServeHTTP)
}

// wantIcons checks how many requests for icons the API and the CDN got.
func (c *tally) wantIcons(t *testing.T, api, cdn int) {
	t.Helper()
	same(t, "requests for icons of the API", c.of(iconsPath), api)
	same(t, "requests for icons of the CDN", c.of(filePath), cdn)
}

func TestIconsOfTheCDN(t *testing.T) {
	const base, cdn = "https://cdn.example/i/", "https://gateway.example"
	icon := func(slug, name string) client.ProviderIcon {
		return client.ProviderIcon{ID: slug, Name: name, IconURL: cdn + "/provider-icons/light/" + slug + ".svg", DarkIconURL: cdn + "/provider-icons/dark/" + slug + ".svg"}
	}
	slack, okta := icon("slack", "Slack"), icon("okta", "Okta")
	slack.DarkIconURL, okta.DarkIconURL = "", ""
	for name, tt := range map[string]struct {
		file string
		want []client.ProviderIcon
	}{
		"slugs":            {`["okta","slack","google-cloud","adp"]`, []client.ProviderIcon{icon("okta", "Okta"), slack, icon("google-cloud", "Google Cloud"), icon("adp", "ADP")}},
		"slugs under data": {`{"object":"list","data":["okta"]}`, []client.ProviderIcon{icon("okta", "Okta")}},
		"objects": {`[{"slug":"okta","name":"Okta Inc","light":"` + base + `o.svg","dark":"` + base + `od.svg"},{"id":"azure","icon_url":"` + base + `a.svg"},{"id":"duo","slug":"x"}]`, []client.ProviderIcon{
			{ID: "okta", Name: "Okta Inc", IconURL: base + "o.svg", DarkIconURL: base + "od.svg"}, {ID: "azure", Name: "Azure", IconURL: base + "a.svg"}, icon("duo", "Duo"),
		}},
		"the reference's shape": {referenceIcons, bothIcons},
		"relative addresses":    {`[{"slug":"okta","light":"/x/o.svg","dark":"x/od.svg"}]`, []client.ProviderIcon{{ID: "okta", Name: "Okta", IconURL: cdn + "/x/o.svg", DarkIconURL: cdn + "/x/od.svg"}}},
		"odd entries": {`[7,null,[],{},"","..",{"id":7},"../../x","a b",{"name":"nameless"},{"slug":"evil","light":"javascript:alert(1)"},{"slug":"plain","light":"http://cdn.example/p.svg","dark":"data:x"},{"id":["x"],"slug":"okta","dark":"ftp://x/y"}]`,
			[]client.ProviderIcon{okta}},
		"empty": {`[]`, []client.ProviderIcon{}},
	} {
		t.Run(name, func(t *testing.T) {
			var seen tally
			var attempts []client.Attempt
			portal := inMemory(t, withFile(&seen, answer(200, tt.file)), client.WithBaseURL(cdn), record(&attempts))
			wantIcons(t, portal, tt.want)
			wantIcons(t, portal, tt.want)
			seen.wantIcons(t, 1, 2)
			a, b := attempts[0], attempts[1]
			errorIf(t, a.Operation != "listProviderIcons" || a.Dialect != client.DialectPortalLinks || b.Operation != "listCDNProviderIcons" || b.Dialect != client.DialectGenerateLink || b.Number != 2, "observed %+v, want listProviderIcons and then listCDNProviderIcons", attempts)
			for _, r := range seen.requests()[1:] {
				for name, values := range r.header {
					errorIf(t, name == "Authorization" || strings.Contains(strings.Join(values, " "), testKey), "the CDN was sent %s: %q", name, values)
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
		for _, d := range dialects {
			icons, err := inMemory(t, answer(200, body), client.WithDialect(d)).ListProviderIcons(t.Context())
			wantOnly(t, err, client.ErrMalformedResponse)
			errorIf(t, icons != nil || !strings.HasPrefix(err.Error(), "adminportal: list provider icons: "), "%v: %q: got %v with %v", d, body, icons, err)
		}
	}
}

// That the CDN has icons says nothing of the API, since an intermediary may have answered there.
func TestIconsTeachNothingOfTheLinks(t *testing.T) {
	var seen tally
	portal := inMemory(t, withFile(&seen, answer(200, `["okta"]`)))
	_, _ = portal.ListProviderIcons(t.Context())
	generate(t, portal)
	seen.want(t, 1, 1)
}

func TestNoIconsAnywhere(t *testing.T) {
	// Hosts of static files answer 403 for a missing one, and a service that wants a key for
	// everything answers 401.
	for _, status := range []int{404, 403, 401} {
		var seen tally
		portal := inMemory(t, withFile(&seen, answer(status, `{"message":"Organization not found"}`)))
		for range 2 {
			_, err := portal.ListProviderIcons(t.Context())
			e := wantOnly(t, err, nil)
			errorIf(t, e.StatusCode != status || !strings.Contains(err.Error(), "there is no icon list at https://api.workos.com or https://cdn.workos.com") || e.Hint() == "", "got %v, want a %d that speaks of the icon list, and a hint", err, status)
		}
		seen.wantIcons(t, 2, 2)
	}
}

// A CDN in trouble says nothing of the file's address. That there is no file is final.
func TestHintsOfTheCDN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, want := range map[int]string{404: "icon", 403: "proxy, gateway", 407: "credentials", 503: "brief delay", 429: "RetryAfter"} {
			portal, seen := scripted(t, steps{with(answer(status, ""), "Cf-Mitigated", map[int]string{403: "challenge"}[status])}, client.WithDialect(client.DialectGenerateLink))
			_, err := portal.ListProviderIcons(t.Context())
			hint, none := asError(t, err).Hint(), strings.Contains(err.Error(), "there is no icon list at")
			errorIf(t, !strings.Contains(hint, want), "%d: Hint() = %q, want %q in it", status, hint, want)
			errorIf(t, none != (status == 404) || (seen.total() > 1) != (status == 503 || status == 429), "%d: got %v after %d requests, want no icon list after one where it is 404", status, err, seen.total())
		}
	})
}

// The CDN is not part of the API's budget.
func TestSpentBudgetDoesNotHoldTheCDN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := new(countingLimiter)
		var seen tally
		h := withFile(&seen, with(answer(200, `["okta"]`), "X-RateLimit-Remaining", "50", "X-RateLimit-Reset", "9"))
		portal := inMemory(t, with(h, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60"), client.WithDialect(client.DialectGenerateLink), client.WithLimiter(limiter))
		generate(t, portal)
		took := timed(func() { _, _ = portal.ListProviderIcons(t.Context()) })
		errorIf(t, took != 0 || seen.of(filePath) != 1, "the icons took %v, want none", took)
		got := time.Until(portal.RateLimit().Reset)
		errorIf(t, limiter.tokens != 1 || got != time.Minute, "%d tokens and a reset in %v, want 1 and 1m: the link's", limiter.tokens, got)
	})
}

// By default a client leaves its base URL for the real CDN only with the real API.
func TestDefaultServers(t *testing.T) {
	for _, tt := range []struct {
		opts []client.Option
		want string
	}{
		{nil, "https://cdn.workos.com/provider-icons.json"},
		{[]client.Option{client.WithBaseURL("https://API.workos.com:443/")}, "https://cdn.workos.com/provider-icons.json"},
		{[]client.Option{client.WithBaseURL("https://proxy.example/x")}, "https://proxy.example/x/provider-icons.json"},
		{[]client.Option{client.WithCDNURL("https://cdn.example/y/"), client.WithBaseURL("https://proxy.example")}, "https://cdn.example/y/provider-icons.json"},
	} {
		portal, seen := scripted(t, steps{answer(200, `["okta"]`)}, append(tt.opts, client.WithDialect(client.DialectGenerateLink))...)
		_, err := portal.ListProviderIcons(t.Context())
		same(t, "ListProviderIcons' error", err, nil)
		same(t, "the address asked", seen.requests()[0].url, tt.want)
	}
}
