package main

import (
	"net/http"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// features are what an admin may configure, by the address of the button.
var features = map[string]client.Intent{
	"sso":         client.IntentSSO,
	"dsync":       client.IntentDsync,
	"audit-logs":  client.IntentAuditLogs,
	"log-streams": client.IntentLogStreams,
}

// configure answers the buttons, POST /configure/{feature}.
func configure(portal portalhttp.Portal, site string) http.Handler {
	return portalhttp.NewHandler(portal, func(r *http.Request) (client.PortalLinkRequest, error) {
		person, ok := signedIn(r)
		if !ok {
			return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
		}
		intent, ok := features[r.PathValue("feature")]
		if !ok || !person.Admin {
			return client.PortalLinkRequest{}, portalhttp.ErrForbidden
		}
		return client.PortalLinkRequest{
			Organization: person.Organization, // the session's, whatever the request says
			Intent:       intent,
			SuccessURL:   site + "/settings?done=" + r.PathValue("feature"),
		}, nil
	}, portalhttp.WithReturnURL(site+"/settings"))
}
