package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// The clock of a synctest bubble starts at midnight, 2000-01-01 UTC: at 946684800.

// Every form in which servers were seen to tell their budget.
func TestRateHeadersOfServers(t *testing.T) {
	const s = time.Second
	family := func(limit, remaining, reset string) []string {
		return []string{"X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset}
	}
	for name, tt := range map[string]struct {
		headers          []string
		limit, remaining int
		reset            time.Duration // zero: nothing is known
	}{
		"Nest":                      {family("5", "4", "60"), 5, 4, 60 * s},
		"Express, epoch":            {family("5", "4", "946684860"), 5, 4, 60 * s},
		"epoch milliseconds":        {family("", "4", "946684860000"), 0, 4, 60 * s},
		"draft 6":                   {[]string{"RateLimit-Limit", "5", "RateLimit-Remaining", "4", "RateLimit-Reset", "60", "RateLimit-Policy", "5;w=60"}, 5, 4, 60 * s},
		"draft 6, policies":         {[]string{"RateLimit-Limit", "5, 5;w=60, 50;w=3600", "RateLimit-Remaining", "4", "RateLimit-Reset", "60"}, 5, 4, 60 * s},
		"draft 7":                   {[]string{"RateLimit", "limit=5, remaining=4, reset=60"}, 5, 4, 60 * s},
		"draft 8":                   {[]string{"RateLimit", `"5-in-1min"; r=4; t=60`, "RateLimit-Policy", `"5-in-1min"; q=5; w=60`}, 0, 4, 60 * s},
		"draft 8, two items":        {[]string{"RateLimit", `"minute";r=3;t=60, "hour";r=3;t=600`}, 0, 3, 600 * s},
		"draft 8, two lines":        {[]string{"RateLimit", `"hour";r=3;t=600`, "RateLimit", `"minute";r=40;t=60`}, 0, 3, 600 * s},
		"koa, fraction":             {family("", "4", "946684859.5"), 0, 4, 59500 * time.Millisecond},
		"go-limiter, date in UTC":   {family("", "4", "Sat, 01 Jan 2000 00:01:00 UTC"), 0, 4, 60 * s},
		"Go's":                      {family("", "4", "2000-01-01 00:01:00 +0000 UTC"), 0, 4, 60 * s},
		"quotes and blanks":         {family("", ` "4" `, ` "60" `), 0, 4, 60 * s},
		"the smallest of families":  {append(family("", "40", "60"), "RateLimit", `"x";r=2;t=30`), 0, 2, 30 * s},
		"two budgets":               {[]string{"X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "99", "X-RateLimit-Reset", "30", "X-RateLimit-Limit", "2", "X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "60"}, 2, 1, 60 * s},
		"the second that has begun": {family("", "4", "0"), 0, 4, s},
		"the same, as epoch":        {family("", "4", "946684800"), 0, 4, s},
		"no requests":               {append(family("0", "0", "60"), family("-1", "0", "60")...), 0, 0, 0},
		"no remaining":              {family("5", "", "60"), 0, 0, 0},
		"no reset":                  {family("5", "4", ""), 0, 0, 0},
		"reset in the past":         {family("", "4", "946684799"), 0, 0, 0},
		"reset in an hour":          {family("", "4", "3600"), 0, 4, time.Hour},
		"reset in more":             {family("", "4", "3601"), 0, 0, 0},
		"reset in more, as epoch":   {family("", "4", "946688401"), 0, 0, 0},
		"from a cache, Age":         {append(family("", "0", "60"), "Age", "30"), 0, 0, 0},
		"lists":                     {[]string{"X-RateLimit-Remaining", "4, 4", "X-RateLimit-Reset", "60;w=60, 60"}, 0, 4, time.Minute},
		"draft 8, unknown parts":    {[]string{"RateLimit", `"5-in-1min";r=4;pk=:abc=:;t=60`}, 0, 4, time.Minute},
		"drafts 8 and 7":            {[]string{"RateLimit", `"a";r=4;t=60`, "RateLimit", "limit=9, remaining=8, reset=30, limit=7, remaining=6, reset=50"}, 0, 4, 60 * s},
		"draft 7, two in a line":    {[]string{"RateLimit", "limit=5, remaining=4, reset=60, limit=9, remaining=8, reset=30"}, 5, 4, 60 * s},
		"draft 7, blanks":           {[]string{"RateLimit", "Limit =5, Remaining = 4\tReset= 60"}, 5, 4, time.Minute},
		"draft 8, names with =":     {[]string{"RateLimit", `"w=600";r=3;t=600, "w=60";r=40;t=60`}, 0, 3, 600 * s},
		"a limit beyond counting":   {family("99999999999", "4", "60"), 1 << 30, 4, 60 * s},
		"ISO 8601 without a colon":  {[]string{"X-RateLimit-Remaining", "4", "X-RateLimit-Reset", "2000-01-01T00:01:00.000+0000"}, 0, 4, time.Minute},
		"from a cache, X-From":      {append(family("", "0", "60"), "X-From-Cache", "1"), 0, 0, 0},
		"from a cache, X-Cache":     {append(family("", "0", "60"), "X-Cache", "Hit from cloudfront"), 0, 0, 0},
		"Age 0 is no cache":         {append(family("", "4", "60"), "Age", "0"), 0, 4, 60 * s},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := inMemory(t, with(succeed, tt.headers...), reference)
			same(t, name+": before any answer: RateLimit()", portal.RateLimit(), client.RateLimit{})
			generate(t, portal)
			want := client.RateLimit{}
			if tt.reset > 0 {
				want = client.RateLimit{Limit: tt.limit, Remaining: tt.remaining, Reset: time.Now().Add(tt.reset)}
			}
			same(t, name+": RateLimit()", portal.RateLimit(), want)
			took := timed(func() { generate(t, portal) })
			errorIf(t, tt.reset == 0 && took != 0, "%s: the next call was held for %v, want nothing known", name, took)
			time.Sleep(tt.reset)
			same(t, name+": after the reset: RateLimit()", portal.RateLimit(), client.RateLimit{})
		})
	}
}

// What a 429 asks for is in RetryAfter; the call waits as long if it has the time.
func TestRetryAfterOfServers(t *testing.T) {
	const half = 30 * time.Second
	for name, tt := range map[string]struct {
		headers []string
		want    time.Duration
	}{
		"seconds":               {[]string{"Retry-After", "30"}, half},
		"with a fraction":       {[]string{"Retry-After", "30.0"}, half},
		"a little less":         {[]string{"Retry-After", "29.997"}, 29997 * time.Millisecond},
		"quoted":                {[]string{"Retry-After", `"30"`}, half},
		"date":                  {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"}, half},
		"ISO 8601 with a blank": {[]string{"Retry-After", "2000-01-01 00:00:30Z"}, half},
		"date with an offset":   {[]string{"Retry-After", "Sat, 01 Jan 2000 01:00:30 +0100"}, half},
		"date, one-digit day":   {[]string{"Retry-After", "Sat, 1 Jan 2000 00:00:30 GMT"}, half},
		"date, RFC 850":         {[]string{"Retry-After", "Saturday, 1-Jan-00 00:00:30 UTC"}, half},
		"year of four digits":   {[]string{"Retry-After", "Sat, 01-Jan-2000 00:00:30 GMT"}, half},
		"offset with a colon":   {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:30 +00:00"}, half},
		"Ruby's, Go's":          {[]string{"Retry-After", "2000-01-01 00:00:30 UTC", "Retry-After", "2000-01-01 00:00:05 +0000 UTC"}, half},
		"RFC 3339":              {[]string{"Retry-After", `"2000-01-01T01:00:30+01:00"`}, half},
		"epoch":                 {[]string{"Retry-After", "946684830"}, half},
		"two headers, a list":   {[]string{"Retry-After", "5", "Retry-After", "30, 7"}, half},
		"two dates":             {[]string{"Retry-After", "Sat, 01 Jan 2000 00:00:05 GMT", "Retry-After", "Sat Jan  1 00:00:30 2000"}, half},
		"zero, and a reset":     {[]string{"Retry-After", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"}, half},
		"before a reset":        {[]string{"Retry-After", "30", "X-RateLimit-Reset", "50"}, half},
		"reset alone":           {[]string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"}, half},
		"reset alone, epoch":    {[]string{"X-RateLimit-Reset", "946684830"}, half},
		"draft 8 alone":         {[]string{"RateLimit", `"x";r=0;t=30`}, half},
		"budget left":           {[]string{"X-RateLimit-Remaining", "7", "X-RateLimit-Reset", "30"}, 0},
		"a window of nothing":   {[]string{"X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30"}, 0},
		"another server's time": {[]string{"Retry-After", "Sat, 01 Jan 2000 05:00:30 GMT", "Date", "Sat, 01 Jan 2000 05:00:00 GMT"}, half},
		"a Date of nonsense":    {[]string{"X-RateLimit-Reset", "946684830", "Date", "yesterday"}, half},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal, seen := scripted(t, steps{status(429, tt.headers...), succeed}, reference)
			if tt.want > 0 {
				for i := range 2 { // the answer itself, and what the gate knows of it
					e := fails(t, portal, 5*time.Second, client.ErrRateLimited)
					errorIf(t, e.RetryAfter != tt.want || e.Attempts != 1-i || e.StatusCode != 429*(1-i), "%s: call %d: %v with %+v, want RetryAfter %v", name, i+1, e, e, tt.want)
				}
			}
			took := timed(func() { generate(t, portal) })
			errorIf(t, took < tt.want || took > tt.want+2500*time.Millisecond || seen.total() != 2, "%s: waited %v for request %d, want about %v for the second", name, took, seen.total(), tt.want)
		})
	}
}

func TestNonsenseInHeadersIsIgnored(t *testing.T) {
	nonsense := []string{"banana", "-1", "99999999999999999999", "1e9", "", " ", "0x10", "+5", "1.5.2", "x1", "٣", "999999999", "Mon, 99 Foo 2024"}
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Limit", "Date"} {
			for _, value := range nonsense {
				for _, first := range []http.HandlerFunc{succeed, status(429), status(503)} {
					portal, _ := scripted(t, steps{with(first, name, value, "X-RateLimit-Remaining", "0"), succeed})
					took := timed(func() { fromMany(t, portal, 1, 2) })
					errorIf(t, took > time.Second, "%s: %q stalled two calls for %v", name, value, took)
				}
			}
		}
	})
}
