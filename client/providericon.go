package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/adminportal-go/adminportal/gen"
)

// A ProviderIcon is the icon of one identity provider, for your settings page.
type ProviderIcon struct {
	ID          string `json:"id"`                      // "okta"
	Name        string `json:"name"`                    // "Okta", for people: use it as the alternative text
	IconURL     string `json:"icon_url"`                // an SVG file
	DarkIconURL string `json:"dark_icon_url,omitempty"` // for dark pages; empty if there is none: use IconURL
}

var errIcons = errors.New("not a list of provider icons")

func (t *trust) readIcons(a *answer) ([]ProviderIcon, error) {
	var list gen.ProviderIconList
	if err := json.Unmarshal(a.body, &list); err != nil {
		return nil, fmt.Errorf("%w: %s", errIcons, misfit(err, "an entry"))
	}
	if list.Data == nil {
		return nil, errIcons
	}
	icons := make([]ProviderIcon, len(list.Data))
	for i, icon := range list.Data {
		icons[i] = ProviderIcon{ID: icon.ID, Name: icon.Name, IconURL: icon.IconURL}
	}
	return t.usable(icons)
}

// readCDNIcons reads the icon file, whose shape nobody has published (openapi.yaml,
// CDNProviderIconList): a list, or an object with one under data, of slugs or of
// objects.
func (t *trust) readCDNIcons(a *answer) ([]ProviderIcon, error) {
	var entries []json.RawMessage
	if json.Unmarshal(a.body, &entries) != nil {
		var file struct {
			Data []json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(a.body, &file); err != nil {
			return nil, fmt.Errorf("%w: %s", errIcons, misfit(err, "an entry"))
		}
		entries = file.Data
	}
	if entries == nil { // null, or an object without a list
		return nil, errIcons
	}
	icons := make([]ProviderIcon, len(entries))
	for i, entry := range entries {
		icons[i] = t.readCDNIcon(entry)
	}
	return t.usable(icons)
}

func (t *trust) readCDNIcon(entry json.RawMessage) ProviderIcon {
	var slug string
	if json.Unmarshal(entry, &slug) == nil {
		return t.cdnIcon(slug)
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(entry, &fields) // one odd field must not lose the entry
	field := func(names ...string) (s string) {
		for _, name := range names {
			if json.Unmarshal(fields[name], &s) == nil && s != "" {
				return s
			}
		}
		return ""
	}
	icon := t.cdnIcon(field("id", "slug"))
	if name := field("name"); name != "" {
		icon.Name = name
	}
	if light := t.onCDN(field("icon_url", "light")); light != "" {
		icon.IconURL, icon.DarkIconURL = light, ""
	}
	if dark := t.onCDN(field("dark")); dark != "" {
		icon.DarkIconURL = dark
	}
	return icon
}

// cdnIcon is the icon of a slug by the CDN's own naming of files.
func (t *trust) cdnIcon(slug string) ProviderIcon {
	icon := ProviderIcon{ID: slug, Name: providerName(slug)}
	if slug == "" || slug == "." || slug == ".." || strings.ContainsFunc(slug, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}) {
		return icon
	}
	icon.IconURL = t.cdnURL + "/provider-icons/light/" + slug + ".svg"
	if slug != "slack" { // the one provider without a dark icon
		icon.DarkIconURL = t.cdnURL + "/provider-icons/dark/" + slug + ".svg"
	}
	return icon
}

// onCDN completes an address that the icon file gives relative to itself.
func (t *trust) onCDN(address string) string {
	base, err := url.Parse(t.cdnURL + "/")
	if err != nil || address == "" {
		return ""
	}
	u, err := base.Parse(address)
	if err != nil {
		return ""
	}
	return u.String()
}

// usable leaves out entries that nobody could show. A list that had some and keeps none is not one
// of icons.
func (t *trust) usable(entries []ProviderIcon) ([]ProviderIcon, error) {
	icons := make([]ProviderIcon, 0, len(entries))
	for _, icon := range entries {
		if icon.ID == "" || checkAddress(icon.IconURL, t.plainHTTP) != nil {
			continue
		}
		if checkAddress(icon.DarkIconURL, t.plainHTTP) != nil {
			icon.DarkIconURL = ""
		}
		if icon.Name == "" {
			icon.Name = providerName(icon.ID)
		}
		icons = append(icons, icon)
	}
	if len(icons) == 0 && len(entries) > 0 {
		return nil, errIcons
	}
	return icons, nil
}
