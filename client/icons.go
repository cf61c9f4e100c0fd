package client

import (
	"context"
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

// ListProviderIcons returns the icons of all identity providers, in the service's
// order. The list changes rarely: keep it in an [IconCatalog] instead of asking
// for every page.
//
// Entries without an ID, or without an https address, are left out: they would be
// a broken picture at best. Every error is an [*Error].
func (c *Client) ListProviderIcons(ctx context.Context) ([]ProviderIcon, error) {
	const name = "list provider icons"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	j := &iconJob{core: core}
	dialect := core.pinned
	if dialect == DialectAuto && core.links.dialect() == DialectGenerateLink {
		dialect = DialectGenerateLink
	}
	if dialect == DialectAuto {
		if dialect, j.done, err = core.icons.ask(ctx); err != nil {
			return nil, core.interrupted(name, nil, 0, err)
		}
	}
	if err := core.run(ctx, name, only(core.routes.icons, dialect), j); err != nil {
		return nil, err
	}
	return j.icons, nil
}

// An iconJob lists the icons. What it teaches stays the icons' own: that the CDN
// has a list says nothing of the API, and a missing icon route nothing of the links.
type iconJob struct {
	core  *core
	done  func() // the learner's; nil if this call is not to find out
	icons []ProviderIcon
}

func (*iconJob) payload(Dialect) ([]byte, error) { return nil, nil }
func (*iconJob) idempotencyKey() string          { return "" }
func (*iconJob) absent(*answer) bool             { return true }
func (*iconJob) teaches(Dialect, *answer) bool   { return false }
func (j *iconJob) learn(d Dialect)               { j.core.icons.learn(d) }

func (j *iconJob) verdict() {
	if j.done != nil {
		j.done()
	}
}

func (j *iconJob) read(r *route, a *answer) (err error) {
	if r.secured {
		j.icons, err = readIcons(a)
	} else {
		j.icons, err = j.core.readCDNIcons(a)
	}
	return err
}

var errIcons = errors.New("not a list of provider icons")

func readIcons(a *answer) ([]ProviderIcon, error) {
	var list struct {
		Data *[]gen.ProviderIcon `json:"data"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil {
		return nil, fmt.Errorf("%w: %s", errIcons, misfit(err, "an entry"))
	}
	if list.Data == nil {
		return nil, errIcons
	}
	return usable(*list.Data, func(i gen.ProviderIcon) ProviderIcon {
		return ProviderIcon{ID: i.ID, Name: i.Name, IconURL: i.IconURL}
	})
}

// readCDNIcons reads the icon file, whose shape nobody has published (openapi.yaml,
// CDNProviderIconList): a list, or an object with one under data, of slugs or of
// objects.
func (c *core) readCDNIcons(a *answer) ([]ProviderIcon, error) {
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
	return usable(entries, c.readCDNIcon)
}

func (c *core) readCDNIcon(entry json.RawMessage) ProviderIcon {
	var slug string
	if json.Unmarshal(entry, &slug) == nil {
		return c.cdnIcon(slug)
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
	icon := c.cdnIcon(field("id", "slug"))
	if name := field("name"); name != "" {
		icon.Name = name
	}
	if light := c.onCDN(field("icon_url", "light")); light != "" {
		icon.IconURL, icon.DarkIconURL = light, ""
	}
	if dark := c.onCDN(field("dark")); dark != "" {
		icon.DarkIconURL = dark
	}
	return icon
}

// cdnIcon is the icon of a slug by the CDN's own naming of files.
func (c *core) cdnIcon(slug string) ProviderIcon {
	icon := ProviderIcon{ID: slug, Name: providerName(slug)}
	if slug == "" || slug == "." || slug == ".." || strings.ContainsFunc(slug, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}) {
		return icon
	}
	icon.IconURL = c.cdnURL + "/provider-icons/light/" + slug + ".svg"
	if slug != "slack" { // the one provider without a dark icon
		icon.DarkIconURL = c.cdnURL + "/provider-icons/dark/" + slug + ".svg"
	}
	return icon
}

// onCDN completes an address that the icon file gives relative to itself.
func (c *core) onCDN(address string) string {
	base, err := url.Parse(c.cdnURL + "/")
	if err != nil || address == "" {
		return ""
	}
	u, err := base.Parse(address)
	if err != nil {
		return ""
	}
	return u.String()
}

// usable leaves out entries that nobody could show. A list that had some and
// keeps none is not one of icons.
func usable[T any](entries []T, read func(T) ProviderIcon) ([]ProviderIcon, error) {
	icons := make([]ProviderIcon, 0, len(entries))
	for _, e := range entries {
		icon := read(e)
		if icon.ID == "" || checkAddress(icon.IconURL) != nil {
			continue
		}
		if checkAddress(icon.DarkIconURL) != nil {
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
