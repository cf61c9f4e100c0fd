package portaltest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/adminportal-go/adminportal/gen"
	"github.com/adminportal-go/adminportal/gen/server"
)

// An api carries out the contract's operations. What reaches it has a good key, a budget and a body
// as the contract says. Its answer is nil where it refused.
type api struct{ h *Handler }

func (a api) GeneratePortalLink(ctx context.Context, r server.GeneratePortalLinkRequestObject) (server.GeneratePortalLinkResponseObject, error) {
	l, ok := exchangeOf(ctx).issue(r.Body.Organization, a.h.referenceLife, Link{
		Dialect: DialectPortalLinks, Intent: string(r.Body.Intent), ReturnURL: r.Body.ReturnURL, SuccessURL: r.Body.SuccessURL,
	})
	if !ok {
		return nil, nil // refused
	}
	body := gen.PortalLink{Object: gen.PortalLinkObjectPortalLink, Link: l.URL, ExpiresAt: l.ExpiresAt.UTC()}
	return server.GeneratePortalLink200JSONResponse{PortalLinkJSONResponse: server.PortalLinkJSONResponse{Body: body}}, nil
}

func (a api) GenerateLink(ctx context.Context, r server.GenerateLinkRequestObject) (server.GenerateLinkResponseObject, error) {
	l, ok := exchangeOf(ctx).issue(r.Body.Organization, a.h.liveLife, Link{
		Dialect: DialectGenerateLink, Intent: string(r.Body.Intent), ReturnURL: r.Body.ReturnURL, SuccessURL: r.Body.SuccessURL,
		ITContactEmails: r.Body.ITContactEmails,
	})
	if !ok {
		return nil, nil // refused
	}
	return server.GenerateLink201JSONResponse{Body: gen.LiveLink{Link: l.URL}}, nil
}

// issue makes the link that was asked for, or refuses an unknown organization.
func (x *exchange) issue(organization string, life time.Duration, l Link) (Link, bool) {
	l.Organization.ID = organization
	l.URL = x.base + pagePath + "?secret=" + newSecret()
	// Whole milliseconds: the link expires when the answer says.
	l.IssuedAt, l.ExpiresAt = x.now.Round(0), x.now.Add(life).Truncate(time.Millisecond)
	l, ok := x.h.issue(l)
	if !ok {
		x.refuse(notFound(organization), "organization: "+organization+" does not exist in this sandbox; POST "+controlPath+"/organizations adds one")
	}
	return l, ok
}

func (a api) ListProviderIcons(ctx context.Context, _ server.ListProviderIconsRequestObject) (server.ListProviderIconsResponseObject, error) {
	list := gen.ProviderIconList{Object: gen.ProviderIconListObjectList}
	for _, p := range ssoProviders {
		id := p.Slug
		if id == "google" {
			id = "google-saml" // in the reference's example
		}
		list.Data = append(list.Data, gen.ProviderIcon{ID: id, Name: p.Name, IconURL: p.icon(exchangeOf(ctx).base, "light")})
	}
	return server.ListProviderIcons200JSONResponse{ProviderIconListJSONResponse: server.ProviderIconListJSONResponse{Body: list}}, nil
}

// ListCDNProviderIcons serves the file on the CDN. Nobody published its shape; this one has
// everything that an entry was seen to have.
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
