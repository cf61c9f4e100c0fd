package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

//go:embed page.html style.css life.js icon.svg
var embedded embed.FS

// files are what the page is made of besides itself. Their names in the page have a
// hash, so that a browser never keeps an old one.
var files = map[string]string{
	"style.css": "text/css; charset=utf-8",
	"life.js":   "text/javascript; charset=utf-8",
	"icon.svg":  "image/svg+xml",
}

func file(name string) []byte {
	b, err := embedded.ReadFile(name)
	if err != nil {
		panic(err) // built in
	}
	return b
}

// address is a file's, with its hash.
func address(name string) string {
	sum := sha256.Sum256(file(name))
	return "/" + name + "?" + hex.EncodeToString(sum[:6])
}

func serveFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	w.Header().Set("Content-Type", files[name])
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(file(name)) // the browser has gone
}

// A page is what the template shows.
type page struct {
	Organization  Organization
	Organizations []Organization
	Features      []*feature
	Providers     []provider
	Back          *feature // that the person came back from
	Done          bool     // by the success_url
	Clicks        []clicked
	BaseURL       string
	Sandbox       bool
	Faults        []fault
	Fault         string
	Wrong         string // the fault's name, unless nothing is wrong
	Gone          string // the organization that the sandbox does not know
}

// A clicked is a click for the page.
type clicked struct {
	*click
	Curl    string
	Answers []answer
	Link    bool
	Left    time.Duration // of the link's life
	Failure *portalhttp.Failure
	Lines   []string
	Back    string
	Ended   bool
}

// An answer is how one attempt ended.
type answer struct {
	Status     int // 0: there was none
	Text       string
	Took       time.Duration
	Waited     time.Duration // before it was sent
	RetryAfter time.Duration
}

func (d *Demo) settings(w http.ResponseWriter, r *http.Request) {
	s, ok := d.sessions.find(r)
	if !ok {
		s = d.sessions.start(w, r, d.Organizations[0])
	}
	p := page{
		Organization:  s.organization,
		Organizations: d.Organizations,
		Features:      features,
		Providers:     providers,
		BaseURL:       d.BaseURL,
		Sandbox:       d.Sandbox != nil,
		Faults:        allFaults,
	}
	query := r.URL.Query()
	for _, how := range []string{"done", "left"} {
		if f, ok := featureOf(query.Get(how)); ok {
			p.Back, p.Done = f, how == "done"
			s.person.cameBack(f, s.organization, how)
			break
		}
	}
	for _, c := range s.person.latest() {
		p.Clicks = append(p.Clicks, d.show(c))
	}
	p.Fault, p.Gone = d.faults.now()
	for _, f := range allFaults {
		if f.Value == p.Fault && f.Value != faultNone {
			p.Wrong = f.Name
		}
	}

	var body bytes.Buffer
	if err := d.page.Execute(&body, p); err != nil {
		d.logger.ErrorContext(r.Context(), "page not made", "error", err.Error())
		d.refuse(http.StatusInternalServerError, "The page cannot be shown", "Something is wrong with this demo.").ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", d.policy(body.String()))
	_, _ = w.Write(body.Bytes()) // the browser has gone
}

func newPage(icons *client.IconCatalog) *template.Template {
	return template.Must(template.New("page").Funcs(portalhttp.IconFuncs(icons)).Funcs(template.FuncMap{
		"address": address,
		"inWords": inWords,
		"seconds": func(d time.Duration) int { return int(d / time.Second) },
		"round":   round,
		"clock":   func(t time.Time) string { return t.Format(time.TimeOnly) },
	}).Parse(string(file("page.html"))))
}

// round leaves about three digits.
func round(d time.Duration) time.Duration {
	for unit := time.Second; unit >= time.Microsecond; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100)
		}
	}
	return d
}

// policy allows what the page needs and nothing else: its own two files, pictures
// from where the icons are, and forms that may end at the portal, which Chromium
// holds a form's redirects to. WorkOS's portal may be at a domain of the customer's.
func (d *Demo) policy(body string) string {
	pictures := []string{"'self'"}
	for _, match := range iconAddress.FindAllStringSubmatch(body, -1) {
		if !slices.Contains(pictures, match[1]) {
			pictures = append(pictures, match[1])
		}
	}
	portal := "https:"
	if u, err := url.Parse(d.BaseURL); err == nil && u.Scheme == "http" {
		portal = u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + strings.Join(pictures, " ") +
		"; form-action 'self' " + portal + "; base-uri 'none'; frame-ancestors 'none'"
}

// iconAddress takes the origins of pictures that are not ours out of a page.
var iconAddress = regexp.MustCompile(` src(?:set)?="(https?://[0-9A-Za-z.:\[\]-]+)/`)

// show is a click as it stands now.
func (d *Demo) show(c *click) clicked {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := clicked{click: c, Link: c.link, Failure: c.failure, Lines: slices.Clone(c.lines), Back: c.back, Ended: c.ended}
	if c.request.url != "" {
		v.Curl = c.request.curl()
	}
	for _, a := range c.attempts {
		v.Answers = append(v.Answers, answerOf(a))
	}
	if c.link {
		v.Left = time.Until(c.deadline)
		if d.Sandbox != nil { // whose clock may have been moved since
			v.Left = min(v.Left, c.expires.Sub(d.Sandbox.Now()))
		}
		v.Left = max(v.Left, 0).Truncate(time.Second)
	}
	return v
}

func answerOf(a client.Attempt) answer {
	v := answer{Status: a.StatusCode, Text: http.StatusText(a.StatusCode), Took: a.Duration, Waited: a.Wait}
	if e := new(client.Error); errors.As(a.Err, &e) {
		v.RetryAfter = e.RetryAfter
	}
	if v.Waited < time.Millisecond {
		v.Waited = 0 // nothing held it back
	}
	return v
}

// inWords is the same as in life.js.
func inWords(d time.Duration) string {
	left := int(d / time.Second)
	if left <= 0 {
		return "none, it has expired"
	}
	if left < 60 {
		return strconv.Itoa(left) + " s"
	}
	return strconv.Itoa(left/60) + " min " + strconv.Itoa(left%60) + " s"
}
