package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/adminportal-go/adminportal/internal/loopback"
	"github.com/adminportal-go/adminportal/internal/require"
)

// patience bounds a step in the browser. A step takes milliseconds: one that takes this long hangs.
const patience = time.Minute

// chromium is the one browser of all tests. The first test that opens a tab starts it.
var chromium struct {
	ctx   context.Context // chromedp's handle on the browser and its first tab
	start func() error
}

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.Env("HOME="+home),
		chromedp.NoSandbox, // which root and most containers cannot have
		chromedp.DisableGPU,
		// The browser asks for nothing of its own, and pages get nothing from elsewhere.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		// A page that is gone back to is asked for again.
		chromedp.Flag("disable-features", "Translate,BackForwardCache,SpareRendererForSitePerProcess"),
		// A click counts as soon as the page is there, painted or not.
		chromedp.Flag("allow-pre-commit-input", true),
		// Pictures are the same on every machine.
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("hide-scrollbars", true),
	)...)
	chromium.ctx, _ = chromedp.NewContext(allocator)
	chromium.start = sync.OnceValue(func() error { return chromedp.Do(chromium.ctx) })
	code := m.Run()
	stop() // the browser, and with it every tab
	_ = os.RemoveAll(home)
	os.Exit(code)
}

// A tab is a person with a browser.
type tab struct {
	t   *testing.T
	ctx context.Context // chromedp's handle on the tab
}

// A hearing is of what pages in a tab do that none may do. The test fails with its complaints at the end.
type hearing struct {
	mu         sync.Mutex
	pages      map[network.RequestID]bool // requests for pages, and not for what is on them
	complaints []string
}

// openTab opens a tab that does not mind what its pages do.
func openTab(t *testing.T, options ...chromedp.ContextOption) *tab {
	t.Helper()
	require.Tool(t, "chromium", "chromium")
	if err := chromium.start(); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	ctx, end := chromedp.NewContext(chromium.ctx, options...)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as ctx
		t.Fatalf("open a tab: %v", err)
	}
	return &tab{t: t, ctx: ctx}
}

// newTab opens a tab that minds: as wide as a desk's, in light colors, with scripts.
func newTab(t *testing.T) *tab {
	t.Helper()
	h := &hearing{pages: map[network.RequestID]bool{}}
	b := openTab(t, chromedp.WithListener(h.hear))
	t.Cleanup(func() {
		evaluate[bool](b, "true") // after what the browser has to say
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, c := range h.complaints {
			t.Error(c)
		}
	})
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, audits.Enable, cdp.Empty{})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.desk("light")
	return b
}

// hear runs where the tab's messages are read: it may send none.
func (h *hearing) hear(event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	complain := func(format string, args ...any) { h.complaints = append(h.complaints, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		h.pages[e.RequestID] = e.Type == network.ResourceTypeDocument
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && !loopback.Is(u.Hostname()) {
			complain("a page asks another host: %s", u.Hostname())
		}
	case *network.EventRequestWillBeSentExtraInfo:
		if referer := fmt.Sprint(e.Headers["Referer"]); strings.Contains(referer, "secret=") {
			complain("a Referer gives a link away")
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			complain("a page's console has an %s", e.Type)
		}
	case *runtime.EventExceptionThrown:
		complain("a page's script fails: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !h.pages[e.Entry.NetworkRequestID] { // a page may be a 403
			complain("the browser complains: %s: %s", e.Entry.Source, e.Entry.Text)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code != audits.InspectorIssueCodeCookieIssue { // it kept a SameSite cookie from another site
			complain("the browser finds an issue: %s", e.Issue.Code)
		}
	}
}

// try does something in the tab, for as long as patience lasts, and returns its result.
func try[R any](b *tab, what string, f func(context.Context) (R, error)) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := f(ctx)
	if err != nil {
		b.t.Fatalf("%.200s: %v", what, err)
	}
	return result
}

// do runs steps in the tab.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	try(b, what, func(ctx context.Context) (bool, error) { return true, chromedp.Do(ctx, steps...) })
}

// call sends a command to the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	return try(b, string(command.Method), func(ctx context.Context) (R, error) { return chromedp.Call(ctx, command, params) })
}

// evaluate runs a script as the developer's tools do, whatever the page's policy, and waits for what it promises.
func evaluate[T any](b *tab, script string) T {
	b.t.Helper()
	return try(b, "evaluate "+script, func(ctx context.Context) (T, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	})
}

// until waits for what an expression says of the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	evaluate[bool](b, `new Promise(done => { const look = () => (`+expression+`) ? done(true) : setTimeout(look, 10); look(); })`)
}

// Going to pages.

func (b *tab) open(address string) { b.t.Helper(); b.do("open a page", chromedp.Navigate(address)) }
func (b *tab) reload()             { b.t.Helper(); b.do("reload", chromedp.Reload()) }
func (b *tab) back()               { b.t.Helper(); b.do("go back", chromedp.NavigateBack()) }
func (b *tab) forward()            { b.t.Helper(); b.do("go forward", chromedp.NavigateForward()) }

// leads runs steps that lead to another page, and returns when it is there.
func (b *tab) leads(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	try(b, what+" leads nowhere", func(ctx context.Context) (page.EventLoadEventFired, error) {
		return chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Steps(steps...)))
	})
}

// press clicks on something that leads to another page.
func (b *tab) press(w way) {
	b.t.Helper()
	b.leads("press "+w.String(), b.click(w))
}

// enter presses the Enter key on something that the Tab key gets to.
func (b *tab) enter(w way) {
	b.t.Helper()
	b.tabTo(w)
	b.leads("press Enter on "+w.String(), chromedp.KeyEvent("\r"))
}

// click returns a click of the mouse on something.
func (b *tab) click(w way) chromedp.Action[chromedp.Void] {
	b.t.Helper()
	node := b.find(w)
	call(b, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node})
	quads := call(b, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node}).Quads
	if len(quads) == 0 || len(quads[0]) != 8 {
		b.t.Fatalf("%s is nowhere on the page", w)
	}
	q := quads[0]
	return chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2)
}

// tabTo presses the Tab key until something has the focus, and shows it.
func (b *tab) tabTo(w way) {
	b.t.Helper()
	var passed []way
	for range 60 {
		b.do("press Tab", chromedp.KeyEvent("\t"))
		focus := evaluate[*runtime.RemoteObject](b, "document.activeElement")
		no := false
		for _, n := range call(b, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: focus.ObjectID, FetchRelatives: &no}).Nodes {
			passed = append(passed, way{said(n.Role), said(n.Name)})
		}
		if len(passed) > 0 && passed[len(passed)-1] == w {
			if !evaluate[bool](b, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				b.t.Errorf("%s has the focus, and nothing shows it", w)
			}
			return
		}
	}
	b.t.Fatalf("the Tab key does not get to %s; it gets to %s", w, passed)
}

// Finding things.

// A way is something on a page, to those who see the page and to those who hear it.
type way struct{ role, name string }

func button(name string) way  { return way{"button", name} }
func link(name string) way    { return way{"link", name} }
func heading(name string) way { return way{"heading", name} }

func (w way) String() string { return fmt.Sprintf("%s %q", w.role, w.name) }

// find returns the one node that has this role and this accessible name.
func (b *tab) find(w way) cdp.BackendNodeID {
	b.t.Helper()
	named := b.all(w)
	if len(named) != 1 {
		var names []string
		for _, n := range b.all(way{role: w.role}) {
			names = append(names, said(n.Name))
		}
		b.t.Fatalf("%s has %d × %s, want one; it has %q", b.address().Path, len(named), w, names)
	}
	return named[0].BackendDOMNodeID
}

// all finds by role, and by name unless it is empty.
func (b *tab) all(w way) []*accessibility.Node {
	b.t.Helper()
	document := evaluate[*runtime.RemoteObject](b, "document").ObjectID
	nodes := call(b, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: document, Role: w.role, AccessibleName: w.name}).Nodes
	return slices.DeleteFunc(nodes, func(n *accessibility.Node) bool { return n.Ignored })
}

// named returns the one whose name starts so.
func (b *tab) named(role, start string) way {
	b.t.Helper()
	for _, n := range b.all(way{role: role}) {
		if name := said(n.Name); strings.HasPrefix(name, start) {
			return way{role, name}
		}
	}
	b.t.Fatalf("%s has no %s %q", b.address().Path, role, start)
	return way{}
}

// said is a role or a name as it is read out.
func said(v *accessibility.Value) string {
	var s string
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // what is not a string is not read out
	}
	return s
}

// address is that of the page.
func (b *tab) address() *url.URL {
	b.t.Helper()
	u, err := url.Parse(evaluate[string](b, "location.href"))
	if err != nil {
		b.t.Fatal("the page's address is not one")
	}
	return u
}

// says checks that the page has these texts, in any case.
func (b *tab) says(parts ...string) {
	b.t.Helper()
	text := evaluate[string](b, "document.body.innerText")
	for _, part := range parts {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			b.t.Errorf("%s does not say %q; it says:\n%s", b.address().Path, part, text)
		}
	}
}

// Sizes and colors.

const deskWidth, phoneWidth = 1200, 375

func (b *tab) desk(scheme string)  { b.t.Helper(); b.view(deskWidth, 900, 1, false, scheme) }
func (b *tab) phone(scheme string) { b.t.Helper(); b.view(phoneWidth, 812, 2, true, scheme) }

func (b *tab) view(width, height int64, scale float64, mobile bool, scheme string) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale, Mobile: mobile})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
