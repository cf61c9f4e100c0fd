package portaltest

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	pagePath = "/portal/launch" // the page of a link
	markPath = "/portal/icon.svg"
	iconPath = "/provider-icons/"
)

// There is one template for every page, and one style sheet. The style is in the page; the page's
// policy allows it by its hash, and nothing else.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
	styleHash    = sha256.Sum256([]byte(pageCSS))
	pageHeader   = map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(styleHash[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
	}
)

// A page is what the template shows. An empty field is not shown.
type page struct {
	Style                     template.CSS
	Title, Lead, Organization string
	Features                  []feature // one, or for a link without an intent all to choose from
	Done, Back, BackHost      string    // where a successful setup leads, and where leaving does
	Ends                      string    // "expires" or "expired"
	At                        time.Time
}

// servePage opens a link, or says that it has expired or does not exist.
func (x *exchange) servePage(r *http.Request) {
	link, alive, ok := x.h.open(r.URL.Query().Get("secret"), x.now, r.Method == http.MethodGet)
	p := page{Style: template.CSS(pageCSS), Organization: link.Organization.Name, At: link.ExpiresAt.UTC()} // ours, built in
	// The way back is the one that the request for the link named. Nothing is taken from the page's
	// own address.
	if u, err := url.Parse(link.ReturnURL); err == nil && u.Host != "" {
		p.Back, p.BackHost = link.ReturnURL, u.Host
	}
	status := http.StatusOK
	switch {
	case !ok:
		status, p.Title = http.StatusNotFound, "This link is not valid"
		p.Lead = "It may be incomplete, or older than this sandbox remembers. Go back to where you found it and ask for a new one."
		x.note("no such link")
	case !alive:
		status, p.Title, p.Ends = http.StatusGone, "This link has expired", "expired"
		p.Lead = "A portal link lives for minutes only. Go back and ask for a new one."
		x.note("the link expired at %s", p.At.Format(time.RFC3339))
	default:
		p.Title, p.Lead, p.Features = "What do you want to configure?", "Your organization can set these up.", features
		if i := slices.IndexFunc(features, func(f feature) bool { return f.intent == link.Intent }); i >= 0 {
			p.Title, p.Lead, p.Features = features[i].Title, features[i].Lead, features[i:i+1]
		}
		p.Done, p.Ends = cmp.Or(link.SuccessURL, link.ReturnURL), "expires"
	}
	for name, value := range pageHeader {
		x.header.Set(name, value)
	}
	x.status = status
	if err := pageTemplate.Execute(&x.body, p); err != nil {
		panic("portaltest: page.html: " + err.Error()) // the tests show every page
	}
}

// A feature is what an admin configures: what the page of an intent shows.
type feature struct {
	intent, Title, Lead string
	Question            string // about the providers
	Providers           []provider
	Facts               []fact // what the provider must be told
}

type fact struct{ Name, Value string }

var features = []feature{
	{"sso", "Configure Single Sign-On", "Let the people of your organization sign in with the account that they already have.",
		"Which identity provider do you use?", ssoProviders,
		[]fact{{"ACS URL", "https://sandbox.example/sso/saml/acs"}, {"SP entity ID", "https://sandbox.example/sso/saml"}}},
	{"dsync", "Configure Directory Sync", "Add, change and remove the people of your organization where you already keep them.",
		"Where is your directory?", providersOf("okta azure google onelogin jumpcloud ping-identity cyberark rippling workday bamboo-hr breathe-hr cezanne-hr fourth hibob access-people-hr personio sailpoint"),
		[]fact{{"SCIM endpoint", "https://sandbox.example/scim/v2.0"}, {"Bearer token", "shown once, when the directory is connected"}}},
	{"audit_logs", "Audit Logs", "See who did what in your organization, and when. These are its last events.", "", nil,
		[]fact{{"4 minutes ago", "user.signed_in by ada@customer.example"}, {"2 hours ago", "user.invited by ada@customer.example"}, {"yesterday", "role.changed by grace@customer.example"}}},
	{"log_streams", "Configure Log Streams", "Send your organization's audit events to a system of your own.",
		"Where should the events go?", providersOf("datadog splunk aws google-cloud"),
		[]fact{{"Format", "JSON, one event a line"}, {"Delivery", "at least once"}}},
	{"domain_verification", "Verify your domain", "Show that a domain is your organization's: add this record to its DNS.", "", nil,
		[]fact{{"Type", "TXT"}, {"Name", "_adminportal-sandbox"}, {"Value", "adminportal-sandbox-verification=example"}}},
	{"certificate_renewal", "Renew your SAML certificate", "The certificate with which your identity provider signs is about to expire. Upload its successor before then.", "", nil,
		[]fact{{"In use", "CN=customer.example"}, {"Expires", "in 14 days"}}},
	{"bring_your_own_key", "Bring your own key", "Encrypt your organization's data with a key that you keep.",
		"Who keeps your key?", providersOf("aws google-cloud azure"),
		[]fact{{"Permissions that the key must grant", "encrypt, decrypt"}}},
}

// A provider has icons under its slug, by which the CDN knows it.
type provider struct{ Slug, Name string }

// ssoProviders are listed at GET /provider_icons, in this order, and offered on the page that sets
// up SSO.
var ssoProviders = []provider{
	{"okta", "Okta"}, {"google", "Google"}, {"azure", "Microsoft Entra ID"}, {"onelogin", "OneLogin"}, {"ping-identity", "Ping Identity"}, {"jumpcloud", "JumpCloud"},
	{"auth0", "Auth0"}, {"adp", "ADP"}, {"cas", "CAS"}, {"classlink", "ClassLink"}, {"clever", "Clever"}, {"cloudflare", "Cloudflare"}, {"cyberark", "CyberArk"},
	{"duo", "Duo"}, {"keycloak", "Keycloak"}, {"lastpass", "LastPass"}, {"login-gov", "Login.gov"}, {"miniorange", "miniOrange"}, {"net-iq", "NetIQ"},
	{"oracle", "Oracle"}, {"rippling", "Rippling"}, {"salesforce", "Salesforce"}, {"shibboleth", "Shibboleth"}, {"simple-saml-php", "SimpleSAMLphp"},
	{"vmware", "VMware"}, {"generic-oidc", "OpenID Connect"},
}

// providers are all that are known to have an icon on WorkOS's CDN.
var providers = slices.Concat(ssoProviders, []provider{
	{"access-people-hr", "Access People HR"}, {"apple", "Apple"}, {"aws", "AWS"}, {"bamboo-hr", "BambooHR"}, {"bitbucket", "Bitbucket"}, {"breathe-hr", "Breathe HR"},
	{"cezanne-hr", "Cezanne HR"}, {"datadog", "Datadog"}, {"discord", "Discord"}, {"firebase", "Firebase"}, {"fourth", "Fourth"}, {"godaddy", "GoDaddy"},
	{"google-cloud", "Google Cloud"}, {"hibob", "HiBob"}, {"intuit", "Intuit"}, {"linkedin", "LinkedIn"}, {"microsoft", "Microsoft"}, {"next-auth", "NextAuth.js"},
	{"notion", "Notion"}, {"personio", "Personio"}, {"react-native-expo", "React Native Expo"}, {"sailpoint", "SailPoint"}, {"slack", "Slack"}, {"splunk", "Splunk"},
	{"supabase", "Supabase"}, {"vercel", "Vercel"}, {"workday", "Workday"}, {"xero", "Xero"},
})

// providersOf are those of the slugs, in the order of providers.
func providersOf(slugs string) (list []provider) {
	for _, p := range providers {
		if slices.Contains(strings.Fields(slugs), p.Slug) {
			list = append(list, p)
		}
	}
	return list
}

// LightOnly says that the CDN has no icon for dark pages.
func (p provider) LightOnly() bool { return p.Slug == "slack" }

func (p provider) icon(base, scheme string) string {
	return base + iconPath + scheme + "/" + p.Slug + ".svg"
}

// serveIcon serves icons of our own, monograms: the artwork is the providers'. Icons are public,
// without rates or faults, and not in the list of requests.
func serveIcon(w http.ResponseWriter, r *http.Request) {
	name, paper, ink := "", "", ""
	if r.URL.Path == markPath {
		name, paper, ink = "Admin Portal", "#3450ad", "#ffffff"
	}
	for _, p := range providers {
		switch {
		case r.URL.Path == p.icon("", "light"):
			name, paper, ink = p.Name, "#e6eafa", "#2b3f86"
		case r.URL.Path == p.icon("", "dark") && !p.LightOnly():
			name, paper, ink = p.Name, "#26304d", "#ccd6ff"
		}
	}
	if name == "" {
		http.NotFound(w, r)
		return
	}
	mark := name[:2]
	if words := strings.Fields(name); len(words) > 1 {
		mark = words[0][:1] + words[1][:1]
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48" role="img" aria-label="%s">`+
		`<rect width="48" height="48" rx="12" fill="%s"/>`+
		`<text x="24" y="31" text-anchor="middle" font-family="ui-sans-serif, system-ui, sans-serif" font-size="20" font-weight="600" fill="%s">%s</text>`+
		"</svg>\n", name, paper, ink, mark)
}
