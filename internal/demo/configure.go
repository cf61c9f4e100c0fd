package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A session is one person. Demo.mu guards it.
type session struct {
	organization Organization // the one they act for
	clicks       []*click     // what they did, the latest first
}

// cookieName has the port in it, because a browser sends a cookie to all ports of a host.
func (d *Demo) cookieName() string { return "adminportal_demo_" + d.site.Port() }

// session finds the session by the number in the cookie, which is all that the browser has. It
// returns nil where there is none.
func (d *Demo) session(r *http.Request) *session {
	cookie, err := r.Cookie(d.cookieName())
	if err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions[cookie.Value]
}

// startSession starts a session under a new number, never one that the browser brought. There is no
// sign-in: this is a demo.
func (d *Demo) startSession(w http.ResponseWriter) *session {
	s, number := &session{organization: d.Organizations[0]}, rand.Text()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[number] = s
	http.SetCookie(w, &http.Cookie{ // plain http on loopback: a service sets Secure here
		Name: d.cookieName(), Value: number, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return s
}

// switchOrganization lets a person act for another organization. A service checks here that the
// person belongs to it.
func (d *Demo) switchOrganization(w http.ResponseWriter, r *http.Request) {
	s, id := d.session(r), r.PostFormValue("organization")
	i := slices.IndexFunc(d.Organizations, func(o Organization) bool { return o.ID == id })
	if s == nil || i < 0 {
		d.refuse(http.StatusForbidden, "You do not belong to this organization", "Go back and choose one of yours.").ServeHTTP(w, r)
		return
	}
	d.mu.Lock()
	s.organization = d.Organizations[i]
	d.mu.Unlock()
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

// A feature is what an admin sets up behind one of the buttons.
type feature struct {
	Slug                string // in addresses
	Name, Button, About string
	intent              client.Intent
}

var features = []feature{
	{"sso", "Single sign-on", "Configure SSO", "Your people sign in with the account they already have.", client.IntentSSO},
	{"dsync", "Directory Sync", "Configure Directory Sync", "People who join or leave your directory join or leave Saltmarsh.", client.IntentDsync},
	{"audit-logs", "Audit Logs", "Configure Audit Logs", "See who did what, and when, for as long as you keep it.", client.IntentAuditLogs},
	{"log-streams", "Log Streams", "Configure Log Streams", "Send every audit event to the system you watch.", client.IntentLogStreams},
}

// featureOf returns nil where there is no such feature.
func featureOf(slug string) *feature {
	if i := slices.IndexFunc(features, func(f feature) bool { return f.Slug == slug }); i >= 0 {
		return &features[i]
	}
	return nil
}

// configure answers the buttons, POST /configure/{feature}.
func (d *Demo) configure() http.Handler {
	open := portalhttp.NewHandler(d, d.whoMayGo,
		portalhttp.WithReturnURL(d.Site+"/settings"),
		portalhttp.WithLogger(d.logger),
		portalhttp.WithErrorHandler(d.showFailure))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), clickKey{}, &click{At: time.Now()})
		open.ServeHTTP(w, r.WithContext(ctx))
		d.note(ctx, (*click).add)
	})
}

// whoMayGo takes the organization from the session, whatever the request says.
func (d *Demo) whoMayGo(r *http.Request) (client.PortalLinkRequest, error) {
	s, f := d.session(r), featureOf(r.PathValue("feature"))
	switch {
	case s == nil:
		return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
	case f == nil:
		return client.PortalLinkRequest{}, portalhttp.ErrForbidden
	}
	var organization Organization
	d.note(r.Context(), func(c *click) {
		organization = s.organization
		c.session, c.Feature, c.Organization = s, f, organization
	})
	return client.PortalLinkRequest{
		Organization: organization.ID,
		Intent:       f.intent,
		ReturnURL:    d.Site + "/settings?left=" + f.Slug,
		SuccessURL:   d.Site + "/settings?done=" + f.Slug,
	}, nil
}

// GeneratePortalLink makes and records a link for a click: a Demo is its handler's portal.
func (d *Demo) GeneratePortalLink(ctx context.Context, req client.PortalLinkRequest) (*client.PortalLink, error) {
	d.beforeLink()
	link, err := d.portal.Load().GeneratePortalLink(ctx, req)
	if err == nil {
		life := *link
		life.URL = "" // a secret
		d.note(ctx, func(c *click) { c.Link = &life })
		d.afterLink()
	}
	return link, err
}

// showFailure is portalhttp's own page, recorded. Its way back does not say that the person has
// been in the portal.
func (d *Demo) showFailure(w http.ResponseWriter, r *http.Request, err error) {
	var f *portalhttp.Failure
	errors.As(err, &f) // always true, says WithErrorHandler
	f.ReturnURL = d.Site + "/settings"
	d.note(r.Context(), func(c *click) { c.Failure = f })
	f.ServeHTTP(w, r)
}
