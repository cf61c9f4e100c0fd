package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/adminportal-go/adminportal/gen"
)

// ListProviderIcons returns the icons of all identity providers, in the service's order. The list
// changes rarely: keep it in an [IconCatalog] instead of asking for every page.
//
// Entries without an ID, or without an https address, are left out: they would be a broken picture
// at best. Every error is an [*Error].
func (c *Client) ListProviderIcons(ctx context.Context) ([]ProviderIcon, error) {
	const name = "list provider icons"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	// What the links taught holds for the icons. What the icons teach does not hold for the links:
	// that the CDN has a list says nothing of the API.
	only := core.pinned
	if only == DialectAuto && core.links.dialect() == DialectGenerateLink {
		only = DialectGenerateLink
	}
	call := core.newCall(ctx, name, &core.icons)
	if err := core.travel(call, only, iconRoutes); err != nil {
		return nil, err
	}
	return call.icons, nil
}

var iconRoutes = [2]route{
	{operation: "listProviderIcons", dialect: DialectPortalLinks, send: (*servers).listProviderIcons, read: (*call).readIcons},
	{operation: "listCDNProviderIcons", dialect: DialectGenerateLink, send: (*servers).listCDNProviderIcons, read: (*call).readCDNIcons, public: true},
}

func (s *servers) listProviderIcons(c *call) (*http.Response, error) {
	return s.api.ListProviderIcons(c)
}

func (s *servers) listCDNProviderIcons(c *call) (*http.Response, error) {
	return s.cdn.ListCDNProviderIcons(c)
}

var errIcons = errors.New("not a list of provider icons")

func (c *call) readIcons() error {
	var list gen.ProviderIconList
	if err := json.Unmarshal(c.answer.body, &list); err != nil {
		return fmt.Errorf("%w: %s", errIcons, misfit(err))
	}
	if list.Data == nil {
		return errIcons
	}
	icons := make([]ProviderIcon, len(list.Data))
	for i, icon := range list.Data {
		icons[i] = ProviderIcon{ID: icon.ID, Name: icon.Name, IconURL: icon.IconURL}
	}
	return c.keepUsable(icons)
}

// readCDNIcons reads the icon file, whose shape nobody has published (openapi.yaml,
// CDNProviderIconList): a list, or an object with one under data, of slugs or of objects.
func (c *call) readCDNIcons() error {
	var file any
	if err := json.Unmarshal(c.answer.body, &file); err != nil {
		return fmt.Errorf("%w: %s", errIcons, misfit(err))
	}
	if object, ok := file.(map[string]any); ok {
		file = object["data"]
	}
	entries, ok := file.([]any)
	if !ok {
		return errIcons
	}
	icons := make([]ProviderIcon, len(entries))
	for i, entry := range entries {
		icons[i] = readCDNIcon(entry, c.trust.cdnURL)
	}
	return c.keepUsable(icons)
}

var slugPattern = regexp.MustCompile(`^[0-9A-Za-z_.-]*[0-9A-Za-z_-][0-9A-Za-z_.-]*$`)

// readCDNIcon reads an entry of the icon file. What it does not say follows from its slug, by the
// CDN's own naming of files.
func readCDNIcon(entry any, cdnURL string) ProviderIcon {
	fields, _ := entry.(map[string]any)
	slug := cmp.Or(text(entry), text(fields["id"]), text(fields["slug"]))
	icon := ProviderIcon{ID: slug, Name: text(fields["name"])}
	// Addresses may be relative to the file.
	complete := func(address string) string {
		base, _ := url.Parse(cdnURL + "/") // checked by New
		if u, err := base.Parse(address); err == nil && address != "" {
			return u.String()
		}
		return ""
	}
	icon.IconURL = complete(cmp.Or(text(fields["icon_url"]), text(fields["light"])))
	icon.DarkIconURL = complete(text(fields["dark"]))
	if icon.IconURL == "" && slugPattern.MatchString(slug) {
		icon.IconURL = cdnURL + "/provider-icons/light/" + slug + ".svg"
		if slug != "slack" { // the one provider without a dark icon
			icon.DarkIconURL = cmp.Or(icon.DarkIconURL, cdnURL+"/provider-icons/dark/"+slug+".svg")
		}
	}
	return icon
}

// keepUsable leaves out entries that nobody could show. A list that had some and keeps none is not
// one of icons.
func (c *call) keepUsable(entries []ProviderIcon) error {
	c.icons = make([]ProviderIcon, 0, len(entries))
	for _, icon := range entries {
		if icon.ID == "" || checkAddress(icon.IconURL, c.trust.plainHTTP) != nil {
			continue
		}
		if checkAddress(icon.DarkIconURL, c.trust.plainHTTP) != nil {
			icon.DarkIconURL = ""
		}
		icon.Name = cmp.Or(icon.Name, providerName(icon.ID))
		c.icons = append(c.icons, icon)
	}
	if len(c.icons) == 0 && len(entries) > 0 {
		return errIcons
	}
	return nil
}
