package browser

import (
	"strings"
	"testing"
)

// Each way in which the demo's sandbox can fail leads the person to a page that says
// so and has a way back, and the settings page then says what happened.
func TestDemoShowsEachFailure(t *testing.T) {
	t.Parallel()
	s := visitDemo(t)
	for _, f := range []struct{ fault, meets string }{
		{"The link expires", "This link has expired"},
		{"429", "Many people are here right now"},
		{"500, every time", "The admin portal does not answer"},
		{"404", "Your organization is not connected yet"},
		{"500, at first", "Configure Single Sign-On"}, // nobody notices
		{"Nothing", "Configure Single Sign-On"},
	} {
		s.choose(f.fault)
		s.press(button("Apply"))
		s.home()
		s.press(button("Configure SSO"))
		if !s.has(way{"heading", f.meets}) {
			t.Errorf("%s: the person is on %s with %s, want %q", f.fault, s.place(), s.everything("heading"), f.meets)
		}
		s.press(s.wayBack())
		s.home()
	}
	s.inEveryLight() // with all that happened
}

// choose clicks on the radio button whose name starts so.
func (b *tab) choose(start string) {
	b.t.Helper()
	for _, n := range b.all(way{role: "radio"}) {
		if name := said(n.Name); strings.HasPrefix(name, start) {
			b.click(way{"radio", name}, 1)
			return
		}
	}
	b.t.Fatalf("%s has no radio button %q; it has %s", b.place(), start, b.everything("radio"))
}

// Who switches to another organization gets to that one's portal.
func TestDemoSwitchesOrganizations(t *testing.T) {
	t.Parallel()
	s := visitDemo(t)
	f := features[0]
	s.press(button("Globex"))
	s.home()
	s.press(button(f.button))
	s.onPortal(f)
	s.says("Globex")
	s.press(s.wayBack())
	s.home()
	s.press(button("Acme"))
	s.press(button(f.button))
	s.onPortal(f)
	s.says("Acme")
}
