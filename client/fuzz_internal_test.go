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
		h := http.Header{}
		h.Set("X-RateLimit-Remaining", remaining)
		h.Set("X-RateLimit-Limit", limit)
		h.Set("X-RateLimit-Reset", reset)
		h.Set("Retry-After", retryAfter)
		h.Set("Date", date)

		a := &answer{status: status, header: h, received: now, date: parseDate(date)}
		if wait := askedToWait(a); wait < 0 || wait > maxRetryAfter {
			t.Errorf("askedToWait = %v, want it between 0 and %v", wait, maxRetryAfter)
		}
		told, ok := readRateLimit(a)
		if ok && (told.Remaining < 0 || told.Remaining > 1<<30 || told.Limit < 0 || told.Limit > 1<<30 || !told.Reset.After(now) || told.Reset.After(now.Add(maxReset))) || !ok && told != (RateLimit{}) {
			t.Errorf("readRateLimit = %+v, %v, want it within its bounds, or zero and false", told, ok)
		}

		var g gate
		number, _, _ := g.enter(true)
		g.answer(number, a)
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
		`{"message":["x"],"error":{"y":1},"code":"z","errors":"q"}`,
		`{"message":"` + key + `","code":"Bearer ` + key + `"}`,
		`{"message":"a\nb\u2028c\u202ed\u0000","code":"\ud800"}`,
		`{"link":"https://id.workos.com/portal/launch?secret=x"}`,
		strings.Repeat("é", 300) + key,
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
			if name != "Error()" && len(text) > maxSnippet || len(text) > 2048 {
				t.Errorf("%s has %d bytes", name, len(text))
			}
			wantClean(t, name, text, key)
		}
	})
}

// wantClean checks that text may stand in a log line.
func wantClean(t *testing.T, name, text, key string) {
	t.Helper()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(text, key) {
		t.Errorf("%s = %q, want text that prints, without the key", name, text)
	}
}

// Neither a key nor a link's secret is left in a text.
func FuzzScrub(f *testing.F) {
	for _, seed := range [][3]string{
		{"before ", "0123456789", " after"}, {"sk_", "a", "sk_"}, {"xsk_", "!", "\x00"}, {`{"k":"`, `q"`, `"}`}, {"[redacted]", "redacted", "]"},
		{"://", "?", "#"}, {"https://h/?", "a=b", "&secret="}, {"\xff", "k", "\xfe"}, {"secret=", "token=", "secret="}, {"\u2028", "x", "\u202e"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, before, rest, after string) {
		key := "sk_" + rest
		if keyRule(key) != "" {
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

// Keys of others are found by their form, from eight characters on.
func TestScrubForeignKeys(t *testing.T) {
	for _, key := range []string{"sk_12345678", "sk_abcdefgh_ijkl"} {
		if got := scrub(key, ""); got != redacted {
			t.Errorf("scrub(%q) = %q, want %q", key, got, redacted)
		}
	}
}

// A text is cut between characters, as late as possible.
func FuzzSnippet(f *testing.F) {
	for _, seed := range []string{"", "a", "é", "aé", "日本語", strings.Repeat("x", 600)} {
		f.Add(seed, 1)
		f.Add(seed, 512)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 0 || !utf8.ValidString(text) { // scrub leaves no such text
			return
		}
		if got := snippet(text, n); len(got) > n || !strings.HasPrefix(text, got) || !utf8.ValidString(got) || len(got) < min(n, len(text))-utf8.UTFMax+1 {
			t.Errorf("snippet(%q, %d) = %q, want at most %[2]d bytes of its start, whole characters, and all that fit", text, n, got)
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
		link := c.link
		if err != nil {
			var sent struct{ Link string }
			if _ = json.Unmarshal(body, &sent); link != nil || len(sent.Link) > len("https://") && strings.Contains(err.Error(), sent.Link) {
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
