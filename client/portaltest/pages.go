package portaltest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"time"
)

// pagePath is where the page of a link is.
const pagePath = "/portal/launch"

// There is one template for every page, and one style sheet. The style is in the page;
// the page's policy allows it by its hash, and nothing else.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
	styleHash    = sha256.Sum256([]byte(pageCSS))
	pagePolicy   = "default-src 'none'; img-src 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(styleHash[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// A page is what the template shows. An empty field is not shown.
type page struct {
	Title, Lead  string
	Organization string
	Secret       string // of the link, for links from the page to itself
	Feature      string // chosen on a link without an intent

	Question  string     // above what there is to choose
	Features  []feature  // of a link without an intent, until one is chosen
	Providers []provider // until one is chosen
	Chosen    *provider
	Facts     []fact

	Done, Back, BackHost string // where a successful setup leads, and where leaving does
	Ends                 string // "expires" or "expired"
	At                   time.Time
}

// Style is the style sheet, as it is in the page.
func (page) Style() template.CSS { return template.CSS(pageCSS) } //nolint:gosec // ours, built in

// servePage opens a link: the page of its intent, or one that says that the link has
// expired or does not exist.
func (x *exchange) servePage(r *http.Request) {
	if !isGet(x, r) {
		return
	}
	query := r.URL.Query()
	link, alive, ok := x.h.open(query.Get("secret"), x.now)
	p := page{Organization: link.Organization.Name, At: link.ExpiresAt.UTC()}
	// The way back is the one that the request for the link named. Nothing is taken
	// from the page's own address.
	if u, err := url.Parse(link.ReturnURL); err == nil && u.Host != "" {
		p.Back, p.BackHost = link.ReturnURL, u.Host
	}
	status := http.StatusOK
	switch {
	case !ok:
		status = http.StatusNotFound
		p.Title = "This link is not valid"
		p.Lead = "It may be incomplete, or older than this sandbox remembers. Go back to where you found it and ask for a new one."
		x.note("no such link")
	case !alive:
		status = http.StatusGone
		p.Title, p.Ends = "This link has expired", "expired"
		p.Lead = "A portal link lives for minutes only. Go back and ask for a new one."
		x.note("the link expired at %s", link.ExpiresAt.UTC().Format(time.RFC3339))
	default:
		p.fill(link, query, x.base)
		p.Secret, p.Ends = query.Get("secret"), "expires"
		if p.Done = link.SuccessURL; p.Done == "" {
			p.Done = link.ReturnURL
		}
	}
	var buf bytes.Buffer
	if err := pageTemplate.Execute(&buf, p); err != nil {
		panic("portaltest: page.html: " + err.Error()) // the tests show every page
	}
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": pagePolicy,
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
	} {
		x.header.Set(name, value)
	}
	x.WriteHeader(status)
	x.body.Write(buf.Bytes())
}

// isGet answers every other method than GET and HEAD.
func isGet(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	return false
}
