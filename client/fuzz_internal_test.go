package client

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

// What is believed of the headers is within bounds, and the gate opens in time.
func FuzzRateHeaders(f *testing.F) {
	const date = "Mon, 15 Jan 2024 12:00:00 GMT"
	for _, values := range [][5]string{
		{"99", "100", "60", "", date}, {"0", "100", "1705320060", "", date}, {"0", "100", "30", "30", date}, {"", "", "", "Mon, 15 Jan 2024 12:00:30 GMT", date},
		{"", "", "", "0", ""}, {"banana", "-1", "1e9", "0x10", "banana"}, {" ", " ", " ", " ", " "}, {"5", "5", "٣", "+5", date},
		{"99999999999999999999", "99999999999999999999", "99999999999999999999", "99999999999999999999", date},
		{"9223372036854775807", "1", "9223372036854775807", "9223372036854775807", date}, {"1", "1", "99999999", "86400", date},
		{"1", "1", "100000000", "86401", "Thu, 01 Jan 1970 00:00:00 GMT"}, {"1", "1", "1", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT"},
	} {
		for _, status := range []int{200, 429, 503} {
			f.Add(status, values[0], values[1], values[2], values[3], values[4])
		}
	}
	now := time.Date(2024, 1, 15, 12, 0, 0, 500, time.UTC)
	f.Fuzz(func(t *testing.T, status int, remaining, limit, reset, retryAfter, date string) {
		h := http.Header{
			"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Limit": {limit}, "X-Ratelimit-Reset": {reset},
			"Retry-After": {retryAfter}, "Date": {date},
		}
		a := &answer{status: status, header: h, received: now, date: parseDate(date)}
		if wait := askedToWait(a); wait < 0 || wait > maxRetryAfter {
			t.Errorf("askedToWait = %v, want it between 0 and %v", wait, maxRetryAfter)
		}
		told, ok := readRateLimit(a)
		if ok && (told.Remaining < 0 || told.Remaining > 1<<30 || told.Limit < 0 || told.Limit > 1<<30 || !told.Reset.After(now) || told.Reset.After(now.Add(maxReset))) || !ok && told != (RateLimit{}) {
			t.Errorf("readRateLimit = %+v, %v, want it within its bounds, or zero and false", told, ok)
		}

		var g gate
		number, _, _ := g.enter(true, time.Now())
		g.answer(number, a, false)
		if g.told.Reset.After(now.Add(maxReset)) || g.underway != 0 || g.closedFor(now.Add(maxReset)) > 0 {
			t.Errorf("the gate is closed until %v with %d under way, want at most %v and none, and to be open then", g.told.Reset, g.underway, maxReset)
		}
	})
}

// What is kept of an error answer is short, printable, one line and without the key.
func FuzzReadError(f *testing.F) {
	const key = "sk_test_0123456789"
	for _, body := range []string{
		"", "null", `""`, `"Ratelimited"`, "[]", "{}", "<html>", `{"mess`, "\xff\xfe", "42",
		`{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`,
		`{"message":"Validation failed","errors":[{"field":"a","code":"b","message":"c"},"d",{},7]}`,
		`{"message":["x"],"error":{"y":1},"code":"z","errors":"q"}`, `{"message":"` + key + `","code":"Bearer ` + key + `"}`,
		`{"message":"a\nb\u2028c\u202ed\u0000","code":"\ud800"}`,
		`{"link":"https://id.workos.com/portal/launch?secret=x"}`, strings.Repeat("é", 300) + key,
	} {
		f.Add(404, []byte(body), "req_01H")
	}
	f.Add(429, []byte(`{"message":"m"}`), key+"\n")
	f.Fuzz(func(t *testing.T, status int, body []byte, requestID string) {
		c := &call{name: "generate portal link", key: key, trust: new(trust), job: linkJob, origin: new(origin)}
		c.answer = answer{status: status, header: http.Header{"X-Request-Id": {requestID}}, body: body}
		e := c.judge()
		if e == nil || status == 0 {
			return
		}
		for name, text := range map[string]string{
			"Code": e.Code, "Field": e.Field, "Description": e.Description, "RequestID": e.RequestID, "Body": e.Body, "Hint()": e.Hint(), "Error()": strings.TrimPrefix(e.Error(), "adminportal: "),
		} {
			errorIf(t, name != "Error()" && len(text) > maxSnippet || len(text) > 2048, "%s has %d bytes", name, len(text))
			wantClean(t, name, text, key)
		}
	})
}

// wantClean checks that text may stand in a log line.
func wantClean(t *testing.T, name, text, key string) {
	t.Helper()
	errorIf(t, !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(text, key), "%s = %q, want text that prints, without the key", name, text)
}

// Neither a key nor a link's secret is left in a text.
func FuzzScrub(f *testing.F) {
	for _, seed := range [][3]string{
		{"before ", "0123456789", " after"}, {"sk_", "a", "sk_"}, {"xsk_", "!", "\x00"}, {`{"k":"`, `q"`, `"}`}, {"[redacted]", "redacted", "]"},
		{"://", "?", "#"}, {"https://h/?", "a=b", "&secret="}, {"\xff", "k", "\xfe"}, {"secret=", "token=", "secret="}, {"\u2028", "x", "\u202e"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	for _, foreign := range []string{"sk_12345678", "sk_abcdefgh_ijkl"} { // found by their form, from eight characters on
		if got := scrub(foreign, ""); got != redacted {
			f.Errorf("scrub(%q) = %q, want %q", foreign, got, redacted)
		}
	}
	f.Fuzz(func(t *testing.T, before, rest, after string) {
		key := "sk_" + rest
		if keyRule(key) != "" || strings.Contains("sk_"+redacted, key) { // "sk_[" would be found in what replaces it
			return
		}
		wantClean(t, "with the key", scrub(before+key+after, key), key)
		wantClean(t, "with the key in a link", scrub(before+"https://id.workos.com/?x="+key+after, key), key)

		const secret = "7Qs3cr3tQ7"
		if strings.Contains(before+after, secret) {
			return
		}
		for _, link := range []string{"https://id.workos.com/portal/launch?secret=", "https://setup.workos.com?token=", "https://portal.customer.example/?x="} {
			if got := scrub(before+link+secret+after, key); strings.Contains(got, secret) {
				t.Errorf("scrub keeps the secret of %s…: %q", link, got)
			}
		}
	})
}

// An accepted link is fit for a browser, and its life is sane. A refused one is not repeated.
func FuzzReadLink(f *testing.F) {
	const date = "Mon, 15 Jan 2024 12:00:00 GMT"
	for _, body := range []string{
		`{"object":"portal_link","link":"https://id.workos.com/portal/launch?secret=abc123","expires_at":"2024-01-15T12:10:00.000Z"}`,
		`{"link":"https://setup.workos.com?token=abc"}`, `{"link":"http://127.0.0.1:80/x"}`, `{"link":"http://localhost.evil.com"}`,
		`{"link":"javascript:alert(1)"}`, `{"link":"https://u:p@h/"}`, `{"link":"https://h\\@evil/"}`, `{"link":"//h/"}`, `{"link":"https:h"}`,
		`{"link":"https://h/","expires_at":"tomorrow"}`, `{"link":"https://h/","expires_at":"0001-01-01T00:00:00Z"}`, `{"link":"https://h/","expires_at":"9999-12-31T23:59:59+23:59"}`,
		`{"link":"https://h/","expires_at":null}`, `{"link":["https://h/"]}`, `{"LINK":"https://h/"}`, "null", "[]", "{}", "", `"https://h/"`, `{"link":"https://h/"} x`,
	} {
		f.Add([]byte(body), date)
		f.Add([]byte(body), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, date string) {
		now := time.Now()
		c := &call{trust: new(trust), origin: new(origin), answer: answer{status: 200, body: body, sent: now, received: now, date: parseDate(date)}}
		err := c.readLink()
		link := &c.origin.link
		if err != nil {
			var sent struct{ Link string }
			if _ = json.Unmarshal(body, &sent); link.URL != "" || len(sent.Link) > len("https://") && strings.Contains(err.Error(), sent.Link) {
				t.Errorf("readLink = a link and %v, or the error repeats the link", err)
			}
			return
		}
		wantBrowsable(t, link.URL)
		if ttl := link.TTL(); link.ExpiresAt.IsZero() || ttl < 0 || link.Expired() != (ttl == 0) {
			t.Errorf("ExpiresAt = %v, TTL() = %v, Expired() = %v", link.ExpiresAt, ttl, link.Expired())
		}
		if _, query, found := strings.Cut(link.URL, "?"); found && len(query) > 8 && strings.Contains(link.String(), query) {
			t.Errorf("String() = %q repeats the query", link)
		}
	})
}

// wantBrowsable checks an address by other means than parseAddress does.
func wantBrowsable(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	unseen := func(r rune) bool { return r == '\\' || r < '!' || r == 0x7f }
	if err != nil || !u.IsAbs() || u.Host == "" || u.Opaque != "" || u.User != nil || strings.Contains(u.Host, "@") || strings.ContainsFunc(address, unseen) ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())) {
		t.Errorf("accepted %q (%v), want an absolute address without user info, of https or on loopback, that browsers read alike", address, err)
	}
}

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
		"https://h\\@evil", "https:\\\\h", " https://h", "https://h ", "https://h\n", "https://h#\n", "https://h\t/", "https://h:99999", "https://h:", "https://:443", "https://h/%zz", "https://%68", "https://[::1%25lo]/", "http://[::1%25.evil.com]/", "http://[::1%25썍]",
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
		errorIf(t, local == "" || domain == "" || strings.Count(address, "@") != 1 || len(address) > 254 || strings.ContainsFunc(address, odd), "validEmail(%q) = true, want one address alone", address)
	})
}
