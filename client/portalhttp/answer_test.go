package portalhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"mime/multipart"
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
	for _, c := range []struct {
		name   string
		header []string
		gets   string // 303, htmx, json, turbo
	}{
		{"form", []string{"Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, "303"},
		{"form over http", []string{"Accept", acceptPage}, "303"},
		{"program", nil, "303"},
		{"program that takes anything", []string{"Accept", "*/*"}, "303"},
		{"htmx", []string{"HX-Request", "true", "Accept", "*/*", "Sec-Fetch-Mode", "cors"}, "htmx"},
		{"htmx that names JSON", []string{"HX-Request", "true", "Accept", "application/json", "Sec-Fetch-Mode", "cors"}, "htmx"},
		{"not htmx", []string{"HX-Request", "false", "Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, "303"},
		{"fetch", []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors"}, "json"},
		{"fetch that names pages", []string{"Accept", "text/html", "Sec-Fetch-Mode", "cors"}, "json"},
		{"fetch that stays at its origin", []string{"Accept", "*/*", "Sec-Fetch-Mode", "same-origin"}, "json"},
		{"fetch that asks for JSON over http", []string{"Accept", "application/json"}, "json"},
		{"axios", []string{"Accept", "application/json, text/plain, */*", "Sec-Fetch-Mode", "cors"}, "json"},
		{"Turbo", []string{"Accept", acceptTurbo, "Sec-Fetch-Mode", "cors"}, "turbo"},
		{"Turbo in a frame", []string{"Accept", acceptTurbo, "Turbo-Frame", "sso", "Sec-Fetch-Mode", "cors"}, "turbo"},
		{"Turbo Streams by a script that asks for JSON", []string{"Accept", "application/json, text/vnd.turbo-stream.html"}, "json"},
	} {
		portal := new(fake)
		b := serve(t, portal, admin)
		header := append([]string{"Accept", ""}, c.header...)
		got := b.click(t, header...)
		location, redirect, contentType := got.Header.Get("Location"), got.Header.Get("HX-Redirect"), got.Header.Get("Content-Type")
		var ok bool
		switch c.gets {
		case "303":
			ok = got.StatusCode == 303 && location == linkURL && redirect == "" && got.body == ""
		case "htmx":
			ok = got.StatusCode == 204 && location == "" && redirect == linkURL && got.body == ""
		case "json":
			ok = got.StatusCode == 200 && location+redirect == "" && contentType == "application/json" &&
				got.body == `{"url":"`+linkURL+`","expires_at":"2124-01-15T12:00:00Z"}`+"\n"
		case "turbo":
			ok = got.StatusCode == 422 && location+redirect == "" && contentType == "text/html; charset=utf-8" && len(portal.seen) == 0 &&
				strings.Contains(got.body, `action="/configure/sso" data-turbo="false"`) &&
				strings.Contains(got.body, `<turbo-frame id="sso">`) == strings.Contains(c.name, "frame")
		}
		if !ok {
			t.Errorf("%s gets %d, Location %q, HX-Redirect %q, %s %q, want %s", c.name, got.StatusCode, location, redirect, contentType, got.body, c.gets)
		}
		line := b.log.line(t)
		if text, _ := line["error"].(string); c.gets == "turbo" && (line["level"] != "WARN" || !strings.Contains(text, `data-turbo="false"`)) {
			t.Errorf("%s: log line = %v, want a warning that says what to put on the form", c.name, line)
		}

		got = b.click(t, append(header, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")...)
		if c.gets == "json" {
			if f := failureOf(t, got); f["code"] != "cross_origin" || f["return_url"] == nil {
				t.Errorf("%s: failure = %v, want cross_origin and a way back", c.name, f)
			}
		} else if !strings.Contains(got.body, "<h1>") || strings.Contains(got.body, "<form") {
			t.Errorf("%s: failure = %s, want a page without a form", c.name, got.body)
		}
		target, swap := got.Header.Get("HX-Retarget"), got.Header.Get("HX-Reswap")
		if c.gets == "htmx" != (target == "body" && swap == "innerHTML") || c.gets != "htmx" && target+swap != "" {
			t.Errorf("%s: HX-Retarget %q, HX-Reswap %q, want the whole page for htmx alone", c.name, target, swap)
		}
	}
}

func TestJSONIsForThoseWhoPreferIt(t *testing.T) {
	b := serve(t, new(fake), admin)
	for want, accepts := range map[bool][]string{
		true: {"APPLICATION/JSON", " application/json ; q=0.5 ", "application/*", "application/json, text/*", "text/html;q=0, */*",
			"text/*;q=0.1, */*;q=0.2", "text/html;q=0.8, application/json;q=0.9", "application/json;q=x, application/json",
			"application/json;q=0.1, application/json;q=0.9, text/html;q=0.5"},
		false: {"application/json;q=0", "application/vnd.api+json", "application/json;q=2", "application/json;q=NaN", ";;;,,,/;q",
			"application/json;q=0.5, */*", "application/json;q=0.9, text/html"},
	} {
		for _, accept := range accepts {
			if got := b.click(t, "Accept", accept).Header.Get("Content-Type") == "application/json"; got != want {
				t.Errorf("Accept %q: JSON = %v, want %v", accept, got, want)
			}
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
		b := serve(t, answering(&client.PortalLink{URL: linkURL, ExpiresAt: c.at}, nil), admin)
		if got := b.click(t, "Accept", "application/json"); !strings.Contains(got.body, c.body) {
			t.Errorf("body = %s, want %s", got.body, c.body)
		}
		if line := b.log.line(t); line["msg"] != c.log {
			t.Errorf("log line = %v, want %q", line, c.log)
		}
	}
}

// The form that Turbo shows goes where the first one went, with all of its fields.
func TestFormIsSentAgain(t *testing.T) {
	h := http.StripPrefix("/app", portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil)))
	var many strings.Builder
	form := multipart.NewWriter(&many)
	for _, field := range [][2]string{{"csrf_token", `"><script>alert(1)</script>`}, {"role", "a"}, {"role", "b"}} {
		_ = form.WriteField(field[0], field[1]) // in memory
	}
	_ = form.Close()
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "csrf_token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&role=a&role=b",
		form.FormDataContentType():          many.String(),
	} {
		rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/app/configure/sso?feature=sso&x=%22", strings.NewReader(body))
		h.ServeHTTP(rec, set(req, []string{"Content-Type", contentType, "Accept", acceptTurbo}))
		for _, part := range []string{
			`<form method="post" action="/app/configure/sso?feature=sso&amp;x=%22" data-turbo="false">`,
			`<input type="hidden" name="csrf_token" value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">`,
			`<input type="hidden" name="role" value="a"><input type="hidden" name="role" value="b">`,
		} {
			if !strings.Contains(rec.Body.String(), part) {
				t.Errorf("%s: page lacks %s:\n%s", contentType, part, rec.Body)
			}
		}
	}
	for _, path := range []string{"//evil.example/x", `/\evil.example/x`} {
		rec, req := newClick("/app/", "Accept", acceptTurbo)
		req.RequestURI = path
		if h.ServeHTTP(rec, req); !strings.Contains(rec.Body.String(), `action="/evil.example/x"`) {
			t.Errorf("a form for %s goes to another host:\n%s", path, rec.Body)
		}
	}
}

func page(f *portalhttp.Failure) (policy, body string) {
	rec, req := newClick("/")
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
	if !ok || policy != want {
		t.Errorf("policy = %q, want %q", policy, want)
	}
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
}

func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	for _, f := range []portalhttp.Failure{
		{Status: 500, Title: evil, Message: evil, Reference: evil, ReturnURL: "https://example.com/" + evil},
		{Status: 500, ReturnURL: "javascript://example.com/%0aalert(1)"},
	} {
		if _, body := page(&f); strings.Contains(body, "<script") || strings.Contains(body, "javascript:") {
			t.Errorf("page of %+v has a script:\n%s", f, body)
		}
	}
	for _, nowhere := range []string{"", "/settings", "%zz"} {
		if _, body := page(&portalhttp.Failure{Status: 500, ReturnURL: nowhere}); strings.Contains(body, "<a ") {
			t.Errorf("page leads to %q:\n%s", nowhere, body)
		}
	}
}
