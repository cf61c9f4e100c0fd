package client

import (
	"context"
	"net/http"
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
	call := core.newCall(name, &core.icons)
	if err := core.travel(ctx, call, only, &iconRoutes); err != nil {
		return nil, err
	}
	return call.icons, nil
}

var iconRoutes = routes{
	{operation: "listProviderIcons", dialect: DialectPortalLinks, send: (*core).listProviderIcons, read: (*call).readIcons},
	{operation: "listCDNProviderIcons", dialect: DialectGenerateLink, send: (*core).listCDNProviderIcons, read: (*call).readIcons, public: true},
}

func (c *core) listProviderIcons(ctx context.Context, _ *call) (*http.Response, error) {
	return c.api.ListProviderIcons(ctx)
}

func (c *core) listCDNProviderIcons(ctx context.Context, _ *call) (*http.Response, error) {
	return c.cdn.ListCDNProviderIcons(ctx)
}

func (c *call) readIcons(a *answer) (err error) {
	read := c.trust.readIcons
	if c.public {
		read = c.trust.readCDNIcons
	}
	c.icons, err = read(a)
	return err
}
