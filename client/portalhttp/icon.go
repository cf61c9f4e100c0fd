package portalhttp

import (
	"cmp"
	"context"
	_ "embed" // icon.html
	"html/template"
	"strings"

	"github.com/adminportal-go/adminportal/client"
)

// IconFuncs are template functions for pages that name identity providers:
//
//	{{providerIcon "OktaSAML" 24}}    by SSO connection type or icon ID, and size
//	{{providerIcon "OktaSAML" 24 ""}} beside the provider's name
//
// They return what [IconHTML] returns. A provider without an icon gets a neutral one of the same size, so that lists
// stay aligned. A page never waits for its icons: while the catalog is empty, all are neutral and the list is fetched
// in the background. Call [client.IconCatalog.Warm] at startup.
func IconFuncs(catalog *client.IconCatalog) template.FuncMap {
	return template.FuncMap{"providerIcon": func(provider string, size int, alt ...string) template.HTML {
		if _, listed := catalog.Age(); !listed {
			catalog.Warm()
		} else if icon, ok, err := catalog.Lookup(context.Background(), provider); ok && err == nil { // returns at once
			return IconHTML(icon, size, alt...)
		}
		return IconHTML(client.ProviderIcon{Name: provider}, size, alt...)
	}}
}

// IconHTML is an icon for a page: a picture with width, height and alternative text, and with the dark icon for
// systems that are set to dark. alt, if given, replaces the icon's name as the alternative text: give "" where the
// name stands beside it. The zero ProviderIcon is a neutral picture. Size is in CSS pixels; zero or less means 24.
//
// A page with a Content-Security-Policy needs the icons' host in img-src. That host does not learn which page the
// icon is on.
func IconHTML(icon client.ProviderIcon, size int, alt ...string) template.HTML {
	data := map[string]any{"Icon": icon, "Size": cmp.Or(max(size, 0), 24), "Alt": icon.Name}
	if len(alt) > 0 {
		data["Alt"] = alt[0]
	}
	var b strings.Builder
	_ = iconTemplate.Execute(&b, data) // nothing in it can fail
	return template.HTML(b.String())   // html/template has escaped it
}

var (
	//go:embed icon.html
	iconHTML     string
	iconTemplate = template.Must(template.New("icon").Parse(strings.TrimSpace(iconHTML)))
)
