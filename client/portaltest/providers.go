package portaltest

import "github.com/adminportal-go/adminportal/gen"

// A provider has icons under its slug, by which the CDN knows it.
type provider struct {
	slug, name string
	id         string // at GET /provider_icons; empty: not listed there
	light      bool   // has no icon for dark pages
}

// providers are those with an icon on WorkOS's CDN. Those with an id are listed at
// GET /provider_icons, in this order, and offered on the page that sets up SSO.
var providers = []provider{
	{slug: "okta", name: "Okta", id: "okta"},
	{slug: "google", name: "Google", id: "google-saml"},
}

const iconPath = "/provider-icons/"

func (p provider) icon(base, scheme string) string {
	return base + iconPath + scheme + "/" + p.slug + ".svg"
}

func sheetIcons(base string) []gen.ProviderIcon {
	var icons []gen.ProviderIcon
	for _, p := range providers {
		if p.id != "" {
			icons = append(icons, gen.ProviderIcon{ID: p.id, Name: p.name, IconURL: p.icon(base, "light")})
		}
	}
	return icons
}

// cdnDocument is the file on the CDN. Nobody published its shape; this one has all
// that an entry was seen to have.
type cdnDocument struct {
	Data []cdnIcon `json:"data"`
}

type cdnIcon struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Light string `json:"light"`
	Dark  string `json:"dark,omitempty"`
}

func cdnIcons(base string) []cdnIcon {
	icons := make([]cdnIcon, 0, len(providers))
	for _, p := range providers {
		icon := cdnIcon{Slug: p.slug, Name: p.name, Light: p.icon(base, "light")}
		if !p.light {
			icon.Dark = p.icon(base, "dark")
		}
		icons = append(icons, icon)
	}
	return icons
}
