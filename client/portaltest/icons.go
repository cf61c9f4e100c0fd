package portaltest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

const (
	iconPath = "/provider-icons/"
	markPath = "/portal/icon.svg" // the icon of the portal's own pages
)

// A provider has icons under its slug, by which the CDN knows it.
type provider struct{ Slug, Name string }

// ssoProviders are listed at GET /provider_icons, in this order, and offered on the
// page that sets up SSO.
var ssoProviders = []provider{
	{"okta", "Okta"}, {"google", "Google"}, {"azure", "Microsoft Entra ID"}, {"onelogin", "OneLogin"},
	{"ping-identity", "Ping Identity"}, {"jumpcloud", "JumpCloud"}, {"auth0", "Auth0"}, {"adp", "ADP"}, {"cas", "CAS"},
	{"classlink", "ClassLink"}, {"clever", "Clever"}, {"cloudflare", "Cloudflare"}, {"cyberark", "CyberArk"}, {"duo", "Duo"},
	{"keycloak", "Keycloak"}, {"lastpass", "LastPass"}, {"login-gov", "Login.gov"}, {"miniorange", "miniOrange"},
	{"net-iq", "NetIQ"}, {"oracle", "Oracle"}, {"rippling", "Rippling"}, {"salesforce", "Salesforce"},
	{"shibboleth", "Shibboleth"}, {"simple-saml-php", "SimpleSAMLphp"}, {"vmware", "VMware"}, {"generic-oidc", "OpenID Connect"},
}

// providers are all that are known to have an icon on WorkOS's CDN.
var providers = slices.Concat(ssoProviders, []provider{
	{"access-people-hr", "Access People HR"}, {"apple", "Apple"}, {"aws", "AWS"}, {"bamboo-hr", "BambooHR"},
	{"bitbucket", "Bitbucket"}, {"breathe-hr", "Breathe HR"}, {"cezanne-hr", "Cezanne HR"}, {"datadog", "Datadog"},
	{"discord", "Discord"}, {"firebase", "Firebase"}, {"fourth", "Fourth"}, {"godaddy", "GoDaddy"},
	{"google-cloud", "Google Cloud"}, {"hibob", "HiBob"}, {"intuit", "Intuit"}, {"linkedin", "LinkedIn"},
	{"microsoft", "Microsoft"}, {"next-auth", "NextAuth.js"}, {"notion", "Notion"}, {"personio", "Personio"},
	{"react-native-expo", "React Native Expo"}, {"sailpoint", "SailPoint"}, {"slack", "Slack"}, {"splunk", "Splunk"},
	{"supabase", "Supabase"}, {"vercel", "Vercel"}, {"workday", "Workday"}, {"xero", "Xero"},
})

func providersOf(slugs ...string) []provider {
	var list []provider
	for _, slug := range slugs {
		list = append(list, providers[slices.IndexFunc(providers, func(p provider) bool { return p.Slug == slug })])
	}
	return list
}

// id is the provider's at GET /provider_icons; the reference's example has google-saml.
func (p provider) id() string {
	if p.Slug == "google" {
		return "google-saml"
	}
	return p.Slug
}

// LightOnly says that the CDN has no icon for dark pages.
func (p provider) LightOnly() bool { return p.Slug == "slack" }

func (p provider) icon(base, scheme string) string {
	return base + iconPath + scheme + "/" + p.Slug + ".svg"
}

// serveIcon serves icons of our own, monograms: the artwork is the providers'. Icons
// are public, without rates or faults, and not in the list of requests.
func serveIcon(w http.ResponseWriter, r *http.Request) {
	if !isGet(w, r) {
		return
	}
	name, paper, ink := "Admin Portal", "#3450ad", "#ffffff"
	if r.URL.Path != markPath {
		i := slices.IndexFunc(providers, func(p provider) bool {
			return r.URL.Path == p.icon("", "light") || r.URL.Path == p.icon("", "dark") && !p.LightOnly()
		})
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		name, paper, ink = providers[i].Name, "#e6eafa", "#2b3f86"
		if r.URL.Path == providers[i].icon("", "dark") {
			paper, ink = "#26304d", "#ccd6ff"
		}
	}
	mark := name // its first two letters, or those of its words
	if words := strings.Fields(name); len(words) > 1 {
		mark = words[0][:1] + words[1][:1]
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, fmt.Sprintf(icon, name, paper, ink, mark[:2])) //nolint:gosec // nothing of the request is in it
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48" role="img" aria-label="%s">` +
	`<rect width="48" height="48" rx="12" fill="%s"/>` +
	`<text x="24" y="31" text-anchor="middle" font-family="ui-sans-serif, system-ui, sans-serif" font-size="20" font-weight="600" fill="%s">%s</text>` +
	"</svg>\n"
