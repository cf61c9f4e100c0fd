package portalhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// askers are what sends requests, with what it sends, and the form in which it can use an answer.
var askers = []struct {
	name   string
	header []string
	gets   string // 303, htmx, json, turbo
}{
	{"form", []string{"Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, "303"},
	{"form in a frame", []string{"Accept", acceptPage, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, "303"},
	{"form over http", []string{"Accept", acceptPage}, "303"},
	{"program", nil, "303"},
	{"program that takes anything", []string{"Accept", "*/*"}, "303"},
	{"htmx 1 and 2", []string{"HX-Request", "true", "Accept", "*/*", "Sec-Fetch-Mode", "cors"}, "htmx"},
	{"htmx 4", []string{"HX-Request", "true", "Accept", "text/html", "Sec-Fetch-Mode", "same-origin"}, "htmx"},
	{"htmx, boosted", []string{"HX-Request", "true", "HX-Boosted", "true", "Accept", "*/*", "Sec-Fetch-Mode", "cors"}, "htmx"},
	{"htmx that names JSON", []string{"HX-Request", "true", "Accept", "application/json", "Sec-Fetch-Mode", "cors"}, "htmx"},
	{"htmx over http", []string{"HX-Request", "true", "Accept", "*/*"}, "htmx"},
	{"not htmx", []string{"HX-Request", "false", "Accept", acceptPage, "Sec-Fetch-Mode", "navigate"}, "303"},
	{"fetch", []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors"}, "json"},
	{"fetch that names pages", []string{"Accept", "text/html", "Sec-Fetch-Mode", "cors"}, "json"},
	{"fetch that stays at its origin", []string{"Accept", "*/*", "Sec-Fetch-Mode", "same-origin"}, "json"},
	{"fetch that asks for JSON over http", []string{"Accept", "application/json"}, "json"},
	{"axios", []string{"Accept", "application/json, text/plain, */*", "Sec-Fetch-Mode", "cors"}, "json"},
	{"Turbo", []string{"Accept", acceptTurbo, "Sec-Fetch-Mode", "cors"}, "turbo"},
	{"Turbo in a frame", []string{"Accept", acceptTurbo, "Turbo-Frame", "sso", "Sec-Fetch-Mode", "cors"}, "turbo"},
	{"Turbo over http", []string{"Accept", acceptTurbo}, "turbo"},
	{"Turbo Streams by a script that asks for JSON", []string{"Accept", "application/json, text/vnd.turbo-stream.html"}, "json"},
}

func TestEveryAskerGetsWhatItCanUse(t *testing.T) {
	for _, c := range askers {
		portal := new(fake)
		srv, log := serve(t, portal, admin)
		got := send(t, srv, http.MethodPost, "", append(c.header, "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")...)
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
			ok = got.StatusCode == 422 && location+redirect == "" && contentType == "text/html; charset=utf-8" &&
				strings.Contains(got.body, `action="/configure/sso" data-turbo="false"`) && len(portal.requests()) == 0 &&
				strings.Contains(got.body, `<turbo-frame id="sso">`) == strings.Contains(c.name, "frame")
		}
		if !ok {
			t.Errorf("%s gets %d, Location %q, HX-Redirect %q, %s %q, want %s", c.name, got.StatusCode, location, redirect, contentType, got.body, c.gets)
		}
		line := log.line(t)
		if text, _ := line["error"].(string); c.gets == "turbo" && (line["level"] != "WARN" || !strings.Contains(text, `data-turbo="false"`)) {
			t.Errorf("%s: log line = %v, want a warning that says what to put on the form", c.name, line)
		}
	}
}

func TestEveryAskerGetsFailuresItCanShow(t *testing.T) {
	for _, c := range askers {
		srv, _ := serve(t, answering(nil, &client.Error{StatusCode: 429, RetryAfter: 12 * time.Second}), admin)
		status, header := 503, append(c.header, "Origin", srv.URL, "Sec-Fetch-Site", "same-origin")
		if c.gets == "turbo" { // its own failures come before a link is asked for
			status, header = 403, append(c.header, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
		}
		got := send(t, srv, http.MethodPost, "", header...)
		if got.StatusCode != status || (status == 503) != (got.Header.Get("Retry-After") == "12") {
			t.Errorf("%s: failure = %d, Retry-After %q, want %d", c.name, got.StatusCode, got.Header.Get("Retry-After"), status)
		}
		if c.gets == "json" {
			if f := failureOf(t, got); f.Code != "rate_limited" || f.RetryAfter != 12 || f.ReturnURL != settingsPage {
				t.Errorf("%s: failure = %+v, want rate_limited", c.name, f)
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
	for _, c := range []struct {
		accept []string
		want   bool
	}{
		{[]string{"APPLICATION/JSON"}, true},
		{[]string{" application/json ; q=0.5 "}, true},
		{[]string{"application/*"}, true},
		{[]string{"application/json, text/*"}, true},
		{[]string{"text/html;q=0.8, application/json;q=0.9"}, true},
		{[]string{"text/html;q=0, */*"}, true},
		{[]string{"text/*;q=0.1, */*;q=0.2"}, true},
		{[]string{"application/json;q=0.9, text/html"}, false},
		{[]string{"application/json;q=0.5, */*"}, false},
		{[]string{"application/json;q=0"}, false},
		{[]string{"application/vnd.api+json"}, false},
		{[]string{"application/json;q=2"}, false},
		{[]string{"application/json;q=NaN"}, false},
		{[]string{";;;,,,/;q"}, false},
		{[]string{"application/json;q=x, application/json"}, true},
		{[]string{"application/json;q=0.1, application/json;q=0.9, text/html;q=0.5"}, true},
	} {
		rec, req := newClick()
		req.Header["Accept"] = c.accept
		portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
		if got := rec.Header().Get("Content-Type") == "application/json"; got != c.want {
			t.Errorf("Accept %q: JSON = %v, want %v", c.accept, got, c.want)
		}
	}
}

func TestExpiresAtIsTheLinks(t *testing.T) {
	at := time.Date(2030, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	srv, _ := serve(t, answering(&client.PortalLink{URL: linkURL, ExpiresAt: at}, nil), admin)
	var body struct {
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal([]byte(clickJSON(t, srv).body), &body); err != nil || !body.ExpiresAt.Equal(at) {
		t.Errorf("expires_at = %v (%v), want %v", body.ExpiresAt, err, at)
	}
	srv, _ = serve(t, answering(&client.PortalLink{URL: linkURL}, nil), admin)
	if got := clickJSON(t, srv); strings.Contains(got.body, "expires_at") {
		t.Errorf("body = %q, want no expires_at where nobody knows it", got.body)
	}
}

// The form that Turbo shows goes where the first one went, with all of its fields.
func TestFormIsSentAgain(t *testing.T) {
	fields := url.Values{"csrf_token": {`"><script>alert(1)</script>`}, "role": {"a", "b"}}
	var many strings.Builder
	form := multipart.NewWriter(&many)
	for name, values := range fields {
		for _, value := range values {
			_ = form.WriteField(name, value) // in memory
		}
	}
	_ = form.Close()
	for contentType, body := range map[string]string{"application/x-www-form-urlencoded": fields.Encode(), form.FormDataContentType(): many.String()} {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodPost, "/app/configure/sso?feature=sso&x=%22", strings.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Accept", acceptTurbo)
		http.StripPrefix("/app", portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil))).ServeHTTP(rec, req)
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
		rec, req := newClick()
		req.RequestURI = path
		req.Header.Set("Accept", acceptTurbo)
		portalhttp.NewHandler(new(fake), admin, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
		if !strings.Contains(rec.Body.String(), `action="/evil.example/x"`) {
			t.Errorf("a form for %s goes to another host:\n%s", path, rec.Body)
		}
	}
}

func page(t testing.TB, f *portalhttp.Failure) (policy, body string) {
	t.Helper()
	rec, req := newClick()
	f.ServeHTTP(rec, req)
	return rec.Header().Get("Content-Security-Policy"), rec.Body.String()
}

// The page runs nothing, loads nothing, and its one style is let in by its hash.
func TestPageAsksNothingOfAnyone(t *testing.T) {
	policy, body := page(t, &portalhttp.Failure{
		Status: 500, Code: "internal", Title: "The title", Message: "The message.", ReturnURL: settingsPage + "?a=1&b=2", Reference: "ABC",
	})
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	if !ok || policy != want {
		t.Errorf("policy = %q, want %q", policy, want)
	}
	if word := regexp.MustCompile(`(?i)<script|javascript:| style=| on[a-z]+=|src=|url\(|@import|http-equiv`).FindString(body); word != "" {
		t.Errorf("page has %q:\n%s", word, body)
	}
	for _, part := range []string{`<html lang="en">`, "<title>The title</title>", "<h1>The title</h1>", "The message.", `<a href="` + settingsPage + `?a=1&amp;b=2">Back to app.example.com</a>`, "<code>ABC</code>"} {
		if strings.Count(body, part) != 1 {
			t.Errorf("page has %d × %s, want one:\n%s", strings.Count(body, part), part, body)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	if _, body := page(t, &portalhttp.Failure{Status: 500, Title: evil, Message: evil, Reference: evil, ReturnURL: "https://example.com/" + evil}); strings.Contains(body, "<script") {
		t.Errorf("page has a script:\n%s", body)
	}
	if _, body := page(t, &portalhttp.Failure{Status: 500, ReturnURL: "javascript://example.com/%0aalert(1)"}); strings.Contains(body, "javascript:") {
		t.Errorf("page leads to a script:\n%s", body)
	}
	for _, nowhere := range []string{"", "/settings", "%zz"} {
		if _, body := page(t, &portalhttp.Failure{Status: 500, ReturnURL: nowhere}); strings.Contains(body, "<a ") {
			t.Errorf("page leads to %q:\n%s", nowhere, body)
		}
	}
}
