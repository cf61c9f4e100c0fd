package sdk

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Bodies as published SDKs were seen to send them for a caller who gave an organization
// and, where there is one, an intent. %s is the organization.
var shapes = []struct {
	sdk, body string
	notes     []string // what the sandbox says of it
}{
	{"Go 10.1, Python 10.2 and 5.46, PHP 9.0, Ruby 10.2", `{"organization":"%s","intent":"sso"}`, nil},
	{"the same without an intent", `{"organization":"%s"}`, nil},
	{"Go 4.46 and 6.5", `{"intent":"sso","organization":"%s","return_url":"","success_url":""}`, nil},
	{"Go 4.46 with a return URL", `{"intent":"sso","organization":"%s","return_url":"https://example.com/","success_url":""}`, nil},
	{"PHP 4.32, Elixir 2.0", `{"organization":"%s","intent":"sso","return_url":null,"success_url":null}`, nil},
	{"Ruby 6 and below, by another client: it speaks TLS on port 443 alone", `{"intent":"sso","organization":"%s","return_url":null,"success_url":null,"intent_options":null}`, nil},
	{"PHP 7.3", `{"organization":"%s","intent":"sso","intent_options":{"sso":null,"domain_verification":null}}`, []string{"intent_options: not known, ignored"}},
	{"Node 10 and 11", `{"organization":"%s","intent":"sso","intent_options":{"sso":{"bookmark_slug":"b","provider_type":"GoogleSAML"}},"admin_emails":["it@customer.example"]}`, []string{"admin_emails: not known, ignored", "intent_options: not known, ignored"}},
	{"all of WorkOS's document", `{"organization":"%s","intent":"bring_your_own_key","return_url":"https://example.com/","success_url":"https://example.com/done","it_contact_emails":["it@customer.example"]}`, nil},
}

// Each makes a link that opens.
func TestShapes(t *testing.T) {
	srv := portaltest.NewServer(t)
	for _, tc := range shapes {
		t.Run(tc.sdk, func(t *testing.T) {
			status, body := post(t, srv, fmt.Sprintf(tc.body, srv.Organization))
			var issued struct{ Link string }
			if err := json.Unmarshal(body, &issued); err != nil || status != http.StatusCreated {
				t.Fatalf("status = %d, %s, %v; want 201 and a link", status, body, err)
			}
			requests := srv.Requests()
			notes := requests[len(requests)-1].Notes
			slices.Sort(notes)
			if !slices.Equal(notes, tc.notes) {
				t.Errorf("Notes = %q, want %q", notes, tc.notes)
			}
			page, err := http.Get(issued.Link)
			if err != nil {
				t.Fatal(err)
			}
			defer page.Body.Close()
			if page.StatusCode != http.StatusOK {
				t.Errorf("the link's page answers %d, want 200", page.StatusCode)
			}
		})
	}
}

// post sends a body to the live route and checks that the answer has a request ID.
func post(t *testing.T, srv *portaltest.Server, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/portal/generate_link", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+srv.APIKey)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if id := resp.Header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
		t.Errorf("X-Request-Id = %q", id)
	}
	return resp.StatusCode, answer
}

// What docs/sandbox.md tells readers to send to the control address is taken.
func TestDocumentedControls(t *testing.T) {
	page, err := os.ReadFile("../../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	srv := portaltest.NewServer(t)
	path, sent := "", 0
	for _, m := range regexp.MustCompile("`(?:POST (/_sandbox/[a-z]+)|(\\{\".*?\\}))`").FindAllStringSubmatch(string(page), -1) {
		if m[1] != "" {
			path = m[1] // of the bodies that follow
			continue
		}
		resp, err := http.Post(srv.URL+path, "application/json", strings.NewReader(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		sent++
		if resp.StatusCode/100 != 2 {
			t.Errorf("POST %s %s = %d %s", path, m[2], resp.StatusCode, answer)
		}
	}
	if sent < 9 {
		t.Errorf("the page has %d bodies, want 9 and more", sent)
	}
}
