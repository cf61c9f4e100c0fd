package portalhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// Everything that sends a request gets a link, and a failure, in the form in which it can use them.
func TestEveryAskerGetsWhatItCanUse(t *testing.T) {
	type form struct {
		status                                int
		location, redirect, contentType, body string
	}
	var (
		redirect = form{status: 303, location: linkURL}
		htmx     = form{status: 204, redirect: linkURL}
		json     = form{status: 200, contentType: "application/json", body: `{"url":"` + linkURL + `","expires_at":"2124-01-15T12:00:00Z"}` + "\n"}
		again    = form{status: 422, contentType: "text/html; charset=utf-8"} // a page that sends the form again
	)
	for _, c := range []struct {
		name   string
		header []string
		gets   form
	}{
		{"form", []string{"Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, redirect},
		{"form over http", []string{"Accept", acceptPage}, redirect},
		{"program", nil, redirect},
		{"program that takes anything", []string{"Accept", "*/*"}, redirect},
		{"htmx", []string{"HX-Request", "true", "Accept", "*/*", "Sec-Fetch-Mode", "cors"}, htmx},
		{"htmx that names JSON", []string{"HX-Request", "true", "Accept", "application/json", "Sec-Fetch-Mode", "cors"}, htmx},
		{"not htmx", []string{"HX-Request", "false", "Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, redirect},
		{"fetch", []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors"}, json},
		{"fetch that names pages", []string{"Accept", "text/html", "Sec-Fetch-Mode", "cors"}, json},
		{"fetch that stays at its origin", []string{"Accept", "*/*", "Sec-Fetch-Mode", "same-origin"}, json},
		{"fetch that asks for JSON over http", []string{"Accept", "application/json"}, json},
		{"Turbo", []string{"Accept", acceptTurbo, "Sec-Fetch-Mode", "cors"}, again},
		{"Turbo in a frame", []string{"Accept", acceptTurbo, "Turbo-Frame", "sso", "Sec-Fetch-Mode", "cors"}, again},
		{"Turbo Streams by a script that asks for JSON", []string{"Accept", "application/json, text/vnd.turbo-stream.html"}, json},
	} {
		portal := new(fake)
		b := newButton(portal, admin)
		header := append([]string{"Accept", ""}, c.header...)
		answer := b.click(t, header...)
		got := form{answer.StatusCode, answer.Header.Get("Location"), answer.Header.Get("HX-Redirect"), answer.Header.Get("Content-Type"), answer.body}
		if line := fmt.Sprint(b.line(t)); c.gets == again {
			got.body = ""
			if !strings.Contains(line, `put data-turbo="false" on the form`) || !strings.Contains(line, "level:WARN") || len(portal.seen) > 0 {
				t.Errorf("%s: log line = %s, want a warning that says what to put on the form, and no link", c.name, line)
			}
			errorIf(t, strings.Contains(answer.body, `<turbo-frame id="sso">`) != strings.Contains(c.name, "frame"), "%s: page = %s, want a frame for a frame", c.name, answer.body)
		}
		errorIf(t, got != c.gets, "%s gets %+v, want %+v", c.name, got, c.gets)

		answer = b.click(t, append(header, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")...)
		asJSON, asPage := strings.HasPrefix(answer.body, `{"error":{"code":"cross_origin","message":"`), strings.Contains(answer.body, "<h1>")
		errorIf(t, asJSON != (c.gets == json) || asPage == asJSON || strings.Contains(answer.body, "<form"), "%s: failure = %s, want JSON or a page", c.name, answer.body)
		swap := answer.Header.Get("HX-Retarget") + " " + answer.Header.Get("HX-Reswap")
		errorIf(t, c.gets == htmx && swap != "body innerHTML" || c.gets != htmx && swap != " ", "%s: HX-Retarget, HX-Reswap = %q, want the whole page for htmx alone", c.name, swap)
	}
}

func TestJSONIsForThoseWhoPreferIt(t *testing.T) {
	b := newButton(new(fake), admin)
	for want, accepts := range map[bool][]string{
		true: {"APPLICATION/JSON", " application/json ; q=0.5 ", "application/*", "application/json, text/*", "text/html;q=0, */*",
			"text/*;q=0.1, */*;q=0.2", "application/json;q=x, application/json", "application/json;q=.1, application/json;q=.9, text/html;q=.5",
			"application/json;q=.9, application/json;q=.1, text/html;q=.5"},
		false: {"application/json;q=0", "application/vnd.api+json", "application/json;q=2", "application/json;q=NaN", ";;;,,,/;q",
			"application/json;q=0.5, */*", "application/json;q=0.9, text/html", "text/html;q=0.9, image/png"},
	} {
		for _, accept := range accepts {
			if got := b.click(t, "Accept", accept).Header.Get("Content-Type") == "application/json"; got != want {
				t.Errorf("Accept %q: JSON = %v, want %v", accept, got, want)
			}
		}
	}
}

// A header may come in several lines, and each counts.
func TestHeadersInSeveralLines(t *testing.T) {
	for want, header := range map[int]http.Header{
		200: {"Accept": {"text/html;q=0.5", "application/json"}},
		403: {"Origin": {"https://example.com", "null"}, "Sec-Fetch-Site": {"cross-site"}},
	} {
		rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
		req.Header = header
		if newButton(new(fake), admin).ServeHTTP(rec, req); rec.Code != want {
			t.Errorf("%v: status = %d, want %d", header, rec.Code, want)
		}
	}
}

// The answer tells when the link ends, if that is known. Only the portal's page knows whether a link is dead: the person
// is sent there, and the operator is told.
func TestExpiryIsTheLinks(t *testing.T) {
	for _, c := range []struct {
		at        time.Time
		body, log string
	}{
		{time.Date(2124, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600)), `"expires_at":"2124-02-03T03:05:06.789Z"`, "portal link made"},
		{time.Time{}, `{"url":"` + linkURL + `"}`, "portal link made"},
		{time.Now().Add(-time.Minute), linkURL, "portal link had expired when it came"},
	} {
		b := newButton(answering(&client.PortalLink{URL: linkURL, ExpiresAt: c.at}, nil), admin)
		if got := b.click(t, "Accept", "application/json"); !strings.Contains(got.body, c.body) {
			t.Errorf("body = %s, want %s", got.body, c.body)
		}
		if line := b.line(t); line["msg"] != c.log {
			t.Errorf("log line = %v, want %q", line, c.log)
		}
	}
}

// The form that Turbo shows goes where the first one went, with all of its fields.
func TestFormIsSentAgain(t *testing.T) {
	h := http.StripPrefix("/app", portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil)))
	part := func(name, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=" + name + "\r\n\r\n" + value + "\r\n"
	}
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "token=%22%3E%3Cscript%3E&role=a&role=b",
		"multipart/form-data; boundary=b":   part("token", `"><script>`) + part("role", "a") + part("role", "b") + "--b--",
	} {
		rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/app/configure/sso?feature=sso&x=%22", strings.NewReader(body))
		h.ServeHTTP(rec, set(req, []string{"Content-Type", contentType, "Accept", acceptTurbo}))
		for _, part := range []string{
			`<form method="post" action="/app/configure/sso?feature=sso&amp;x=%22" data-turbo="false">`,
			`<input type="hidden" name="token" value="&#34;&gt;&lt;script&gt;">`,
			`<input type="hidden" name="role" value="a"><input type="hidden" name="role" value="b">`,
		} {
			errorIf(t, !strings.Contains(rec.Body.String(), part), "%s: page lacks %s:\n%s", contentType, part, rec.Body)
		}
	}
	for _, path := range []string{"//evil.example/x", `/\evil.example/x`} {
		rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/app/", nil)
		req.RequestURI = path
		if h.ServeHTTP(rec, set(req, []string{"Accept", acceptTurbo})); !strings.Contains(rec.Body.String(), `action="/evil.example/x"`) {
			t.Errorf("a form for %s goes to another host:\n%s", path, rec.Body)
		}
	}
}

func page(f *portalhttp.Failure) (policy, body string) {
	rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	f.ServeHTTP(rec, req)
	return rec.Header().Get("Content-Security-Policy"), rec.Body.String()
}

// The page runs nothing, loads nothing, and its one style is let in by its hash.
func TestPageAsksNothingOfAnyone(t *testing.T) {
	policy, body := page(&portalhttp.Failure{
		Status: 500, Code: "internal", Title: "The title", Message: "The message.", ReturnURL: settingsPage + "?a=1&b=2", Reference: "ABC",
	})
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	want := "default-src 'none'; style-src 'sha256-" + hash + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	errorIf(t, !ok || policy != want, "policy = %q, want %q", policy, want)
	if word := regexp.MustCompile(`(?i)<script|javascript:| style=| on[a-z]+=|src=|url\(|@import|http-equiv`).FindString(body); word != "" {
		t.Errorf("page has %q:\n%s", word, body)
	}
	for _, part := range []string{
		`<html lang="en">`, "<title>The title</title>", "<h1>The title</h1>", "The message.", "<code>ABC</code>",
		`<a href="` + settingsPage + `?a=1&amp;b=2">Back to app.example.com</a>`,
	} {
		if n := strings.Count(body, part); n != 1 {
			t.Errorf("page has %d × %s, want one:\n%s", n, part, body)
		}
	}
	for _, nowhere := range []string{"", "/settings", "%zz"} {
		if _, body := page(&portalhttp.Failure{Status: 500, ReturnURL: nowhere}); strings.Contains(body, "<a ") {
			t.Errorf("page leads to %q:\n%s", nowhere, body)
		}
	}
}
