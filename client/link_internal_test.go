package client

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A host whose clock is set, by a person or by NTP, keeps counting right: time.Since
// goes by the monotonic reading, which Round, UTC or a trip through JSON would drop.
func TestLifeIsCountedOnTheMonotonicClock(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"link":"https://id.workos.com/portal/launch?secret=s","expires_at":"2100-01-01T00:00:00Z"}`))
	}))
	defer srv.Close()
	portal, err := New("sk_test_1234567890", WithBaseURL(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	link, err := portal.GeneratePortalLink(t.Context(), PortalLinkRequest{Organization: "org_1", Intent: IntentSSO})
	if err != nil {
		t.Fatal(err)
	}
	if counted := link.origin.counted.String(); !strings.Contains(counted, " m=") {
		t.Errorf("life is counted from %s, which has no monotonic reading", counted)
	}
}

// plainTexts are bodies of links, and whether plainLink is to read them: what the
// service sends in either dialect it reads, and leaves whatever needs a second look.
var plainTexts = []struct {
	text  string
	plain bool
}{
	{`{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=s","expires_at":"2024-01-15T12:05:00.000Z"}` + "\n", true},
	{`{"link":"https://id.workos.com/portal/launch?secret=s"}`, true},
	{`{"expires_at":"2024-01-15T12:05:00+02:00","link":"a","link":"b"}`, true},
	{`{"link":"https://id.workos.com/portal/launch?a=b\u0026secret=s"}`, false},
	{`{"link":"https://id.workos.com/é"}`, false},
	{"{\"link\":\"\xff\"}", false},
	{"{\"link\":\"a\tb\"}", false},
	{`{ "link": "a" }`, false},
	{`{"Link":"a"}`, false},
	{`{"link":"a","new":"b"}`, false},
	{`{"link":null}`, false},
	{`{"link":{"link":"a"}}`, false},
	{`{"li"nk":"a"}`, false},
	{`{"link":"a","expires_at":""}`, false},
	{`{"link":"a","expires_at":"2016-12-31T23:59:60Z"}`, false},
	{`{"link":"a",}`, false},
	{`{"link":"a"}}`, false},
	{`{"link":"a"`, false},
	{`{"link":"a`, false},
	{`"link":"a"}`, false},
	{`{}`, false},
	{``, false},
}

func TestPlainLink(t *testing.T) {
	for _, c := range plainTexts {
		if got, ok := plainLink([]byte(c.text)); ok != c.plain {
			t.Errorf("plainLink(%s) = %q, %v, want %v", c.text, got.Link, ok, c.plain)
		}
	}
}

// What plainLink reads, encoding/json reads the same.
func FuzzPlainLink(f *testing.F) {
	for _, c := range plainTexts {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := plainLink(text)
		if !ok {
			if got != (linkBody{}) {
				t.Errorf("plainLink(%q) = %v, false, want zero", text, got)
			}
			return
		}
		var want linkBody
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("plainLink(%q) = %v, and encoding/json says %v", text, got, err)
		}
		if got.Link != want.Link || got.ExpiresAt.String() != want.ExpiresAt.String() {
			t.Errorf("plainLink(%q) = %v, want %v", text, got, want)
		}
	})
}
