package browser

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A site is a program with a settings page, started for one test, with a person
// signed in who may configure everything.
type site struct {
	*tab
	program *program
	sso     string // what the settings page calls SSO
	done    string // what it says after Done, with the feature for %s
	left    string // and after Back
}

// settingsPath is where every site has its settings page.
const settingsPath = "/settings"

// sites are the programs that users see: what holds for one button of ours holds for
// each.
var sites = []struct {
	name  string
	visit func(*testing.T) site
}{
	{"demo", visitDemo},
	{"example", visitExample},
}

func visitDemo(t *testing.T) site {
	t.Helper()
	s := site{program: run(t, "adminportal", "demo", "--addr", "127.0.0.1:0"), sso: "Single sign-on", done: "%s: done", left: "%s: not finished"}
	s.tab = newTab(t)
	s.logs = append(s.logs, s.program.printed)
	s.open(s.base() + settingsPath)
	return s
}

func visitExample(t *testing.T) site {
	t.Helper()
	s := site{program: run(t, "settings", "-addr", "127.0.0.1:0"), sso: "SSO", done: "Configure %s: done"}
	s.tab = newTab(t)
	s.logs = append(s.logs, s.program.printed)
	s.open(s.base() + settingsPath)
	s.press(button("Sign in as Ada of Acme"))
	return s
}

func (s site) base() string { return s.program.at }

// A feature is one button, and the portal's page that it leads to.
type feature struct {
	name   string
	button string
	intent string
	portal string // the page's heading
}

var features = []feature{
	{"SSO", "Configure SSO", "sso", "Configure Single Sign-On"},
	{"Directory Sync", "Configure Directory Sync", "dsync", "Configure Directory Sync"},
	{"Audit Logs", "Configure Audit Logs", "audit_logs", "Audit Logs"},
	{"Log Streams", "Configure Log Streams", "log_streams", "Configure Log Streams"},
}

// onSites runs a test on each site.
func onSites(t *testing.T, test func(*testing.T, site)) {
	for _, s := range sites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s.visit(t))
		})
	}
}

// onDemo is for what is the handler's doing, which is the same on each.
func onDemo(t *testing.T, test func(*testing.T, site)) {
	t.Parallel()
	test(t, visitDemo(t))
}

// onPortal says that the tab has got to the portal's page of that feature, and
// returns the portal.
func (s site) onPortal(f feature) sandbox {
	s.t.Helper()
	at := s.address()
	if at.Path != portalPath || at.Host == s.host() {
		s.t.Fatalf("%s leads to %s, want the portal", f.button, s.place())
	}
	if title := s.title(); !strings.Contains(title, "Admin Portal") || !strings.Contains(title, f.portal) {
		s.t.Errorf("%s leads to %q, want Admin Portal and %q", f.button, title, f.portal)
	}
	if !s.has(way{"heading", f.portal}) {
		s.t.Errorf("%s: the portal has no heading %q; it has %s", f.button, f.portal, s.everything("heading"))
	}
	portal := sandbox{s.t, "http://" + at.Host}
	links := portal.links()
	if last := links[len(links)-1]; last.Intent != f.intent || last.Opened == 0 {
		s.t.Errorf("%s: the last link = %+v, want one for %s that is open", f.button, last, f.intent)
	}
	return portal
}

func (s site) host() string {
	u, err := url.Parse(s.base())
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Host
}

// home says that the tab is on the settings page.
func (s site) home() {
	s.t.Helper()
	at := s.address()
	if at.Host != s.host() || at.Path != settingsPath {
		s.t.Fatalf("the tab is at %s, want the settings page", s.place())
	}
	for _, f := range features {
		s.find(button(f.button))
	}
}

func (s site) wayBack() way { return link("Back to " + s.host()) }

// tells says that the settings page has a status that says what came of a feature.
func (s site) tells(format string, f feature) {
	s.t.Helper()
	if format == "" {
		return
	}
	name := f.name
	if f.intent == "sso" {
		name = s.sso
	}
	want := strings.ToLower(fmt.Sprintf(format, name))
	status := evaluate[string](s.tab, `[...document.querySelectorAll("[role=status]")].map(e => e.innerText).join("\n")`)
	if !strings.Contains(strings.ToLower(status), want) {
		s.t.Errorf("back from %s, the settings page says %q, want %q", f.button, status, want)
	}
}

// Each of the four buttons leads to its page of the portal, and each of the ways out
// leads back to the settings page, which says what was set up.
func testRoundTrips(t *testing.T, s site) {
	for _, f := range features {
		s.press(button(f.button))
		s.onPortal(f)
		s.press(s.wayBack())
		s.home()
		s.tells(s.left, f)
		s.press(button(f.button))
		s.onPortal(f)
		s.press(link("Done"))
		s.home()
		s.tells(s.done, f)
	}
}

func TestEveryButtonLeadsToThePortalAndBack(t *testing.T) {
	onSites(t, testRoundTrips)
}

func TestEveryButtonWorksWithoutScripts(t *testing.T) {
	onDemo(t, func(t *testing.T, s site) {
		s.scriptless()
		s.reload()
		testRoundTrips(t, s)
	})
}

// Who comes to a link too late reads that, gets back, and from there to the portal.
func TestExpiredLinkHasAWayForward(t *testing.T) {
	onSites(t, func(t *testing.T, s site) {
		f := features[0]
		s.press(button(f.button))
		portal := s.onPortal(f)
		portal.pass(time.Hour)
		s.reload()
		s.says("This link has expired")
		s.accessible()
		s.press(s.wayBack())
		s.home()
		s.press(button(f.button))
		s.onPortal(f)
	})
}

func TestBackButtonMakesNoLink(t *testing.T) {
	onDemo(t, func(t *testing.T, s site) {
		f := features[1]
		s.press(button(f.button))
		portal := s.onPortal(f)
		made, posts := len(portal.links()), s.asked("POST", "")
		s.back()
		s.home()
		s.reload()
		s.home()
		s.forward()
		s.onPortal(f)
		s.back()
		s.home()
		if n := len(portal.links()); n != made {
			t.Errorf("links after going back, a reload, forward and back = %d, want %d", n, made)
		}
		if n := s.asked("POST", ""); n != posts {
			t.Errorf("POSTs after going back, a reload, forward and back = %d, want %d", n, posts)
		}
	})
}

func TestDoubleClickIsNoError(t *testing.T) {
	onDemo(t, func(t *testing.T, s site) {
		f := features[0]
		s.press(button(f.button))
		portal := s.onPortal(f)
		s.back()
		made := len(portal.links())
		// The portal is slow enough for a second click to come before the first is
		// answered.
		portal.fail(map[string]any{"latency": "500ms", "times": 2})
		s.after("a double click", func() { s.click(button(f.button), 2) })
		s.onPortal(f)
		if n := len(portal.links()) - made; n != 1 && n != 2 {
			t.Errorf("links made by a double click = %d, want 1 or 2", n)
		}
		s.press(s.wayBack())
		s.home()
	})
}

func TestKeyboardGetsToThePortalAndBack(t *testing.T) {
	onDemo(t, func(t *testing.T, s site) {
		for _, f := range []feature{features[0], features[len(features)-1]} {
			s.tabTo(button(f.button))
			s.enter()
			s.onPortal(f)
			s.tabTo(link("Done"))
			s.enter()
			s.home()
		}
	})
}

func TestSettingsPageFitsAPhone(t *testing.T) {
	onSites(t, func(t *testing.T, s site) {
		s.phone()
		s.reload()
		s.home()
		s.fits()
		s.press(button(features[0].button))
		s.onPortal(features[0])
		s.fits()
	})
}

func TestSettingsPageIsAccessible(t *testing.T) {
	onSites(t, func(t *testing.T, s site) {
		for _, scheme := range []func(){s.light, s.dark} {
			scheme()
			s.reload()
			s.accessible()
		}
		s.press(button(features[0].button))
		s.press(link("Done"))
		for _, scheme := range []func(){s.light, s.dark} {
			scheme()
			s.accessible()
		}
	})
}
