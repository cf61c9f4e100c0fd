package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// clocked answers as a server whose clock is off by so much would.
func clocked(off, life time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().Add(off)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		reply(w, 200, map[string]any{"link": testLink, "expires_at": now.Add(life)})
	}
}

func TestTTLGoesByTheServersClock(t *testing.T) {
	for _, off := range []time.Duration{0, -time.Hour, time.Hour, -24 * time.Hour, 24 * time.Hour, 300 * time.Millisecond, 999 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(400 * time.Millisecond)
				clocked(off, 10*time.Minute)(w, r)
				time.Sleep(400 * time.Millisecond)
			})
			link := generate(t, portal)
			left := 10*time.Minute - 400*time.Millisecond // what the server would say now
			if got := link.TTL(); got > left || got < left-2*time.Second-800*time.Millisecond {
				t.Errorf("clock off by %v: TTL = %v, want within 2.8s below %v", off, got, left)
			}
			if want := time.Now().Add(off + 9*time.Minute + 59*time.Second); link.ExpiresAt.Before(want) {
				t.Errorf("clock off by %v: ExpiresAt = %v, want the server's own word", off, link.ExpiresAt)
			}
			time.Sleep(link.TTL() - time.Nanosecond)
			if link.Expired() {
				t.Error("expired a nanosecond early")
			}
			time.Sleep(time.Nanosecond)
			if !link.Expired() || link.TTL() != 0 {
				t.Errorf("TTL = %v, Expired = %v at the end, want 0 and true", link.TTL(), link.Expired())
			}
			time.Sleep(time.Hour)
			if link.TTL() != 0 {
				t.Errorf("TTL = %v an hour later, want 0", link.TTL())
			}
		})
	}
}

func TestLifeWithoutExpiryIsFiveMinutesFromTheRequest(t *testing.T) {
	for name, body := range map[string]string{
		"live":      `{"link":"` + testLink + `"}`,
		"null":      `{"link":"` + testLink + `","expires_at":null}`,
		"with more": `{"link":"` + testLink + `","object":"x","new_field":[1]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(3 * time.Second)
				reply(w, 201, body)
			})
			start := time.Now()
			link := generate(t, portal)
			if got := link.TTL(); got != 5*time.Minute-3*time.Second {
				t.Errorf("%s: TTL = %v, want 5m counted from before the request", name, got)
			}
			if !link.ExpiresAt.Equal(start.Add(5 * time.Minute)) {
				t.Errorf("%s: ExpiresAt = %v, want %v", name, link.ExpiresAt, start.Add(5*time.Minute))
			}
		})
	}
}

func TestExpiresAtSpellings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble's clock starts at midnight, 2000-01-01 UTC
		for text, want := range map[string]time.Duration{
			"2000-01-01T00:10:00Z":             10 * time.Minute,
			"2000-01-01T00:10:00.000Z":         10 * time.Minute,
			"2000-01-01T00:10:00.123456789Z":   10*time.Minute + 123456789,
			"2000-01-01T02:10:00+02:00":        10 * time.Minute,
			"1999-12-31T18:40:00.000000-05:30": 10 * time.Minute,
		} {
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				reply(w, 200, map[string]any{"link": testLink, "expires_at": text})
			})
			if got := generate(t, portal).TTL(); got != want-time.Second {
				t.Errorf("expires_at %s: TTL = %v, want %v less the second of Date", text, got, want)
			}
		}
	})
}

func TestWithoutDateTheLocalClockCounts(t *testing.T) {
	for _, date := range []string{"", "yesterday"} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date)
				reply(w, 200, map[string]any{"link": testLink, "expires_at": time.Now().Add(10 * time.Minute)})
			})
			if got := generate(t, portal).TTL(); got != 10*time.Minute {
				t.Errorf("Date %q: TTL = %v, want 10m", date, got)
			}
		})
	}
}

// A clock that is wrong by more than links live, be it the one behind Date or this
// host's, makes no link that lives for ever.
func TestAbsurdClocks(t *testing.T) {
	const minute, hour, year = time.Minute, time.Hour, 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		date    time.Duration // Date, from this host's clock; none: no Date
		expires time.Duration // from this host's clock
		want    time.Duration
	}{
		"Date of 1970":                  {-30 * year, 10 * minute, 10 * minute},
		"Date an hour behind":           {-hour, 10 * minute, 10 * minute},
		"Date a little behind":          {-minute, 10 * minute, 11*minute - time.Second}, // nobody can tell
		"Date an hour ahead":            {hour, 10 * minute, 0},
		"no Date, host a year behind":   {none, year, 5 * minute},
		"no Date, host a day ahead":     {none, -24 * hour, 0},
		"no Date, a long life":          {none, hour, hour},
		"both clocks say two hours":     {0, 2 * hour, 2*hour - time.Second},
		"two hours, host slower by one": {hour, 3 * hour, 2*hour - time.Second},
		"two hours, host faster by one": {-hour, hour, hour},
		"two hours, host far ahead":     {-year, 2*hour - year, 5 * minute},
		"expires in two centuries":      {0, 200 * year, 200*year - time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = nil
				if c.date != none {
					w.Header().Set("Date", time.Now().Add(c.date).UTC().Format(http.TimeFormat))
				}
				reply(w, 200, map[string]any{"link": testLink, "expires_at": time.Now().Add(c.expires)})
			})
			if got := generate(t, portal).TTL(); got != c.want {
				t.Errorf("%s: TTL = %v, want %v", name, got, c.want)
			}
		})
	}
}

// none is no Date.
const none time.Duration = 1<<63 - 1

// A leap second has the 60 that no time.Time has. It costs neither the link nor
// any of its life, in Date or in expires_at.
func TestLeapSecond(t *testing.T) {
	for _, c := range []struct {
		date, expires string
		want          time.Duration
	}{
		{"Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:10:00Z", 10*time.Minute - time.Second},
		{"Sat, 31 Dec 2016 23:50:00 GMT", "2016-12-31T23:59:60Z", 10*time.Minute - 2*time.Second},
		{"Sat, 31 Dec 2016 23:50:00 GMT", "2016-12-31T18:59:60.5-05:00", 10*time.Minute - 1500*time.Millisecond},
	} {
		portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", c.date)
			reply(w, 200, map[string]any{"link": testLink, "expires_at": c.expires})
		})
		if got := generate(t, portal).TTL(); got > c.want || got < c.want-time.Minute {
			t.Errorf("Date %s, expires_at %s: TTL = %v, want %v less the call's duration", c.date, c.expires, got, c.want)
		}
	}
}

// A link that is dead on arrival says so, and EnsureFresh would replace it.
func TestLinkDeadOnArrival(t *testing.T) {
	portal := serve(t, clocked(0, -time.Minute))
	link := generate(t, portal)
	if !link.Expired() || link.TTL() != 0 {
		t.Errorf("TTL = %v, Expired = %v, want 0 and true", link.TTL(), link.Expired())
	}
}

func TestLiteralLinkGoesByTheLocalClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link := &client.PortalLink{URL: testLink, ExpiresAt: time.Now().Add(time.Minute)}
		if link.TTL() != time.Minute || link.Expired() {
			t.Errorf("TTL = %v, Expired = %v, want 1m and false", link.TTL(), link.Expired())
		}
		time.Sleep(time.Minute)
		if link.TTL() != 0 || !link.Expired() {
			t.Errorf("a minute later: TTL = %v, Expired = %v, want 0 and true", link.TTL(), link.Expired())
		}
		if zero := new(client.PortalLink); !zero.Expired() {
			t.Error("the zero link is not expired")
		}
	})
}

func TestMalformedSuccesses(t *testing.T) {
	link := func(l string) string {
		b, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		return fmt.Sprintf(`{"object":"portal_link","link":%s,"expires_at":"2030-01-15T12:00:00.000Z"}`, b)
	}
	for name, body := range map[string]string{
		"empty":             "",
		"null":              "null",
		"array":             "[]",
		"object":            "{}",
		"string":            `"https://id.workos.com"`,
		"number":            "7",
		"truncated":         `{"link":"https://id.workos.com/?secret=abc","expires_at":"2030-`,
		"trailing":          link(testLink) + "x",
		"HTML":              "<!doctype html><title>Sign in</title>",
		"no link":           `{"object":"portal_link","expires_at":"2030-01-15T12:00:00.000Z"}`,
		"null link":         `{"link":null}`,
		"number link":       `{"link":7}`,
		"empty link":        link(""),
		"relative":          link("/portal/launch?secret=abc"),
		"no scheme":         link("id.workos.com/x"),
		"scheme relative":   link("//id.workos.com/x"),
		"http":              link("http://id.workos.com/x"),
		"almost loopback":   link("http://localhost.evil.com/x"),
		"javascript":        link("javascript:alert(1)"),
		"no host":           link("https:///x"),
		"user info":         link("https://id.workos.com@evil.example/x"),
		"bad escape":        link("https://id.workos.com/%zz?secret=abc"),
		"control character": link("https://id.workos.com/\n"),
		"space":             link(" https://id.workos.com/"),
		"expires tomorrow":  `{"link":"` + testLink + `","expires_at":"tomorrow"}`,
		"expires, number":   `{"link":"` + testLink + `","expires_at":1700000000}`,
		"expires, empty":    `{"link":"` + testLink + `","expires_at":""}`,
		"expires, no zone":  `{"link":"` + testLink + `","expires_at":"2030-01-15T12:00:00"}`,
		"expires, no month": `{"link":"` + testLink + `","expires_at":"2030-13-15T12:00:00Z"}`,
	} {
		for _, code := range []int{200, 201, 299} {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); reply(w, code, body) })
			got, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrMalformedResponse)
			if got != nil {
				t.Errorf("%s: got %v with an error", name, got)
			}
			if e := asError(t, err); e.StatusCode != code || e.Attempts != 1 || e.Body != "" || e.Description == "" {
				t.Errorf("%s: %+v, want status %d after 1 attempt, a description and nothing of the body", name, e, code)
			}
			if seen.total() != 1 {
				t.Errorf("%s: %d requests, want 1: a retry would mint more", name, seen.total())
			}
		}
	}
}

func TestEverySuccessStatusIsOne(t *testing.T) {
	for _, code := range []int{200, 201, 202, 203, 206, 299} {
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html") // said of the right body, it does not matter
			w.WriteHeader(code)
			_, _ = fmt.Fprintf(w, `{"link":%q}`, testLink)
		})
		if got := generate(t, portal).URL; got != testLink {
			t.Errorf("%d: URL = %q, want %q", code, got, testLink)
		}
	}
	portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	_, err := portal.GeneratePortalLink(context.Background(), sso)
	wantOnly(t, err, client.ErrMalformedResponse)
}

func TestLoopbackLinks(t *testing.T) {
	for _, l := range []string{"http://127.0.0.1:8787/x?secret=y", "http://localhost/x", "http://[::1]:9/x", "https://setup.customer.example?token=x", "HTTPS://id.workos.com/x"} {
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, map[string]any{"link": l}) })
		if got := generate(t, portal).URL; got != l {
			t.Errorf("URL = %q, want %q as it came", got, l)
		}
	}
}

func TestLinkHosts(t *testing.T) {
	for _, tt := range []struct {
		hosts []string
		link  string
		ok    bool
	}{
		{nil, "https://anything.example/x", true},
		{[]string{"id.workos.com"}, "https://id.workos.com/x", true},
		{[]string{"ID.WorkOS.com."}, "https://id.workos.COM:443/x", true},
		{[]string{"a.example", "setup.workos.com"}, "https://setup.workos.com?token=x", true},
		{[]string{"id.workos.com"}, "https://setup.workos.com/x", false},
		{[]string{"workos.com"}, "https://id.workos.com/x", false},
		{[]string{"id.workos.com"}, "https://id.workos.com.evil.example/x", false},
		{[]string{"id.workos.com:443"}, "https://id.workos.com/x", true},
		{[]string{"id.workos.com:443"}, "https://id.workos.com:8443/x", false},
		{[]string{"127.0.0.1:80"}, "http://127.0.0.1:81/x", false},
		{[]string{"127.0.0.1:80"}, "http://127.0.0.1:80/x", true},
	} {
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, map[string]any{"link": tt.link}) }, client.WithLinkHosts(tt.hosts...))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		if (err == nil) != tt.ok {
			t.Errorf("hosts %q, link to %s: got %v, want it allowed: %v", tt.hosts, tt.link, err, tt.ok)
		}
		if err != nil {
			wantOnly(t, err, client.ErrMalformedResponse)
			if asError(t, err).Hint() == "" {
				t.Error("no hint")
			}
		}
	}
}
