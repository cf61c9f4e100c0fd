package portalhttp

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // page.html, page.css
	"encoding/base64"
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// An asker is what sent the request and reads the answer. The portal is another origin: only a browser that leaves its
// page can follow a redirect there.
type asker int

const (
	browser asker = iota // or a program: gets 303, and pages
	script               // gets JSON
	htmx                 // gets HX-Redirect, and pages
	turbo                // gets pages, and shows them if they are 4xx or 5xx
)

func askerOf(r *http.Request) asker {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	switch mode := r.Header.Get("Sec-Fetch-Mode"); {
	case r.Header.Get("HX-Request") == "true":
		return htmx
	case weight(accept, "application", "json") > weight(accept, "text", "html"):
		return script
	case strings.Contains(strings.ToLower(accept), "text/vnd.turbo-stream.html"):
		return turbo
	case mode == "cors", mode == "same-origin": // fetch and XMLHttpRequest
		return script
	}
	return browser
}

// weight is how much an Accept header (RFC 9110, section 12.5.1) wants a media type: the q of the most precise range
// that has it. The precision counts a little, too: programs send "application/json, */*", browsers name text/html.
func weight(accept, kind, subtype string) float64 {
	ranges := []string{"*/*", kind + "/*", kind + "/" + subtype}
	best, precision := 0.0, 0
	for element := range strings.SplitSeq(accept, ",") {
		name, parameters, err := mime.ParseMediaType(element)
		q, bad := strconv.ParseFloat(cmp.Or(parameters["q"], "1"), 64)
		p := slices.Index(ranges, name) + 1
		if err == nil && bad == nil && q >= 0 && q <= 1 && (p > precision || p == precision && p > 0 && q > best) {
			best, precision = q, p
		}
	}
	return best * (1 + float64(precision)/1e6)
}

// sendLink hands over the link. 303 turns the POST into a GET, so that a reload does not send the form again.
func sendLink(w http.ResponseWriter, r *http.Request, link *client.PortalLink) {
	switch askerOf(r) {
	case htmx:
		w.Header().Set("HX-Redirect", link.URL)
		w.WriteHeader(http.StatusNoContent)
	case script:
		writeJSON(w, http.StatusOK, struct {
			URL       string    `json:"url"`
			ExpiresAt time.Time `json:"expires_at,omitzero"`
		}{link.URL, link.ExpiresAt.UTC()})
	default:
		http.Redirect(w, r, link.URL, http.StatusSeeOther)
	}
}

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	// html/template leaves the style as it is, so that its hash is right.
	page       = template.Must(template.New("page").Parse(strings.Replace(pageHTML, "/*style*/", pageCSS, 1)))
	styleHash  = sha256.Sum256([]byte(pageCSS))
	pagePolicy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(styleHash[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// ServeHTTP answers with the failure's page, a single file. A script gets JSON instead. What is unknown is left out of it,
// and retry_after is in seconds. A 500 has a reference instead of retry_after:
//
//	{"error":{"code":"rate_limited","message":"…","return_url":"…","retry_after":12}}
func (f *Failure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if askerOf(r) == script {
		writeJSON(w, f.Status, map[string]any{"error": struct {
			*Failure
			RetryAfter int `json:"retry_after,omitempty"`
		}{f, int(f.RetryAfter.Seconds())}})
		return
	}
	data := map[string]any{"Failure": f, "Frame": r.Header.Get("Turbo-Frame")} // Turbo shows only what is in a frame of that name
	if back, err := url.Parse(f.ReturnURL); err == nil {
		data["Back"] = back.Host
	}
	if f.Code == throughTurbo.code {
		_ = r.ParseMultipartForm(maxBody) // what cannot be read is not sent again
		data["Fields"] = r.PostForm
		data["Action"] = "/" + strings.TrimLeft(r.RequestURI, `/\`) // "//" would name another host
	} else {
		w.Header().Set("Content-Security-Policy", pagePolicy)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(f.Status)
	_ = page.Execute(w, data) // an error means that the client has gone
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // a link is full of &
	_ = enc.Encode(v)        // an error means that the client has gone
}
