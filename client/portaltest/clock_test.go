package portaltest_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func (a answer) date(t testing.TB) time.Time {
	t.Helper()
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return date
}

// Every answer tells the portal's time, and it runs on from where it was set.
func TestSetClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
		c.portal.SetClock(noon)
		time.Sleep(90 * time.Second)
		want := noon.Add(90 * time.Second)
		if got := c.portal.Now(); !got.Equal(want) {
			t.Errorf("Now() = %v, want %v", got, want)
		}
		for _, path := range []string{sheetIcons, liveIcons, "/nowhere", "/provider-icons/light/okta.svg", "/portal/launch", "/_sandbox/"} {
			if got := c.send("GET", path, "").date(t); !got.Equal(want) {
				t.Errorf("GET %s: Date = %v, want %v", path, got, want)
			}
		}
		c.portal.Advance(-time.Hour)
		want = want.Add(-time.Hour)
		if got := c.send("GET", sheetIcons, "").date(t); !got.Equal(want) {
			t.Errorf("an hour back: Date = %v, want %v", got, want)
		}
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
		a := c.send("POST", sheetLinks, "", header("Content-Type", "application/json"), func(r *http.Request) { r.Body = slow }).want(t, 200)
		if life := c.portal.Links()[0].ExpiresAt.Sub(a.date(t)); life != 10*time.Minute {
			t.Errorf("the link lives %v from its answer's Date, want 10 minutes", life)
		}
	})
}

func TestLinkLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.portal.SetClock(time.Date(2024, 1, 15, 11, 50, 0, 0, time.UTC))
		var sheet struct {
			Object    string
			Link      string
			ExpiresAt string `json:"expires_at"`
		}
		decode(t, c.send("POST", sheetLinks, c.request("sso")).want(t, 200).body, &sheet)
		if sheet.Object != "portal_link" || sheet.ExpiresAt != "2024-01-15T12:00:00Z" {
			t.Errorf("object, expires_at = %q, %q; want portal_link, 2024-01-15T12:00:00Z", sheet.Object, sheet.ExpiresAt)
		}
		path := sheet.Link[len(c.url):]
		live := c.link(liveLinks, "sso")

		time.Sleep(5*time.Minute - time.Millisecond)
		c.send("GET", live, "").want(t, 200)
		time.Sleep(time.Millisecond)
		c.send("GET", live, "").want(t, 410)
		c.send("GET", path, "").want(t, 200)
		time.Sleep(5*time.Minute - time.Millisecond)
		c.send("GET", path, "").want(t, 200)
		time.Sleep(time.Millisecond)
		c.send("GET", path, "").want(t, 410)
		c.portal.Advance(-time.Second)
		c.send("GET", path, "").want(t, 200)

		links := c.portal.Links()
		if links[0].Opened != 3 || links[1].Opened != 1 {
			t.Errorf("Opened = %d and %d, want 3 and 1: what expired was not opened", links[0].Opened, links[1].Opened)
		}
	})
}

func TestWithLinkLife(t *testing.T) {
	both, one, other := portaltest.DialectBoth, portaltest.DialectPortalLinks, portaltest.DialectGenerateLink
	for name, tc := range map[string]struct {
		opts        []portaltest.Option
		sheet, live time.Duration
	}{
		"default":        {nil, 10 * time.Minute, 5 * time.Minute},
		"one":            {[]portaltest.Option{portaltest.WithLinkLife(one, time.Hour)}, time.Hour, 5 * time.Minute},
		"other":          {[]portaltest.Option{portaltest.WithLinkLife(other, time.Hour)}, 10 * time.Minute, time.Hour},
		"both":           {[]portaltest.Option{portaltest.WithLinkLife(both, -time.Second)}, -time.Second, -time.Second},
		"both and again": {[]portaltest.Option{portaltest.WithLinkLife(both, time.Second), nil, portaltest.WithLinkLife(both, 0)}, 10 * time.Minute, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, tc.opts...)
				c.link(sheetLinks, "sso")
				c.link(liveLinks, "sso")
				links := c.portal.Links()
				for i, want := range []time.Duration{tc.sheet, tc.live} {
					if got := links[i].ExpiresAt.Sub(links[i].IssuedAt); got != want {
						t.Errorf("link %d lives %v, want %v", i, got, want)
					}
				}
			})
		})
	}
}
