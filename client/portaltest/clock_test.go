package portaltest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestExpiredLink(t *testing.T) { testExpiredLink(t) }

// Every answer tells the portal's time, and it runs on from where it was set.
func TestSetClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.portal.SetClock(time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC))
		time.Sleep(90 * time.Second)
		const want = "Mon, 15 Jan 2024 12:01:30 GMT"
		equal(t, "Now()", c.portal.Now().UTC().Format(http.TimeFormat), want)
		for _, path := range []string{referenceIcons, liveIcons, "/nowhere", "/provider-icons/light/okta.svg", "/portal/launch", "/_sandbox/"} {
			equal(t, path+": Date", c.send("GET", path, "").header.Get("Date"), want)
		}
		c.portal.Advance(-time.Hour)
		equal(t, "Date an hour back", c.get(referenceIcons, 200).header.Get("Date"), "Mon, 15 Jan 2024 11:01:30 GMT")
	})
}

// A link's life begins at the time that its answer tells, however slowly the request
// came in: clients measure from that.
func TestDateIsThatOfTheDeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		slow, body := io.Pipe()
		go func() {
			time.Sleep(20 * time.Second)
			_, _ = io.WriteString(body, c.request("sso"))
			_ = body.Close()
		}()
		a := c.post(referenceLinks, "", 200, header("Content-Type", "application/json"), func(r *http.Request) { r.Body = slow })
		if date, err := http.ParseTime(a.header.Get("Date")); err != nil || c.portal.Links()[0].ExpiresAt.Sub(date) != 10*time.Minute {
			t.Errorf("the link expires at %v, want 10 minutes after its answer's Date, %v", c.portal.Links()[0].ExpiresAt, date)
		}
	})
}

func TestLinkLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.portal.SetClock(time.Date(2024, 1, 15, 11, 50, 0, 0, time.UTC))
		issued := c.post(referenceLinks, c.request("sso"), 200)
		issued.has(`"object":"portal_link"`, `"expires_at":"2024-01-15T12:00:00Z"`)
		reference, live := issued.link(c.url), c.link(liveLinks, "sso")
		for _, step := range []struct {
			wait            time.Duration
			reference, live int
		}{{5*time.Minute - 1, 200, 200}, {1, 200, 410}, {5*time.Minute - 1, 200, 410}, {1, 410, 410}} {
			time.Sleep(step.wait)
			c.get(reference, step.reference)
			c.get(live, step.live)
		}
		c.portal.Advance(-time.Second)
		c.get(reference, 200)
		c.send("HEAD", reference, "") // shows nothing
		links := c.portal.Links()
		equal(t, "Opened, without the expired link", []int{links[0].Opened, links[1].Opened}, []int{4, 1})
	})
}

func TestWithLinkLife(t *testing.T) {
	both, one, other := portaltest.DialectBoth, portaltest.DialectPortalLinks, portaltest.DialectGenerateLink
	lives := func(opts ...portaltest.Option) (lives []time.Duration) {
		c := inMemory(t, opts...)
		c.link(referenceLinks, "sso")
		c.link(liveLinks, "sso")
		for _, l := range c.portal.Links() {
			lives = append(lives, l.ExpiresAt.Sub(l.IssuedAt).Round(time.Second)) // to the millisecond
		}
		return lives
	}
	life := portaltest.WithLinkLife
	equal(t, "lives", lives(life(one, time.Hour)), []time.Duration{time.Hour, 5 * time.Minute})
	equal(t, "lives", lives(life(other, time.Hour)), []time.Duration{10 * time.Minute, time.Hour})
	equal(t, "lives", lives(life(both, -time.Second)), []time.Duration{-time.Second, -time.Second})
	equal(t, "lives", lives(life(both, time.Second), nil, life(both, 0)), []time.Duration{10 * time.Minute, 5 * time.Minute})
}

// The 101st request in a minute is too many, and the next minute is a new one.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, path := range []string{referenceLinks, liveLinks} {
			c := inMemory(t)
			for i := range 100 {
				rates := c.send("POST", path, c.request("sso")).rates()
				equal(t, fmt.Sprintf("rates of request %d", i), rates, fmt.Sprintf("100 %d %d -", 99-i, 60-i/2))
				if i%2 == 1 {
					time.Sleep(time.Second)
				}
			}
			equal(t, "rates after 50 s", c.post(path, c.request("sso"), 429).rates(), "100 0 10 10")
			time.Sleep(10*time.Second - time.Millisecond)
			equal(t, "rates a millisecond before the reset", c.post(path, c.request("sso"), 429).rates(), "100 0 1 1")
			time.Sleep(time.Millisecond)
			equal(t, "rates in the next window", c.send("POST", path, c.request("sso")).rates(), "100 99 60 -")
		}
	})
}

func TestRateLimitOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, portaltest.WithRateLimit(2), portaltest.WithRateWindow(20*time.Second))
		equal(t, "rates", c.get(referenceIcons, 200).rates(), "2 1 20 -")
		c.get(referenceIcons, 200)
		equal(t, "rates at the end", c.get(referenceIcons, 429).rates(), "2 0 20 20")

		// Every key has its own budget, one without permissions too. A wrong key spends none.
		c.get(referenceIcons, 200, key(c.portal.AddKey()))
		for range 5 {
			equal(t, "rates of a wrong key", c.get(referenceIcons, 401, key("sk_none")).rates(), "2 2 20 -")
		}
		restricted := key(c.portal.AddRestrictedKey())
		c.get(referenceIcons, 401, restricted)
		equal(t, "rates of a restricted key", c.get(referenceIcons, 401, restricted).rates(), "2 0 20 -")
		c.get(referenceIcons, 429, restricted)

		// The CDN knows no keys.
		for range 5 {
			c.get(liveIcons, 200, header("Authorization"))
		}

		// Windows end by the portal's clock, and one that would begin in the future is void.
		for _, move := range []time.Duration{20 * time.Second, -24 * time.Hour} {
			c.portal.Advance(move)
			equal(t, "rates after the clock was moved", c.get(referenceIcons, 200).rates(), "2 1 20 -")
			c.get(referenceIcons, 200)
			c.get(referenceIcons, 429)
		}
	})
}

func TestRateLimitOffAndZero(t *testing.T) {
	zero, off := inMemory(t, portaltest.WithRateLimit(0), portaltest.WithRateWindow(0)), inMemory(t, portaltest.WithRateLimit(-1))
	equal(t, "rates with zeros", zero.get(referenceIcons, 200).rates(), "100 99 60 -")
	off.partial = true // no rate headers
	for range 120 {
		equal(t, "rates with the limit off", off.get(referenceIcons, 200).rates(), "- - - -")
	}
}
