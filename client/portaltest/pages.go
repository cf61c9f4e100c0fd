package portaltest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The one template of every page, and the one style sheet. The style stands in the
// page, and the page's policy allows it by its hash and nothing else.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
	pagePolicy   = "default-src 'none'; img-src 'self'; style-src 'sha256-" + hashOf(pageCSS) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A page is what the template shows. An empty field is not shown.
type page struct {
	Title, Lead  string
	Organization string
	Secret       string // of the link, for links from the page to itself

	Question string   // above Choices
	Choices  []choice // until one of them is chosen
	Chosen   *choice
	Facts    []fact
	Events   []event

	Done      string // where a successful setup leads
	Back      string // where leaving leads
	BackHost  string
	NoWayBack string // in place of Done and Back

	Expires    time.Time
	ExpireVerb string
	Left       string
}

// Style is the style sheet, as it stands in the page.
func (page) Style() template.CSS { return template.CSS(pageCSS) } //nolint:gosec // ours, built in

// A choice is a provider that the admin may pick.
type choice struct {
	Slug, Name string
	LightOnly  bool
}

type fact struct{ Name, Value string }

type event struct {
	Name, By string
	At       time.Time
}

// servePage opens a link: the page of its intent, or that it has expired, or that
// there is no such link.
func (h *Handler) servePage(x *exchange, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		x.header.Set("Allow", "GET, HEAD")
		http.Error(x, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	secret := query.Get("secret")
	link, alive, ok := h.links.open(secret, x.now)
	switch {
	case !ok:
		x.page(http.StatusNotFound, page{
			Title:     "This link is not valid",
			Lead:      "It may be incomplete, or older than this sandbox remembers. Go back to where you found it and ask for a new one.",
			NoWayBack: "You can close this window.",
		})
	case !alive:
		p := page{
			Title:        "This link has expired",
			Lead:         "A portal link lives for minutes only. Go back and ask for a new one.",
			Organization: link.Organization.Name,
			NoWayBack:    "You can close this window.",
			Expires:      link.ExpiresAt.UTC(),
			ExpireVerb:   "expired",
		}
		p.back(link)
		x.page(http.StatusGone, p)
	default:
		p := pageOf(link, query.Get("choice"), x)
		p.Secret = secret
		p.Organization = link.Organization.Name
		p.NoWayBack = "When you are done, close this window."
		p.Expires, p.ExpireVerb = link.ExpiresAt.UTC(), "expires"
		p.Left = inWords(link.ExpiresAt.Sub(x.now))
		p.back(link)
		if p.Done = link.SuccessURL; p.Done == "" {
			p.Done = link.ReturnURL
		}
		x.page(http.StatusOK, p)
	}
}

// back sets the way back. Where a page leads is nobody's to choose but the caller's
// who asked for the link: nothing of it is taken from the page's own address.
func (p *page) back(l Link) {
	if u, err := url.Parse(l.ReturnURL); err == nil && u.Host != "" {
		p.Back, p.BackHost = l.ReturnURL, u.Host
	}
}

func (x *exchange) page(status int, p page) {
	var buf bytes.Buffer
	if err := pageTemplate.Execute(&buf, p); err != nil {
		http.Error(x, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	x.header.Set("Content-Type", "text/html; charset=utf-8")
	x.header.Set("Content-Security-Policy", pagePolicy)
	x.header.Set("Cache-Control", "no-store")
	x.header.Set("Referrer-Policy", "no-referrer")
	x.header.Set("X-Content-Type-Options", "nosniff")
	x.header.Set("X-Frame-Options", "DENY")
	x.WriteHeader(status)
	x.body.Write(buf.Bytes())
}

// inWords is never more than d: minutes while there are some.
func inWords(d time.Duration) string {
	n, unit := int(d/time.Second), "second"
	if d >= time.Minute {
		n, unit = int(d/time.Minute), "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}
