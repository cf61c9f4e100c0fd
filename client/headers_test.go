package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// told is what RateLimit says after one answer with these headers, Date included.
func told(t *testing.T, status int, headers ...string) client.RateLimit {
	t.Helper()
	portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		reply(w, status, `{"link":"`+testLink+`"}`)
	}, client.WithDialect(client.DialectPortalLinks), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	_, _ = portal.GeneratePortalLink(t.Context(), sso)
	return portal.RateLimit()
}

// Every form in which servers tell their budget, as they were seen running.
func TestRateHeadersOfServers(t *testing.T) {
	at := func(d time.Duration) time.Time { return time.Now().Add(d) }
	for name, tt := range map[string]struct {
		headers   func() []string
		limit     int
		remaining int
		reset     time.Duration // zero: nothing is known
	}{
		"Nest": {func() []string {
			return []string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "60"}
		}, 5, 4, time.Minute},
		"Express, epoch": {func() []string {
			return []string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "946684860"}
		}, 5, 4, time.Minute},
		"epoch milliseconds": {func() []string { return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "946684860000"} }, 0, 4, time.Minute},
		"draft 6": {func() []string {
			return []string{"RateLimit-Limit", "5", "RateLimit-Remaining", "4", "RateLimit-Reset", "60", "RateLimit-Policy", "5;w=60"}
		}, 5, 4, time.Minute},
		"draft 6, policies": {func() []string {
			return []string{"RateLimit-Limit", "5, 5;w=60, 50;w=3600", "RateLimit-Remaining", "4", "RateLimit-Reset", "60"}
		}, 5, 4, time.Minute},
		"draft 7": {func() []string { return []string{"RateLimit", "limit=5, remaining=4, reset=60"} }, 5, 4, time.Minute},
		"draft 8": {func() []string {
			return []string{"RateLimit", `"5-in-1min"; r=4; t=60`, "RateLimit-Policy", `"5-in-1min"; q=5; w=60`}
		}, 0, 4, time.Minute},
		"draft 8, two items": {func() []string { return []string{"RateLimit", `"minute";r=40;t=60, "hour";r=3;t=600`} }, 0, 3, 10 * time.Minute},
		"draft 8, two lines": {func() []string { return []string{"RateLimit", `"hour";r=3;t=600`, "RateLimit", `"minute";r=40;t=60`} }, 0, 3, 10 * time.Minute},
		"koa, fraction":      {func() []string { return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "946684859.5"} }, 0, 4, 59500 * time.Millisecond},
		"go-limiter, date in UTC": {func() []string {
			return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "Sat, 01 Jan 2000 00:01:00 UTC"}
		}, 0, 4, time.Minute},
		"date with one-digit day": {func() []string {
			return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "Sat, 1 Jan 2000 00:01:00 GMT"}
		}, 0, 4, time.Minute},
		"date with an offset": {func() []string {
			return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "Sat, 01 Jan 2000 01:01:00 +0100"}
		}, 0, 4, time.Minute},
		"RFC 3339": {func() []string {
			return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "2000-01-01T00:01:00.000Z"}
		}, 0, 4, time.Minute},
		"quotes and blanks": {func() []string { return []string{"X-RateLimit-Remaining", ` "4" `, "X-RateLimit-Reset", ` "60" `} }, 0, 4, time.Minute},
		"the smallest of families": {func() []string {
			return []string{"X-RateLimit-Remaining", "40", "X-RateLimit-Reset", "60", "RateLimit", `"x";r=2;t=30`}
		}, 0, 2, 30 * time.Second},
		"the second that has begun": {func() []string { return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "0"} }, 0, 4, time.Second},
		"no requests": {func() []string {
			return []string{"X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60"}
		}, 0, 0, 0},
		"no remaining":       {func() []string { return []string{"X-RateLimit-Limit", "5", "X-RateLimit-Reset", "60"} }, 0, 0, 0},
		"no reset":           {func() []string { return []string{"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "4"} }, 0, 0, 0},
		"reset in the past":  {func() []string { return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "946684799"} }, 0, 0, 0},
		"reset in two hours": {func() []string { return []string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "7200"} }, 0, 0, 0},
		"from a cache, Age":  {func() []string { return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60", "Age", "30"} }, 0, 0, 0},
		"from a cache, X-From": {func() []string {
			return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60", "X-From-Cache", "1"}
		}, 0, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			want := client.RateLimit{}
			if tt.reset > 0 {
				want = client.RateLimit{Limit: tt.limit, Remaining: tt.remaining, Reset: at(tt.reset)}
			}
			if got := told(t, 200, tt.headers()...); got != want {
				t.Errorf("%s: RateLimit = %+v, want %+v", name, got, want)
			}
		})
	}
}

func TestRetryAfterOfServers(t *testing.T) {
	for name, tt := range map[string]struct {
		headers []string
		want    time.Duration
	}{
		"seconds":               {[]string{"Retry-After", "30"}, 30 * time.Second},
		"with a fraction":       {[]string{"Retry-After", "30.0"}, 30 * time.Second},
		"a little less":         {[]string{"Retry-After", "29.997"}, 29997 * time.Millisecond},
		"quoted":                {[]string{"Retry-After", `"30"`}, 30 * time.Second},
		"date":                  {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"}, 30 * time.Second},
		"date in UTC":           {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 UTC"}, 30 * time.Second},
		"date with an offset":   {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 +0000"}, 30 * time.Second},
		"date, one-digit day":   {[]string{"Retry-After", "Sat, 1 Jan 2000 00:00:30 GMT"}, 30 * time.Second},
		"RFC 3339":              {[]string{"Retry-After", "2000-01-01T00:00:30Z"}, 30 * time.Second},
		"epoch":                 {[]string{"Retry-After", "946684830"}, 30 * time.Second},
		"two headers":           {[]string{"Retry-After", "5", "Retry-After", "30"}, 30 * time.Second},
		"a list":                {[]string{"Retry-After", "30, 30"}, 30 * time.Second},
		"two dates":             {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:05 GMT", "Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"}, 30 * time.Second},
		"zero, and a reset":     {[]string{"Retry-After", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"}, 30 * time.Second},
		"draft 8 alone":         {[]string{"RateLimit", `"x";r=0;t=30`}, 30 * time.Second},
		"budget left":           {[]string{"X-RateLimit-Remaining", "7", "X-RateLimit-Reset", "30"}, 0},
		"a window of nothing":   {[]string{"X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"}, 0},
		"another server's time": {[]string{"Retry-After", "Sat, 01 Jan 2000 05:00:30 GMT", "Date", "Sat, 01 Jan 2000 05:00:00 GMT"}, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				for i := 0; i < len(tt.headers); i += 2 {
					if tt.headers[i] == "Date" {
						w.Header().Set("Date", tt.headers[i+1])
						continue
					}
					w.Header().Add(tt.headers[i], tt.headers[i+1])
				}
				reply(w, 429, `{"message":"Too many requests."}`)
			}, client.WithDialect(client.DialectPortalLinks), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrRateLimited)
			if got := asError(t, err).RetryAfter; got != tt.want {
				t.Errorf("%s: RetryAfter = %v, want %v", name, got, tt.want)
			}
		})
	}
}

// An answer whose Date is older than an earlier one's plus the time since comes from a cache.
func TestOldDatesSayNothingOfTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-RateLimit-Remaining", "50")
			if seen.note(r); seen.total() > 1 {
				w.Header().Set("Date", time.Now().Add(-3*time.Minute).UTC().Format(http.TimeFormat))
				w.Header().Set("X-RateLimit-Remaining", "0")
			}
			w.Header().Set("X-RateLimit-Reset", "60")
			sheetLink(w)
		}, client.WithDialect(client.DialectPortalLinks))
		start := time.Now()
		for range 5 {
			generate(t, portal)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("five calls took %v, want none to wait", took)
		}
	})
}
