package client

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
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
		return errors.New("not a list of provider icons")
	}
	return nil
}

// readIcon reads an entry. What one of the icon file does not say follows from its slug, by the CDN's
// own naming of files.
func (c *call) readIcon(entry any) ProviderIcon {
	fields, _ := entry.(map[string]any)
	slug := cmp.Or(text(entry), text(fields["id"]), text(fields["slug"]))
	light, dark := cmp.Or(text(fields["icon_url"]), text(fields["light"])), text(fields["dark"])
	// A slug that is part of a file's name has no path in it, and not only dots.
	if c.public() && light == "" && strings.Trim(slug, letters+digits+"_.-") == "" && strings.Trim(slug, ".") != "" {
		light = "provider-icons/light/" + slug + ".svg"
		if slug != "slack" { // the one provider without a dark icon
			dark = cmp.Or(dark, "provider-icons/dark/"+slug+".svg")
		}
	}
	name := cmp.Or(text(fields["name"]), providers().Names[slug], slug)
	return ProviderIcon{ID: slug, Name: name, IconURL: c.iconURL(light), DarkIconURL: c.iconURL(dark)}
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

// catalogMaxAge is the age by which a list is due for a refresh. WorkOS adds providers a few times a
// year.
const catalogMaxAge = 24 * time.Hour

// catalogRetry bounds a refresh in the background, and is the pause after one that failed.
const catalogRetry = time.Minute

// An IconSource lists provider icons: a [*Client], or a fake in your tests.
type IconSource interface {
	ListProviderIcons(ctx context.Context) ([]ProviderIcon, error)
}

// An IconCatalog keeps the provider icons for the pages of a service. Make one with
// [NewIconCatalog] and share it; it is safe for concurrent use, has no goroutine of its own, and
// nothing needs closing.
//
// The first lookup fetches the list, or [IconCatalog.Warm] does at startup. A lookup that finds the
// list about 24 h old starts a refresh and is served from the old one at once. While the
// service is away, and when it sends an empty list, the last good list stays; [IconCatalog.Age]
// says how old it is. A first list that is empty is kept for a minute.
type IconCatalog struct {
	source IconSource
	list   atomic.Pointer[iconList]
	asking flight[*iconList]
}

// An iconList is one fetch, or none yet. It never changes after it is published.
type iconList struct {
	icons   []ProviderIcon
	named   map[string]ProviderIcon // by ID and by connection type, as spelled and in lower case
	fetched time.Time               // zero: never
	due     time.Time               // for a refresh
}

// NewIconCatalog returns an empty catalog of what source lists. It fetches nothing yet.
func NewIconCatalog(source IconSource) *IconCatalog {
	k := &IconCatalog{source: source}
	k.list.Store(new(iconList))
	return k
}

// Lookup finds an icon by its ID ("okta") or by the type of an SSO connection ("OktaSAML",
// "GoogleOAuth", …). It is false, without an error, where there is no icon: connection types
// appear without notice. An error means that there is no list at all yet.
func (k *IconCatalog) Lookup(ctx context.Context, provider string) (icon ProviderIcon, ok bool, err error) {
	list, err := k.get(ctx)
	if err != nil {
		return icon, false, err
	}
	if icon, ok = list.named[provider]; !ok {
		icon, ok = list.named[strings.ToLower(provider)]
	}
	return icon, ok, nil
}

// All returns every icon in the service's order. The slice is the caller's own.
func (k *IconCatalog) All(ctx context.Context) ([]ProviderIcon, error) {
	list, err := k.get(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(list.icons), nil
}

// Age is how long ago the list in use was fetched. It is false while there is none.
func (k *IconCatalog) Age() (age time.Duration, ok bool) {
	if fetched := k.list.Load().fetched; !fetched.IsZero() {
		return time.Since(fetched), true
	}
	return 0, false
}

// Warm starts fetching, unless there is a list that is not due, and returns at once: call it at
// startup so that no page has to wait. If it fails, the first lookup tries again, and so does Warm
// itself, once a minute however often it is called.
func (k *IconCatalog) Warm() { k.refresh(k.list.Load()) }

// get returns the list in use, whatever its age, and waits only if there is none.
func (k *IconCatalog) get(ctx context.Context) (*iconList, error) {
	list := k.list.Load()
	if list.fetched.IsZero() {
		list, _, err := k.asking.do(ctx, k.fetch)
		return list, err
	}
	k.refresh(list)
	return list, nil
}

// refresh replaces a list that is due, in the background. Of several callers one does.
func (k *IconCatalog) refresh(list *iconList) {
	if time.Until(list.due) >= 0 {
		return
	}
	next := *list
	next.due = time.Now().Add(catalogRetry)
	if k.list.CompareAndSwap(list, &next) {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), catalogRetry)
			defer func() { cancel(); _ = recover() }() // a source that panics ends no process from here
			_, _, _ = k.asking.do(ctx, k.fetch)        // a failure shows in Age
		}()
	}
}

// fetch keeps the last good list where the service has nothing better, and lets it rest before it
// asks again.
func (k *IconCatalog) fetch(ctx context.Context) (*iconList, error) {
	icons, err := k.source.ListProviderIcons(ctx)
	list, rest := *k.list.Load(), catalogRetry
	switch {
	case err != nil:
	case len(icons) > 0:
		list, rest = iconList{icons: slices.Clone(icons), named: byName(icons), fetched: time.Now()}, catalogMaxAge
	case list.fetched.IsZero():
		list.icons, list.fetched = slices.Clone(icons), time.Now()
	}
	// Less up to a tenth, so that services started together do not refresh together.
	list.due = time.Now().Add(rest - rand.N(rest/10+1)) // jitter, not a secret
	k.list.Store(&list)
	return &list, err
}

// providersJSON has the names of providers by slug, and the slugs of SSO connection types. WorkOS
// publishes no such mapping: this one is drawn from public integrations, and what is inferred from
// a slug of the same name is listed. One source has google-cloud for GoogleSAML. New types appear
// without notice: one that is not here has no icon.
//
//go:embed providers.json
var providersJSON []byte

var providers = sync.OnceValue(func() (p struct {
	Names map[string]string
	Types map[string]string `json:"connection_types"`
}) {
	_ = json.Unmarshal(providersJSON, &p) // tests see that it is read
	return p
})

// byName indexes icons by ID and by connection type, as these are spelled and in lower case. Where
// two icons have a name the first keeps it, and an ID goes before a connection type.
func byName(icons []ProviderIcon) map[string]ProviderIcon {
	named := make(map[string]ProviderIcon)
	add := func(name string, icon ProviderIcon) {
		if _, taken := named[name]; !taken {
			named[name] = icon
		}
	}
	for _, icon := range icons {
		add(icon.ID, icon)
		add(strings.ToLower(icon.ID), icon)
	}
	// The reference's own list has IDs after the type, such as google-saml; the CDN's has one for
	// the provider, such as google. A type ends in its protocol, of four or five letters.
	for connectionType, slug := range providers().Types {
		lower := strings.ToLower(connectionType)
		for _, kind := range []string{"-" + lower[len(lower)-4:], "-" + lower[len(lower)-5:], "", "-saml", "-oauth", "-oidc"} {
			if icon, ok := named[slug+kind]; ok {
				add(connectionType, icon)
				add(lower, icon)
			}
		}
	}
	return named
}
