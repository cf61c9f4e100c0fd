package portaltest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/adminportal-go/adminportal/gen"
	"github.com/adminportal-go/adminportal/gen/server"
)

// An api is the contract's operations. What reaches it has a good key, a budget and
// a body as the contract says; what is left to refuse is an unknown organization.
type api struct{ h *Handler }

var _ server.StrictServerInterface = api{}

func (a api) GeneratePortalLink(ctx context.Context, r server.GeneratePortalLinkRequestObject) (server.GeneratePortalLinkResponseObject, error) {
	link, ok := a.issue(ctx, Link{
		Dialect:      DialectPortalLinks,
		Organization: Organization{ID: r.Body.Organization},
		Intent:       string(r.Body.Intent),
		ReturnURL:    r.Body.ReturnURL,
		SuccessURL:   r.Body.SuccessURL,
	})
	if !ok {
		return server.GeneratePortalLink404JSONResponse{
			OrganizationNotFoundJSONResponse: server.OrganizationNotFoundJSONResponse{Body: organizationNotFound(r.Body.Organization).sheet},
		}, nil
	}
	return issued{Object: gen.PortalLinkObjectPortalLink, Link: link.URL, ExpiresAt: link.ExpiresAt.UTC().Format(timestamp)}, nil
}

func (a api) GenerateLink(ctx context.Context, r server.GenerateLinkRequestObject) (server.GenerateLinkResponseObject, error) {
	link, ok := a.issue(ctx, Link{
		Dialect:         DialectGenerateLink,
		Organization:    Organization{ID: r.Body.Organization},
		Intent:          string(r.Body.Intent),
		ReturnURL:       r.Body.ReturnURL,
		SuccessURL:      r.Body.SuccessURL,
		ITContactEmails: r.Body.ITContactEmails,
	})
	if !ok {
		return server.GenerateLink404JSONResponse{
			LiveNotFoundJSONResponse: server.LiveNotFoundJSONResponse{Body: organizationNotFound(r.Body.Organization).live},
		}, nil
	}
	return server.GenerateLink201JSONResponse{Body: gen.LiveLink{Link: link.URL}}, nil
}

func (a api) ListProviderIcons(ctx context.Context, _ server.ListProviderIconsRequestObject) (server.ListProviderIconsResponseObject, error) {
	return server.ListProviderIcons200JSONResponse{ProviderIconListJSONResponse: server.ProviderIconListJSONResponse{
		Body: gen.ProviderIconList{Object: gen.ProviderIconListObjectList, Data: sheetIcons(exchangeOf(ctx).base)},
	}}, nil
}

func (a api) ListCDNProviderIcons(ctx context.Context, _ server.ListCDNProviderIconsRequestObject) (server.ListCDNProviderIconsResponseObject, error) {
	body, err := json.Marshal(cdnDocument{Data: cdnIcons(exchangeOf(ctx).base)})
	if err != nil {
		return nil, err
	}
	return server.ListCDNProviderIcons200JSONResponse{CDNProviderIconListJSONResponse: body}, nil
}

// issue makes the link that was asked for, if the organization exists.
func (a api) issue(ctx context.Context, l Link) (Link, bool) {
	org, ok := a.h.organizations.find(l.Organization.ID)
	if !ok {
		return Link{}, false
	}
	x := exchangeOf(ctx)
	l.Organization = org
	// Whole milliseconds, as the answer has them: the link dies when it says.
	l.IssuedAt = x.now.Round(0)
	l.ExpiresAt = x.now.Add(a.h.life[l.Dialect]).Truncate(time.Millisecond)
	return a.h.links.issue(l, a.h.secrets.text(secretLength), x.base), true
}

// timestamp always has its milliseconds, as the reference's example has; the
// generated type leaves zeros out.
const timestamp = "2006-01-02T15:04:05.000Z"

// issued is a portal link with its expires_at in that form.
type issued struct {
	Object    gen.PortalLinkObject `json:"object"`
	Link      string               `json:"link"`
	ExpiresAt string               `json:"expires_at"`
}

func (i issued) VisitGeneratePortalLinkResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	return json.NewEncoder(w).Encode(i)
}
