package client

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"

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
// CDNProviderIconList): a list, or an object with one under data, of slugs or of objects.
func (t *trust) readCDNIcons(a *answer) ([]ProviderIcon, error) {
	var file any
	if err := json.Unmarshal(a.body, &file); err != nil {
		return nil, fmt.Errorf("%w: %s", errIcons, misfit(err, "an entry"))
	}
	if object, ok := file.(map[string]any); ok {
		file = object["data"]
	}
	entries, ok := file.([]any)
	if !ok {
		return nil, errIcons
	}
	icons := make([]ProviderIcon, len(entries))
	for i, entry := range entries {
		icons[i] = t.readCDNIcon(entry)
	}
	return t.usable(icons)
}

func (t *trust) readCDNIcon(entry any) ProviderIcon {
	fields, _ := entry.(map[string]any)
	field := func(name, other string) string { return cmp.Or(text(fields[name]), text(fields[other])) }
	icon := t.cdnIcon(cmp.Or(text(entry), field("id", "slug")))
	icon.Name = cmp.Or(text(fields["name"]), icon.Name)
	if light := t.onCDN(field("icon_url", "light")); light != "" {
		icon.IconURL, icon.DarkIconURL = light, ""
	}
	icon.DarkIconURL = cmp.Or(t.onCDN(text(fields["dark"])), icon.DarkIconURL)
	return icon
}

var slugPattern = regexp.MustCompile(`^[0-9A-Za-z_.-]*[0-9A-Za-z_-][0-9A-Za-z_.-]*$`)

// cdnIcon is the icon of a slug by the CDN's own naming of files.
func (t *trust) cdnIcon(slug string) ProviderIcon {
	icon := ProviderIcon{ID: slug, Name: providerName(slug)}
	if slugPattern.MatchString(slug) {
		icon.IconURL = t.cdnURL + "/provider-icons/light/" + slug + ".svg"
		icon.DarkIconURL = t.cdnURL + "/provider-icons/dark/" + slug + ".svg"
	}
	if slug == "slack" { // the one provider without a dark icon
		icon.DarkIconURL = ""
	}
	return icon
}

// onCDN completes an address that the icon file gives relative to itself.
func (t *trust) onCDN(address string) string {
	base, _ := url.Parse(t.cdnURL + "/") // checked by New
	u, err := base.Parse(address)
	if err != nil || address == "" {
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
