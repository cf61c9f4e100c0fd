package portaltest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/adminportal-go/adminportal/gen"
	"github.com/adminportal-go/adminportal/gen/server"
)

// An api carries out the contract's operations. What reaches it has a good key, a
// budget, a body as the contract says and an organization that exists.
type api struct{ h *Handler }

var _ server.StrictServerInterface = api{}

func (a api) GeneratePortalLink(ctx context.Context, r server.GeneratePortalLinkRequestObject) (server.GeneratePortalLinkResponseObject, error) {
	l := a.issue(ctx, r.Body.Organization, a.h.sheetLife, Link{
		Dialect: DialectPortalLinks, Intent: string(r.Body.Intent), ReturnURL: r.Body.ReturnURL, SuccessURL: r.Body.SuccessURL,
	})
	body := gen.PortalLink{Object: gen.PortalLinkObjectPortalLink, Link: l.URL, ExpiresAt: l.ExpiresAt.UTC()}
	return server.GeneratePortalLink200JSONResponse{PortalLinkJSONResponse: server.PortalLinkJSONResponse{Body: body}}, nil
}

func (a api) GenerateLink(ctx context.Context, r server.GenerateLinkRequestObject) (server.GenerateLinkResponseObject, error) {
	l := a.issue(ctx, r.Body.Organization, a.h.liveLife, Link{
		Dialect: DialectGenerateLink, Intent: string(r.Body.Intent), ReturnURL: r.Body.ReturnURL, SuccessURL: r.Body.SuccessURL,
		ITContactEmails: r.Body.ITContactEmails,
	})
	return server.GenerateLink201JSONResponse{Body: gen.LiveLink{Link: l.URL}}, nil
}

// issue makes the link that was asked for.
func (a api) issue(ctx context.Context, organization string, life time.Duration, l Link) Link {
	x := exchangeOf(ctx)
	for _, org := range a.h.Organizations() {
		if org.ID == organization {
			l.Organization = org
		}
	}
	l.URL = x.base + pagePath + "?secret=" + newSecret()
	// Whole milliseconds, as in the answer: the link expires when it says.
	l.IssuedAt, l.ExpiresAt = x.now.Round(0), x.now.Add(life).Truncate(time.Millisecond)
	a.h.addLink(l)
	return l
}

func (a api) ListProviderIcons(ctx context.Context, _ server.ListProviderIconsRequestObject) (server.ListProviderIconsResponseObject, error) {
	list := gen.ProviderIconList{Object: gen.ProviderIconListObjectList}
	for _, p := range ssoProviders {
		list.Data = append(list.Data, gen.ProviderIcon{ID: p.id(), Name: p.Name, IconURL: p.icon(exchangeOf(ctx).base, "light")})
	}
	return server.ListProviderIcons200JSONResponse{ProviderIconListJSONResponse: server.ProviderIconListJSONResponse{Body: list}}, nil
}

// ListCDNProviderIcons serves the file on the CDN. Nobody published its shape; this one
// has everything that an entry was seen to have.
func (a api) ListCDNProviderIcons(ctx context.Context, _ server.ListCDNProviderIconsRequestObject) (server.ListCDNProviderIconsResponseObject, error) {
	var icons []map[string]string
	for _, p := range providers {
		icon := map[string]string{"slug": p.Slug, "name": p.Name, "light": p.icon(exchangeOf(ctx).base, "light")}
		if !p.LightOnly() {
			icon["dark"] = p.icon(exchangeOf(ctx).base, "dark")
		}
		icons = append(icons, icon)
	}
	body, err := json.Marshal(map[string]any{"data": icons})
	return server.ListCDNProviderIcons200JSONResponse{CDNProviderIconListJSONResponse: body}, err
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}
