package demo

import (
	"context"
	"errors"
	"net/http"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// configure answers the buttons: package portalhttp behind our sessions, with a
// record of the click around it.
func (d *Demo) configure() http.Handler {
	open := portalhttp.NewHandler(recorded{d}, d.whoMayGo,
		portalhttp.WithReturnURL(d.Site+"/settings"),
		portalhttp.WithLogger(d.logger),
		portalhttp.WithErrorHandler(d.showFailure))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, signedIn := d.sessions.find(r)
		f, ok := featureOf(r.PathValue("feature"))
		if signedIn && ok && r.Method == http.MethodPost {
			c := s.person.begin(f, s.organization)
			defer c.end()
			r = r.WithContext(withClick(r.Context(), c))
		}
		open.ServeHTTP(w, r)
	})
}

// whoMayGo takes the organization from the session, whatever the request says.
func (d *Demo) whoMayGo(r *http.Request) (client.PortalLinkRequest, error) {
	s, ok := d.sessions.find(r)
	if !ok {
		return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
	}
	f, ok := featureOf(r.PathValue("feature"))
	if !ok {
		return client.PortalLinkRequest{}, portalhttp.ErrForbidden
	}
	return client.PortalLinkRequest{
		Organization: s.organization.ID,
		Intent:       f.intent,
		ReturnURL:    d.Site + "/settings?left=" + f.Slug,
		SuccessURL:   d.Site + "/settings?done=" + f.Slug,
	}, nil
}

// recorded is the client of the moment, and writes down what it made.
type recorded struct{ demo *Demo }

func (p recorded) GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	p.demo.arm()
	link, err := p.demo.portal.Load().GeneratePortalLink(ctx, req)
	if err == nil {
		clickOf(ctx).made(link)
		p.demo.age()
	}
	return link, err
}

// showFailure is portalhttp's own page, written down. Its way back is not the
// portal's, which says that the person was there.
func (d *Demo) showFailure(w http.ResponseWriter, r *http.Request, err error) {
	var f *portalhttp.Failure
	errors.As(err, &f) // always, by WithErrorHandler
	f.ReturnURL = d.Site + "/settings"
	clickOf(r.Context()).failed(f)
	f.ServeHTTP(w, r)
}
