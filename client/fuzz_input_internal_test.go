package client

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// Every icon that is listed can be shown.
func FuzzReadIcons(f *testing.F) {
	for _, body := range []string{
		`{"object":"list","data":[{"id":"okta","name":"Okta","icon_url":"https://workos.com/icons/okta.svg"}]}`,
		`["okta","slack","../../evil","",7,null]`, `{"data":["okta"]}`, `[{"id":"a","light":"https://h/l.svg","dark":"/d.svg"}]`,
		`[{"slug":"a","icon_url":"javascript:x","dark":"http://h/"}]`, `[{"id":["x"],"name":7,"light":{}}]`, `{"data":[]}`, `{"data":null}`, `{"data":{}}`,
		"[]", "{}", "null", "", `"okta"`, `[[]]`, `{"data":[{"id":"a"}]}`, `[{"id":"a","light":"//evil/x.svg"}]`, `[{"id":"a","light":"https://h/%zz"}]`, `["."]`, `["-"]`,
	} {
		f.Add([]byte(body))
	}
	c := &call{trust: &trust{cdnURL: "https://cdn.workos.com"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		for dialect, public := range map[string]bool{"sheet": false, "CDN": true} {
			c.answer, c.route = answer{status: 200, body: body}, &route{public: public}
			if c.readIcons() != nil {
				continue
			}
			icons := c.icons
			for _, icon := range icons {
				if icon.ID == "" || icon.Name == "" {
					t.Errorf("%s: %+v has no ID or no name", dialect, icon)
				}
				wantBrowsable(t, icon.IconURL)
				if icon.DarkIconURL != "" {
					wantBrowsable(t, icon.DarkIconURL)
				}
			}
			// Whatever is listed is found, under any spelling of its ID.
			for _, icon := range icons {
				if found, _ := find(icons, icon.ID); found.ID != icon.ID {
					t.Errorf("%s: %q is listed and not found", dialect, icon.ID)
				}
			}
		}
	})
}

// An address that is accepted leads where it says.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/settings", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080/x?y#z", "HTTPS://EXAMPLE.COM", "https://example.com.",
		"", "/settings", "//example.com", "example.com", "javascript:alert(1)", "data:text/html,x", "https:example.com", "https:///x", "https://",
		"https://u@h", "https://u:p@h", "https://@h", "http://localhost.evil.com", "http://127.0.0.1.evil.com", "http://0x7f.1", "http://2130706433", "http://[::ffff:7f00:1]",
		"https://h\\@evil", "https:\\\\h", " https://h", "https://h ", "https://h\n", "https://h#\n", "https://h\t/", "https://h:99999", "https://h:", "https://:443", "https://h/%zz", "https://%68", "https://[::1%25lo]/", "http://[::1%25.evil.com]/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if err := checkAddress(address, false); err == nil {
			wantBrowsable(t, address)
		} else if len(address) > 40 && strings.Contains(err.Error(), address) {
			t.Errorf("the error repeats the address: %v", err)
		}
		base, err := parseBaseURL(address, false)
		if err != nil {
			return
		}
		wantBrowsable(t, base)
		if strings.HasSuffix(base, "/") || strings.ContainsAny(base, "?#") {
			t.Errorf("parseBaseURL(%q) = %q, want nothing after the path", address, base)
		}
		req, err := http.NewRequest(http.MethodPost, base+"/portal_links", nil)
		if err != nil {
			t.Fatalf("parseBaseURL(%q) = %q, which makes no request: %v", address, base, err)
		}
		if !strings.HasSuffix(req.URL.Path, "/portal_links") || req.URL.RawQuery != "" || req.URL.User != nil {
			t.Errorf("parseBaseURL(%q): a request goes to %v", address, req.URL)
		}
	})
}

// The pattern of openapi.yaml's OrganizationID, written down a second time.
var documentsPattern = regexp.MustCompile(`\Aorg_[0-9A-Za-z_-]{1,251}\z`)

func FuzzOrganization(f *testing.F) {
	for _, seed := range []string{"", "org_", "org_x", "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "acme", "ORG_x", "org_x/../y", "org_x\n", "org_é", "org_x\x00", "org_" + strings.Repeat("x", 251), "org_" + strings.Repeat("x", 252)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := validOrganization(id), documentsPattern.MatchString(id); got != want {
			t.Errorf("validOrganization(%q) = %v, want %v", id, got, want)
		}
	})
}

func FuzzEmail(f *testing.F) {
	for _, seed := range []string{"", "a@b", "it@customer.example", "é@müller.example", "a", "@", "a@", "@b", "a@b@c", "a b@c", "A <a@b>", "a@b,c@d", "a@b\r\nBcc: c@d", "a@b.", "a@.b", "\u0085@b", "a@\u2028b", "a\u00a0@b", `"a"@b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if !validEmail(address) {
			return
		}
		local, domain, _ := strings.Cut(address, "@")
		if local == "" || domain == "" || strings.Count(address, "@") != 1 || len(address) > 254 {
			t.Errorf("validEmail(%q) = true, want one address", address)
		}
		if strings.ContainsFunc(address, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == ';' || r == '<'
		}) {
			t.Errorf("validEmail(%q) = true, want it refused: blanks, controls and lists are no address", address)
		}
	})
}

// A key that is accepted fits a header as it is. One that is not is not repeated.
func FuzzKeyRule(f *testing.F) {
	for _, seed := range []string{"sk_test_0123456789", "", "sk_", "Bearer sk_x", "sk_x\n", "sk_x y", "SK_X", "sk_é", "sk_\x7f", "pk_x", "\ufeffsk_x", "sk_~!"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if rule := keyRule(key); rule != "" {
			if len(key) > 8 && strings.Contains(rule, key) {
				t.Errorf("keyRule(%q) repeats it: %v", key, rule)
			}
			return
		}
		if !strings.HasPrefix(key, "sk_") || len(key) < 4 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("keyRule(%q) is empty, want a rule", key)
		}
	})
}

func checkAddress(address string, plainHTTP bool) error {
	_, err := parseAddress(address, plainHTTP)
	return err
}
