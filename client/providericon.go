package client

import (
	"cmp"
	_ "embed"
	"strings"
)

// A ProviderIcon is the icon of one identity provider, for your settings page.
type ProviderIcon struct {
	ID          string `json:"id"`                      // "okta"
	Name        string `json:"name"`                    // "Okta", for people: use it as the alternative text
	IconURL     string `json:"icon_url"`                // an SVG file
	DarkIconURL string `json:"dark_icon_url,omitempty"` // for dark pages; empty if there is none: use IconURL
}

// providers.txt has the names of providers and their SSO connection types, by slug.
//
//go:embed providers.txt
var providersText string

var iconOf, spelled = readProviders(providersText) // slugs by connection type, and names by slug

func readProviders(table string) (slugs, names map[string]string) {
	slugs, names = make(map[string]string), make(map[string]string)
	for line := range strings.Lines(table) {
		columns := strings.Split(line, "|")
		if len(columns) != 3 {
			continue // a remark
		}
		slug := strings.TrimSpace(columns[0])
		if name := strings.TrimSpace(columns[1]); name != "" {
			names[slug] = name
		}
		for connectionType := range strings.FieldsSeq(columns[2]) {
			slugs[strings.TrimSuffix(connectionType, "?")] = slug
		}
	}
	return slugs, names
}

// candidates are the icon IDs under which the icon of a connection type may be listed, best first.
// The reference's own list has IDs after the type, such as google-saml; the CDN's has one for the
// provider, such as google.
func candidates(connectionType, slug string) []string {
	ids := []string{slug, slug + "-saml", slug + "-oauth", slug + "-oidc"}
	for _, protocol := range []string{"saml", "oauth", "oidc"} {
		if strings.HasSuffix(strings.ToLower(connectionType), protocol) {
			return append([]string{slug + "-" + protocol}, ids...)
		}
	}
	return ids
}

// providerName is a name for people where the list gives a slug alone.
func providerName(slug string) string {
	if name, ok := spelled[slug]; ok {
		return name
	}
	words := strings.FieldsFunc(slug, func(r rune) bool { return r == '-' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return cmp.Or(strings.Join(words, " "), slug)
}
