package portalhttp

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // page.html and page.css
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

var (
	//go:embed page.html
	pageHTML string

	//go:embed page.css
	pageCSS string

	// The style is part of the template's text, where nothing rewrites it, so that
	// its hash holds.
	page = template.Must(template.New("page").Parse(strings.Replace(pageHTML, "/*style*/", pageCSS, 1)))

	pagePolicy = "default-src 'none'; style-src 'sha256-" + hashOf(pageCSS) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// serveFailure is what WithErrorHandler replaces.
func serveFailure(w http.ResponseWriter, r *http.Request, err error) {
	if f := new(Failure); errors.As(err, &f) {
		f.ServeHTTP(w, r)
	}
}

// ServeHTTP answers with the failure's page, which asks nothing of anyone: one
// file, no script. Whoever prefers JSON gets
//
//	{"error":{"code":"rate_limited","message":"…","retry_after":12,"return_url":"…","reference":"…"}}
//
// where retry_after is in seconds and, like reference, only there if it is known.
func (f *Failure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wantsJSON(r.Header.Values("Accept")) {
		f.serveJSON(w)
		return
	}
	back, err := url.Parse(f.ReturnURL)
	if err != nil {
		back = new(url.URL)
	}
	var body bytes.Buffer
	if err := page.Execute(&body, struct {
		*Failure
		Back *url.URL
	}{f, back}); err != nil {
		panic(err) // the template has nothing that can fail
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(f.Status)
	_, _ = w.Write(body.Bytes()) // the client has gone
}

func (f *Failure) serveJSON(w http.ResponseWriter) {
	type object struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		RetryAfter int    `json:"retry_after,omitempty"`
		ReturnURL  string `json:"return_url,omitempty"`
		Reference  string `json:"reference,omitempty"`
	}
	writeJSON(w, f.Status, map[string]object{"error": {
		Code:       f.Code,
		Message:    f.Message,
		RetryAfter: int(f.RetryAfter.Seconds()),
		ReturnURL:  f.ReturnURL,
		Reference:  f.Reference,
	}})
}
