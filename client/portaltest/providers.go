package portaltest

import "github.com/adminportal-go/adminportal/gen"

// A provider has icons under its slug, by which the CDN knows it.
type provider struct {
	slug, name string
	mark       string // the letters of its icon
	id         string // at GET /provider_icons; empty: not listed there
	lightOnly  bool   // has no icon for dark pages
}

// providers are those with an icon on WorkOS's CDN. Those with an id are listed at
// GET /provider_icons, in this order, and offered on the page that sets up SSO.
var providers = []provider{
	{slug: "okta", name: "Okta", mark: "Ok", id: "okta"},
	{slug: "google", name: "Google", mark: "Go", id: "google-saml"},
	{slug: "azure", name: "Microsoft Entra ID", mark: "ME", id: "azure"},
	{slug: "onelogin", name: "OneLogin", mark: "On", id: "onelogin"},
	{slug: "ping-identity", name: "Ping Identity", mark: "PI", id: "ping-identity"},
	{slug: "jumpcloud", name: "JumpCloud", mark: "Ju", id: "jumpcloud"},
	{slug: "auth0", name: "Auth0", mark: "A0", id: "auth0"},
	{slug: "adp", name: "ADP", mark: "AD", id: "adp"},
	{slug: "cas", name: "CAS", mark: "CA", id: "cas"},
	{slug: "classlink", name: "ClassLink", mark: "Cl", id: "classlink"},
	{slug: "clever", name: "Clever", mark: "Cl", id: "clever"},
	{slug: "cloudflare", name: "Cloudflare", mark: "Cl", id: "cloudflare"},
	{slug: "cyberark", name: "CyberArk", mark: "Cy", id: "cyberark"},
	{slug: "duo", name: "Duo", mark: "Du", id: "duo"},
	{slug: "keycloak", name: "Keycloak", mark: "Ke", id: "keycloak"},
	{slug: "lastpass", name: "LastPass", mark: "La", id: "lastpass"},
	{slug: "login-gov", name: "Login.gov", mark: "LG", id: "login-gov"},
	{slug: "miniorange", name: "miniOrange", mark: "Mi", id: "miniorange"},
	{slug: "net-iq", name: "NetIQ", mark: "IQ", id: "net-iq"},
	{slug: "oracle", name: "Oracle", mark: "Or", id: "oracle"},
	{slug: "rippling", name: "Rippling", mark: "Ri", id: "rippling"},
	{slug: "salesforce", name: "Salesforce", mark: "Sa", id: "salesforce"},
	{slug: "shibboleth", name: "Shibboleth", mark: "Sh", id: "shibboleth"},
	{slug: "simple-saml-php", name: "SimpleSAMLphp", mark: "SP", id: "simple-saml-php"},
	{slug: "vmware", name: "VMware", mark: "Vm", id: "vmware"},
	{slug: "generic-oidc", name: "OpenID Connect", mark: "ID", id: "generic-oidc"},

	{slug: "access-people-hr", name: "Access People HR", mark: "AP"},
	{slug: "apple", name: "Apple", mark: "Ap"},
	{slug: "aws", name: "AWS", mark: "Aw"},
	{slug: "bamboo-hr", name: "BambooHR", mark: "BH"},
	{slug: "bitbucket", name: "Bitbucket", mark: "Bi"},
	{slug: "breathe-hr", name: "Breathe HR", mark: "Br"},
	{slug: "cezanne-hr", name: "Cezanne HR", mark: "CH"},
	{slug: "datadog", name: "Datadog", mark: "Da"},
	{slug: "discord", name: "Discord", mark: "Di"},
	{slug: "firebase", name: "Firebase", mark: "Fi"},
	{slug: "fourth", name: "Fourth", mark: "Fo"},
	{slug: "godaddy", name: "GoDaddy", mark: "Go"},
	{slug: "google-cloud", name: "Google Cloud", mark: "GC"},
	{slug: "hibob", name: "HiBob", mark: "Hi"},
	{slug: "intuit", name: "Intuit", mark: "In"},
	{slug: "linkedin", name: "LinkedIn", mark: "Li"},
	{slug: "microsoft", name: "Microsoft", mark: "Mi"},
	{slug: "next-auth", name: "NextAuth.js", mark: "NA"},
	{slug: "notion", name: "Notion", mark: "No"},
	{slug: "personio", name: "Personio", mark: "Pe"},
	{slug: "react-native-expo", name: "React Native Expo", mark: "RN"},
	{slug: "sailpoint", name: "SailPoint", mark: "Sa"},
	{slug: "slack", name: "Slack", mark: "Sl", lightOnly: true},
	{slug: "splunk", name: "Splunk", mark: "Sp"},
	{slug: "supabase", name: "Supabase", mark: "Su"},
	{slug: "vercel", name: "Vercel", mark: "Ve"},
	{slug: "workday", name: "Workday", mark: "Wo"},
	{slug: "xero", name: "Xero", mark: "Xe"},
}

const iconPath = "/provider-icons/"

func (p provider) icon(base, scheme string) string {
	return base + iconPath + scheme + "/" + p.slug + ".svg"
}

func sheetIcons(base string) []gen.ProviderIcon {
	var icons []gen.ProviderIcon
	for _, p := range providers {
		if p.id != "" {
			icons = append(icons, gen.ProviderIcon{ID: p.id, Name: p.name, IconURL: p.icon(base, "light")})
		}
	}
	return icons
}

// cdnDocument is the file on the CDN. Nobody published its shape; this one has all
// that an entry was seen to have.
type cdnDocument struct {
	Data []cdnIcon `json:"data"`
}

type cdnIcon struct {
	Slug  string `json:"slug"`
	Name  string `json:"name"`
	Light string `json:"light"`
	Dark  string `json:"dark,omitempty"`
}

func cdnIcons(base string) []cdnIcon {
	icons := make([]cdnIcon, 0, len(providers))
	for _, p := range providers {
		icon := cdnIcon{Slug: p.slug, Name: p.name, Light: p.icon(base, "light")}
		if !p.lightOnly {
			icon.Dark = p.icon(base, "dark")
		}
		icons = append(icons, icon)
	}
	return icons
}
