package portalhttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func page(t testing.TB, f *portalhttp.Failure) (policy, body string) {
	t.Helper()
	rec, req := newClick()
	f.ServeHTTP(rec, req)
	if got := rec.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type = %q, want HTML in UTF-8", got)
	}
	return rec.Header().Get("Content-Security-Policy"), rec.Body.String()
}

var anyFailure = &portalhttp.Failure{
	Status: 500, Code: "internal", Title: "The title", Message: "The message.",
	ReturnURL: settingsPage + "?a=1&b=2", Reference: "ABC", RetryAfter: time.Second,
}

// The page runs nothing, loads nothing, and its one style is let in by its hash.
func TestPageAsksNothingOfAnyone(t *testing.T) {
	policy, body := page(t, anyFailure)
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, ok := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	want := "default-src 'none'; style-src " + hash + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	if !ok || policy != want {
		t.Errorf("policy = %q, want %q", policy, want)
	}
	for _, word := range []string{"<script", "javascript:", " style=", " onclick", " onload", "src=", "url(", "@import", "http-equiv"} {
		if strings.Contains(body, word) {
			t.Errorf("page has %q:\n%s", word, body)
		}
	}
	if n := strings.Count(body, "https://"); n != 1 {
		t.Errorf("page has %d addresses, want the way back alone:\n%s", n, body)
	}
}

// Well-formed as XML, but for the elements that HTML never closes: enough to see
// that all others are.
func TestPageIsWellFormed(t *testing.T) {
	_, body := page(t, anyFailure)
	body = regexp.MustCompile(`<!DOCTYPE html>|<meta [^>]*>`).ReplaceAllString(body, "")
	dec := xml.NewDecoder(strings.NewReader(body))
	count := map[string]int{}
	var lang, href string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("page is not well-formed: %v\n%s", err, body)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		count[start.Name.Local]++
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "lang":
				lang = a.Value
			case "href":
				href = a.Value
			}
		}
	}
	for _, element := range []string{"title", "main", "h1", "a"} {
		if count[element] != 1 {
			t.Errorf("page has %d of <%s>, want one", count[element], element)
		}
	}
	if lang != "en" || href != anyFailure.ReturnURL {
		t.Errorf("lang = %q, href = %q, want en and %q", lang, href, anyFailure.ReturnURL)
	}
	for _, part := range []string{"The title", "The message.", "Back to app.example.com", "ABC"} {
		if !strings.Contains(body, part) {
			t.Errorf("page lacks %q:\n%s", part, body)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	_, body := page(t, &portalhttp.Failure{Status: 500, Title: evil, Message: evil, Reference: evil, ReturnURL: "https://example.com/" + evil})
	if strings.Contains(body, "<script") {
		t.Errorf("page has a script:\n%s", body)
	}
	_, body = page(t, &portalhttp.Failure{Status: 500, ReturnURL: "javascript://example.com/%0aalert(1)"})
	if strings.Contains(body, "javascript:") {
		t.Errorf("page leads to a script:\n%s", body)
	}
	for _, nowhere := range []string{"", "/settings", "%zz"} {
		if _, body = page(t, &portalhttp.Failure{Status: 500, ReturnURL: nowhere}); strings.Contains(body, "<a ") {
			t.Errorf("page leads to %q:\n%s", nowhere, body)
		}
	}
}

// What a portal of somebody's own says may hold anything: no page shows it.
func TestPageHasNoInternals(t *testing.T) {
	srv, _ := serve(t, failing(errors.New("dial 10.0.0.7: secret="+secret)), admin)
	for _, got := range []answer{click(t, srv), clickJSON(t, srv)} {
		if strings.Contains(got.body, secret) || strings.Contains(got.body, "10.0.0.7") {
			t.Errorf("a person is told of the cause:\n%s", got.body)
		}
	}
}

func TestFailureServesJSONByItself(t *testing.T) {
	rec := httptest.NewRecorder()
	_, req := newClick()
	req.Header.Set("Accept", "application/json")
	(&portalhttp.Failure{Status: 503, Code: "rate_limited", Message: "Later & not now.", RetryAfter: 2 * time.Second}).ServeHTTP(rec, req)
	if want := `{"error":{"code":"rate_limited","message":"Later & not now.","retry_after":2}}` + "\n"; rec.Body.String() != want || rec.Code != 503 {
		t.Errorf("JSON = %d %s, want 503 %s", rec.Code, rec.Body, want)
	}
}

// Each reference is its own, and the log line has the one that the page shows.
func TestReferencesDiffer(t *testing.T) {
	srv, log := serve(t, failing(client.ErrUnauthorized), admin)
	first := failureOf(t, clickJSON(t, srv)).Reference
	if line := log.line(t); line["reference"] != first || first == "" {
		t.Errorf("reference = %q, in the log %v, want the same", first, line["reference"])
	}
	if second := failureOf(t, clickJSON(t, srv)).Reference; second == first {
		t.Errorf("two failures have the reference %q", first)
	}
}
