package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

//go:embed page.html static
var files embed.FS

func (d *Demo) settings(w http.ResponseWriter, r *http.Request) {
	s := d.session(r)
	if s == nil {
		s = d.startSession(w)
	}
	page := d.render(s, featureOf(r.URL.Query().Get("left")), featureOf(r.URL.Query().Get("done")))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", d.policy())
	_, _ = w.Write(page) // an error means that the browser has gone
	d.warm(context.WithoutCancel(r.Context()))
}

// render makes the page for a person who has perhaps come back from a feature, by the return_url or
// the success_url.
func (d *Demo) render(s *session, left, done *feature) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.cameBack(left, "left")
	s.cameBack(done, "done")
	var page bytes.Buffer
	if err := d.page.Execute(&page, map[string]any{
		"Organization": s.organization, "Organizations": d.Organizations,
		"Features": features, "Left": left, "Done": done, "Clicks": s.clicks,
		"Sandbox": d.Sandbox != nil, "BaseURL": d.BaseURL, "Faults": faults, "Fault": d.fault, "Gone": d.gone,
	}); err != nil {
		panic(err) // the template asks for something else
	}
	return page.Bytes()
}

// policy allows what the page needs and nothing else: its own files, icons, and forms that end at
// the portal, because browsers apply form-action to a form's redirects too. WorkOS's icons and
// portal are on other hosts than its API.
func (d *Demo) policy() string {
	portal := "https:"
	if u, err := url.Parse(d.BaseURL); err == nil && u.Scheme == "http" { // a sandbox has all of it on one host
		portal = "http://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " + portal +
		"; form-action 'self' " + portal + "; base-uri 'none'; frame-ancestors 'none'"
}

func (d *Demo) newPage(icons *client.IconCatalog) *template.Template {
	return template.Must(template.New("page.html").Option("missingkey=error").Funcs(portalhttp.IconFuncs(icons)).Funcs(template.FuncMap{
		"clock":      func(t time.Time) string { return t.Format(time.TimeOnly) },
		"ms":         func(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) },
		"seconds":    func(d time.Duration) int { return int(d.Seconds()) },
		"statusText": http.StatusText,
		"inWords":    inWords,
		"left":       d.left,
	}).ParseFS(files, "page.html"))
}

// left is what is left of a link's life.
func (d *Demo) left(link *client.PortalLink) time.Duration {
	left := link.TTL()
	if d.Sandbox != nil { // whose clock the faults move
		left = link.ExpiresAt.Sub(d.Sandbox.Now())
	}
	return max(left, 0)
}

// inWords says how long a link lives. The function of that name in life.js does the same.
func inWords(d time.Duration) string {
	left := int(d.Seconds())
	if left <= 0 {
		return "none, it has expired"
	}
	return strings.TrimPrefix(fmt.Sprintf("%d min %d s", left/60, left%60), "0 min ")
}
