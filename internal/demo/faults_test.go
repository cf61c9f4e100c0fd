package demo_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What goes wrong at WorkOS, and what becomes of it for the person, on the page,
// and in the log.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault  string
		status int
		person string // on the page that they get
		shown  []string
		log    []string
	}{
		{"429", 503, "try again in 20 seconds",
			[]string{"<b>429</b> Too Many Requests", "try again after 20 s", "saw a page, with status 503: “Many people are here right now."},
			[]string{"level=WARN msg=\"portal link not made\"", "code=rate_limited", "retry_after=20s"}},
		{"500", 502, "The admin portal does not answer",
			[]string{"Answers", "<b>500</b> Internal Server Error", ", after a wait of ", "saw a page, with status 502"},
			[]string{"attempt=4", "code=unavailable"}},
		{"500-once", 303, "",
			[]string{"<b>500</b> Internal Server Error", "<b>200</b> OK", "was sent on to the portal"},
			[]string{"attempt=1", "msg=\"portal link made\""}},
		{"gone", 500, "Your organization is not connected yet",
			[]string{"<b>404</b> Not Found", "saw a page, with status 500", "Now: Acme."},
			[]string{"level=ERROR", "code=organization_not_found", "reference="}},
		{"expired", 303, "",
			[]string{"<b>200</b> OK", "none, it has expired"},
			[]string{"msg=\"portal link made\""}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			w := newWorld(t)
			b := w.visitor(t)
			b.post(t, "/sandbox", "fault", c.fault)
			has(t, "page", b.page(t, "/settings").text, `value="`+c.fault+`" checked`, "The sandbox is set to go wrong")
			for range 2 { // it stays so
				got := b.click(t, "sso")
				if got.StatusCode != c.status {
					t.Fatalf("click = %d, want %d", got.StatusCode, c.status)
				}
				if c.status != http.StatusSeeOther {
					if c.fault != "429" { // whose seconds go by
						has(t, "page for the person", got.text, c.person)
					}
					// They have not been in the portal, and the way back does not say so.
					has(t, "page for the person", got.text, `href="`+w.site+`/settings"`)
				}
			}
			has(t, "page", b.page(t, "/settings").text, c.shown...)
			has(t, "log", w.log.String(), c.log...)

			// Mended is mended, at once.
			b.post(t, "/sandbox", "fault", "none")
			hasNot(t, "page", b.page(t, "/settings").text, "The sandbox is set to go wrong")
			got := b.click(t, "sso")
			if got.StatusCode != http.StatusSeeOther {
				t.Fatalf("click after it was mended = %d %s, want 303", got.StatusCode, got.text)
			}
			b.page(t, got.Header.Get("Location"))
			if off := time.Until(w.sandbox.Now()); off.Abs() > time.Minute {
				t.Errorf("the sandbox's clock is still off by %v", off)
			}
		})
	}
}

// A refusal for which nothing was sent says why.
func TestSpentLimitIsRemembered(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	b.post(t, "/sandbox", "fault", "429")
	has(t, "page for the person", b.click(t, "sso").text, "try again in 20 seconds")
	before := len(w.sandbox.Requests())
	if got := b.click(t, "sso"); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("second click = %d, want 503", got.StatusCode)
	}
	if n := len(w.sandbox.Requests()) - before; n != 0 {
		t.Errorf("the second click sent %d requests, want none", n)
	}
	has(t, "page", b.page(t, "/settings").text, "None: nothing was sent. The client remembers that the rate limit is spent.")
}

// A person with an expired link finds the way back, and presses again.
func TestExpiredLinkLeadsBack(t *testing.T) {
	w := newWorld(t)
	b := w.visitor(t)
	b.post(t, "/sandbox", "fault", "expired")
	got := b.send(t, http.MethodGet, b.click(t, "log-streams").Header.Get("Location"), "")
	if got.StatusCode != http.StatusGone {
		t.Errorf("portal = %d, want 410", got.StatusCode)
	}
	has(t, "portal", got.text, "This link has expired", `href="`+w.site+`/settings?left=log-streams"`)
	has(t, "page", b.page(t, "/settings?left=log-streams").text, "Log Streams: not finished.", "none, it has expired")
}

// The organization that is gone is the one of whoever chose it.
func TestOnlyOneOrganizationIsGone(t *testing.T) {
	w := newWorld(t)
	ada, grit := w.visitor(t), w.visitor(t)
	grit.post(t, "/organization", "organization", w.globex)
	grit.post(t, "/sandbox", "fault", "gone")
	if got := grit.click(t, "sso"); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("Globex's click = %d, want 500", got.StatusCode)
	}
	if got := ada.click(t, "sso"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("Acme's click = %d, want 303", got.StatusCode)
	}
	has(t, "Ada's page", ada.page(t, "/settings").text, "Now: Globex.")
	if !strings.Contains(w.log.String(), "organization="+w.globex) {
		t.Error("the log does not say which organization")
	}
}
