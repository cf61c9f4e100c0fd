package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// ListProviderIcons returns the icons of all identity providers, in the service's order. The list
// changes rarely: keep it in an [IconCatalog] instead of asking for every page.
//
// Entries without an ID, or without an https address, are left out: they would be a broken picture
// at best. Every error is an [*Error].
func (c *Client) ListProviderIcons(ctx context.Context) ([]ProviderIcon, error) {
	call := c.core.newCall(ctx, "list provider icons", c.core.icons, iconsJob)
	if err := c.core.travel(call, c.core.pinned); err != nil {
		return nil, err
	}
	return call.icons, nil
}

var iconsJob = &job{[...]string{"", "listProviderIcons", "listCDNProviderIcons"}, (*servers).sendIcons, (*call).readIcons}

func (s *servers) sendIcons(c *call) (*http.Response, error) {
	if c.public() {
		return s.cdn.ListCDNProviderIcons(c.Context)
	}
	return s.api.ListProviderIcons(c.Context)
}

var errIcons = errors.New("not a list of provider icons")

// readIcons reads either list: the reference's, an object with objects under data, and the icon file,
// whose shape nobody has published (openapi.yaml, CDNProviderIconList). That is a list, or an object
// with one under data, of slugs or of objects.
func (c *call) readIcons() error {
	var list any
	_ = json.Unmarshal(c.answer.body, &list) // nil is no list
	if object, ok := list.(map[string]any); ok {
		list = object["data"]
	}
	entries, ok := list.([]any)
	c.icons = make([]ProviderIcon, 0, len(entries))
	for _, entry := range entries {
		if icon := c.readIcon(entry); icon.ID != "" && icon.IconURL != "" {
			c.icons = append(c.icons, icon)
		}
	}
	if !ok || len(c.icons) == 0 && len(entries) > 0 { // a list of something else
		return errIcons
	}
	return nil
}

// readIcon reads an entry. What one of the icon file does not say follows from its slug, by the CDN's
// own naming of files.
func (c *call) readIcon(entry any) ProviderIcon {
	fields, _ := entry.(map[string]any)
	slug := cmp.Or(text(entry), text(fields["id"]), text(fields["slug"]))
	light, dark := cmp.Or(text(fields["icon_url"]), text(fields["light"])), text(fields["dark"])
	if c.public() && light == "" && isSlug(slug) {
		light = "provider-icons/light/" + slug + ".svg"
		if slug != "slack" { // the one provider without a dark icon
			dark = cmp.Or(dark, "provider-icons/dark/"+slug+".svg")
		}
	}
	return ProviderIcon{ID: slug, Name: cmp.Or(text(fields["name"]), providerName(slug)), IconURL: c.iconURL(light), DarkIconURL: c.iconURL(dark)}
}

// iconURL completes an address of the icon file, which may be relative to the file. It is empty for
// an address that is of no use.
func (c *call) iconURL(address string) string {
	base, _ := url.Parse(c.trust.cdnURL + "/") // checked by New
	if u, err := base.Parse(address); err == nil && address != "" && c.public() {
		address = u.String()
	}
	if _, err := parseAddress(address, c.trust.plainHTTP); err != nil {
		return ""
	}
	return address
}

// isSlug reports whether a slug is part of a file's name: no path, and not only dots.
func isSlug(slug string) bool {
	return strings.Trim(slug, letters+digits+"_.-") == "" && strings.Trim(slug, ".") != ""
}
