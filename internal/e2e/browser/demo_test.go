package browser

import (
	"bytes"
	"flag"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/internal/demo/demotest"
)

// A visit is a person on the demo's settings page.
type visit struct {
	*tab
	*demotest.World
}

func visitDemo(t *testing.T) visit {
	t.Helper()
	v := visit{newTab(t), demotest.New(t)} // in this order: without a browser there is no need for the rest
	v.open(v.Site)
	return v
}

// wayBack is how the portal and pages of failures call the link back to the demo.
func (v visit) wayBack() way { return link("Back to " + strings.TrimPrefix(v.Site, "http://")) }

// home checks that the person is on the settings page.
func (v visit) home() {
	v.t.Helper()
	if at := v.address(); v.Site+"/settings" != "http://"+at.Host+at.Path {
		v.t.Fatalf("the person is at %s, want the settings page", at.Path)
	}
	v.find(heading("Sign-in and security"))
}

// choose has the sandbox fail in a way whose name starts so.
func (v visit) choose(start string) {
	v.t.Helper()
	v.do("choose "+start, v.click(v.named("radio", start)))
	v.press(button("Apply"))
	v.home()
}

// features are those with a button on a settings page, and the titles of their pages in the portal.
var features = []struct{ name, button, portal string }{
	{"Single sign-on", "Configure SSO", "Configure Single Sign-On"},
	{"Directory Sync", "Configure Directory Sync", "Configure Directory Sync"},
	{"Audit Logs", "Configure Audit Logs", "Audit Logs"},
	{"Log Streams", "Configure Log Streams", "Configure Log Streams"},
}

func TestEveryButtonLeadsToThePortalAndBack(t *testing.T) {
	v := visitDemo(t)
	v.until(`[...document.images].every(i => i.complete)`)
	if n := evaluate[int](v.tab, `document.querySelectorAll("main img").length`); n != 12 {
		t.Errorf("icons of providers = %d, want 12", n)
	}
	if bad := evaluate[[]string](v.tab, `[...document.images].filter(i => !i.naturalWidth || !i.getAttribute("width") || !i.getAttribute("height")).map(i => i.src)`); len(bad) > 0 {
		t.Errorf("icons that do not load, or move the page when they do: %q", bad)
	}
	v.judge()
	for _, f := range features {
		for _, out := range []struct {
			link way
			says []string
		}{
			{v.wayBack(), []string{f.name + ": not finished.", "came back by the return_url"}},
			{link("Done"), []string{f.name + ": done.", "came back by the success_url"}},
		} {
			v.press(button(f.button))
			v.find(heading(f.portal))
			v.says("Acme")
			v.press(out.link)
			v.home()
			v.says(out.says...)
		}
	}
	v.press(button("Globex"))
	v.home()
	v.press(button("Configure SSO"))
	v.says("Globex")
	v.press(link("Done"))
	v.says("For the administrators of Globex", "Life left")
	v.judge()

	// The life of the link counts down on the page.
	before := evaluate[string](v.tab, `document.querySelector("time").innerText`)
	v.until(`document.querySelector("time").innerText !== "` + before + `"`)
}

func TestKeyboardGetsToThePortalAndBack(t *testing.T) {
	v := visitDemo(t)
	v.tabTo(link("Skip to the settings"))
	v.enter(button("Configure Log Streams"))
	v.find(heading("Configure Log Streams"))
	v.enter(link("Done"))
	v.home()
	v.says("Log Streams: done.")
}

func TestButtonWorksWithoutScripts(t *testing.T) {
	v := visitDemo(t)
	call(v.tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	v.reload()
	v.press(button("Configure SSO"))
	v.press(link("Done"))
	v.home()
	v.says("Single sign-on: done.", "Life left: 9 min")
}

func TestBackButtonMakesNoLink(t *testing.T) {
	v := visitDemo(t)
	v.press(button("Configure Audit Logs"))
	v.back()
	v.home()
	v.reload()
	v.home()
	v.forward()
	v.find(heading("Audit Logs"))
	v.back()
	v.home()
	if n := len(v.Sandbox.Links()); n != 1 {
		t.Errorf("links after back, reload, forward and back = %d, want 1", n)
	}
}

func TestDoubleClickIsNoError(t *testing.T) {
	v := visitDemo(t)
	// The second click comes before the first is answered.
	v.Sandbox.Fail(portaltest.Fault{Operation: portaltest.OperationGeneratePortalLink, Latency: 300 * time.Millisecond, Times: 2})
	click := v.click(button("Configure SSO"))
	v.leads("a double click", click, click)
	v.find(heading("Configure Single Sign-On"))
	v.press(link("Done"))
	v.home()
}

// Each way in which the sandbox can fail leads to a page that says so and leads back.
func TestFailures(t *testing.T) {
	v := visitDemo(t)
	v.find(way{"group", "What goes wrong"})
	for i, f := range []struct{ fault, heading string }{
		{"The link expires", "This link has expired"},
		{"429", "Many people are here right now"},
		{"500, every time", "The admin portal does not answer"},
		{"404", "Your organization is not connected yet"},
		{"500, at first", "Configure Single Sign-On"}, // nobody notices
		{"Nothing", "Configure Single Sign-On"},
	} {
		v.choose(f.fault)
		v.press(button("Configure SSO"))
		v.find(heading(f.heading))
		if i < 4 { // the others are on the portal, see TestPortalPages
			v.judge()
		}
		v.press(v.wayBack())
		v.home()
	}
	v.judge() // with all that happened
}

// What is refused has a page too.
func TestRefusals(t *testing.T) {
	v := visitDemo(t)
	// A page of another site that presses the demo's button.
	theirs := `<!doctype html><html lang="en"><meta charset="utf-8"><title>Win</title><link rel="icon" href="data:,">` +
		`<form method="post" action="` + v.Site + `/configure/sso"><button>Win</button></form>`
	evil := serve(t, func(string) string { return theirs })
	for _, c := range []struct {
		heading string
		get     func()
	}{
		{"The portal opens with its button", func() { v.open(v.Site + "/configure/sso") }},
		{"There is nothing here", func() { v.open(v.Site + "/elsewhere") }},
		{"Start from the settings page", func() { v.open(evil); v.press(button("Win")) }},
		{"Start from the settings page", func() { v.open("data:text/html," + url.PathEscape(theirs)); v.press(button("Win")) }},
		{"You are signed out", func() {
			v.open(v.Site)
			call(v.tab, network.ClearBrowserCookies, cdp.Empty{})
			v.press(button("Configure SSO"))
		}},
	} {
		c.get()
		v.find(heading(c.heading))
		v.judge()
		v.press(v.wayBack())
		v.home()
	}
	if n := len(v.Sandbox.Links()); n > 0 {
		t.Errorf("links made = %d, want none", n)
	}
}

var picturesDir = flag.String("pictures", "", "the folder to write the README's pictures to; by default they are only looked at")

// The README shows the settings page in light and in dark colors.
func TestPictures(t *testing.T) {
	v := visitDemo(t)
	for scheme, bright := range map[string]bool{"light": true, "dark": false} {
		v.desk(scheme)
		v.reload() // with the icons of that scheme
		picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		corner := color.GrayModel.Convert(decoded.At(5, 5)).(color.Gray)
		if width := decoded.Bounds().Dx(); width != deskWidth || (corner.Y > 0x80) != bright {
			t.Errorf("picture in %s colors is %d wide, its corner %d bright", scheme, width, corner.Y)
		}
		if *picturesDir != "" {
			if err := os.WriteFile(filepath.Join(*picturesDir, "settings-"+scheme+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
