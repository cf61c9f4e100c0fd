package demo

import "github.com/adminportal-go/adminportal/client"

// A feature is what an admin sets up behind one of the buttons.
type feature struct {
	Slug   string // in addresses
	Name   string
	Button string
	About  string
	intent client.Intent
}

var features = []*feature{
	{"sso", "Single sign-on", "Configure SSO", "Your people sign in with the account that they already have.", client.IntentSSO},
	{"dsync", "Directory Sync", "Configure Directory Sync", "Who joins or leaves your directory joins or leaves Saltmarsh.", client.IntentDsync},
	{"audit-logs", "Audit Logs", "Configure Audit Logs", "See who did what, and when, for as long as you have to keep it.", client.IntentAuditLogs},
	{"log-streams", "Log Streams", "Configure Log Streams", "Every audit event, sent on to the system that you watch.", client.IntentLogStreams},
}

func featureOf(slug string) (*feature, bool) {
	for _, f := range features {
		if f.Slug == slug {
			return f, true
		}
	}
	return nil, false
}

// A provider is one that single sign-on works with, by the type of connection that
// WorkOS has for it. Its icon comes from the catalog.
type provider struct{ Type, Name string }

var providers = []provider{
	{"OktaSAML", "Okta"},
	{"AzureSAML", "Microsoft Entra ID"},
	{"GoogleSAML", "Google Workspace"},
	{"OneLoginSAML", "OneLogin"},
	{"JumpCloudSAML", "JumpCloud"},
	{"PingOneSAML", "PingOne"},
	{"CyberArkSAML", "CyberArk"},
	{"DuoSAML", "Duo"},
	{"KeycloakSAML", "Keycloak"},
	{"Auth0SAML", "Auth0"},
	{"RipplingSAML", "Rippling"},
	{"GenericOIDC", "OpenID Connect"},
}
