package portalhttp

import (
	"bytes"
	"context"
	"html/template"

	"github.com/adminportal-go/adminportal/client"
)

// defaultSize is an icon's where none is given: beside a line of text.
const defaultSize = 24

// IconFuncs are template functions for pages that name identity providers:
//
//	{{providerIcon "OktaSAML" 24}}    by SSO connection type or icon ID, and size
//	{{providerIcon "OktaSAML" 24 ""}} beside the provider's name
//
// What comes out is that of [IconHTML]. A provider without an icon gets a neutral
// one of the same size, so that lists stay aligned. A page never waits for its
// icons: while the catalog is still empty, all are neutral, and the list is
// fetched in the background; call [client.IconCatalog.Warm] at startup.
func IconFuncs(catalog *client.IconCatalog) template.FuncMap {
	return template.FuncMap{
		"providerIcon": func(provider string, size int, alt ...string) template.HTML {
			icon, ok := lookup(catalog, provider)
			if !ok {
				icon.Name = provider
			}
			return IconHTML(icon, size, alt...)
		},
	}
}

// IconHTML is an icon for a page: a picture with width, height and alternative
// text, so that the page neither jumps nor leaves anyone out, and with the dark
// icon for those whose system is dark. alt, if given, replaces the icon's name as
// the alternative text: give "" where the name stands beside it. The zero
// ProviderIcon is a neutral picture of the same size. Size is in CSS pixels; zero
// or less means 24.
//
// A page with a Content-Security-Policy needs the icons' host in img-src. The page
// that an icon is on is not told to that host.
func IconHTML(icon client.ProviderIcon, size int, alt ...string) template.HTML {
	text := icon.Name
	if len(alt) > 0 {
		text = alt[0]
	}
	if size <= 0 {
		size = defaultSize
	}
	var b bytes.Buffer
	if err := iconTemplate.Execute(&b, struct {
		Icon client.ProviderIcon
		Size int
		Alt  string
	}{icon, size, text}); err != nil {
		panic(err) // the template has nothing that can fail
	}
	return template.HTML(b.String()) //nolint:gosec // html/template has escaped it
}

// lookup does not wait: a list that is there is served whatever its age.
func lookup(catalog *client.IconCatalog, provider string) (client.ProviderIcon, bool) {
	if _, listed := catalog.Age(); !listed {
		catalog.Warm()
		return client.ProviderIcon{}, false
	}
	icon, ok, err := catalog.Lookup(context.Background(), provider)
	return icon, ok && err == nil
}

// The picture's size is in attributes, not in a style, which a page's policy may
// forbid. The neutral one is a keyhole.
var iconTemplate = template.Must(template.New("icon").Parse(`
{{- define "img"}}<img src="{{.Icon.IconURL}}" alt="{{.Alt}}" width="{{.Size}}" height="{{.Size}}" decoding="async" referrerpolicy="no-referrer">{{end}}
{{- if not .Icon.IconURL -}}
<svg {{if .Alt}}role="img" aria-label="{{.Alt}}"{{else}}aria-hidden="true"{{end}} width="{{.Size}}" height="{{.Size}}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round"><rect x="3" y="3" width="18" height="18" rx="5"/><circle cx="12" cy="10.5" r="2"/><path d="M11 12.5 10.5 16h3L13 12.5"/></svg>
{{- else if .Icon.DarkIconURL -}}
<picture><source srcset="{{.Icon.DarkIconURL}}" media="(prefers-color-scheme: dark)">{{template "img" .}}</picture>
{{- else -}}
{{template "img" .}}
{{- end -}}`))
