package client

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
)

// Every icon that is listed can be shown, and is found by its ID.
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
		for _, dialect := range []Dialect{DialectPortalLinks, DialectGenerateLink} {
			c.answer, c.dialect = answer{status: 200, body: body}, dialect
			if c.readIcons() != nil {
				continue
			}
			for _, icon := range c.icons {
				if found := byName(c.icons)[icon.ID]; icon.ID == "" || icon.Name == "" || !strings.EqualFold(found.ID, icon.ID) {
					t.Errorf("%v: %+v has no ID or no name, or is not found", dialect, icon)
				}
				wantBrowsable(t, icon.IconURL)
				if icon.DarkIconURL != "" {
					wantBrowsable(t, icon.DarkIconURL)
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
		if _, err := parseAddress(address, false); err == nil {
			wantBrowsable(t, address)
		} else if len(address) > 40 && strings.Contains(err.Error(), address) {
			t.Errorf("the error repeats the address: %v", err)
		}
		base, err := parseBaseURL(address, false)
		if err != nil {
			return
		}
		wantBrowsable(t, base)
		u, err := url.Parse(base + "/portal_links")
		if err != nil || strings.HasSuffix(base, "/") || strings.ContainsAny(base, "?#") || !strings.HasSuffix(u.Path, "/portal_links") || u.RawQuery != "" || u.User != nil {
			t.Errorf("parseBaseURL(%q) = %q, and a request goes to %v (%v), want no more than the path added", address, base, u, err)
		}
	})
}

// The rule of an organization is that of openapi.yaml.
func FuzzOrganization(f *testing.F) {
	for _, seed := range []string{"", "org_", "org_x", "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "acme", "ORG_x", "org_x/../y", "org_x\n", "org_-_", "org_a b", "Org_x", "org_é", "org_x\x00", "org_" + strings.Repeat("x", 251), "org_" + strings.Repeat("x", 252)} {
		f.Add(seed)
	}
	rule := contract(f).Components.Schemas["OrganizationID"].Value
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := validOrganization(id), rule.VisitJSONString(id) == nil; got != want {
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
		odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",;<", r) }
		if local == "" || domain == "" || strings.Count(address, "@") != 1 || len(address) > 254 || strings.ContainsFunc(address, odd) {
			t.Errorf("validEmail(%q) = true, want one address alone", address)
		}
	})
}
