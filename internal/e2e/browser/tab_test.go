package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A way is something to press: what it is and what it is called, to those who
// see the page and to those who hear it.
type way struct{ role, name string }

func button(name string) way { return way{"button", name} }
func link(name string) way   { return way{"link", name} }

func (w way) String() string { return fmt.Sprintf("%s %q", w.role, w.name) }

// open goes to an address as one who types it.
func (b *tab) open(address string) {
	b.t.Helper()
	b.after("opening "+shown(address), func() {
		if result := do(b, page.Navigate, page.NavigateParams{URL: address}); result.ErrorText != "" {
			b.t.Fatalf("open %s: %s", shown(address), result.ErrorText)
		}
	})
}

// reload, back and forward are the browser's own buttons.
func (b *tab) reload() {
	b.t.Helper()
	b.after("a reload", func() { do(b, page.Reload, page.ReloadParams{}) })
}

func (b *tab) back()    { b.t.Helper(); b.travel(-1) }
func (b *tab) forward() { b.t.Helper(); b.travel(+1) }

func (b *tab) travel(by int) {
	b.t.Helper()
	history := do(b, page.GetNavigationHistory, cdp.Empty{})
	to := int(history.CurrentIndex) + by
	if to < 0 || to >= len(history.Entries) {
		b.t.Fatalf("at %s there is no way %+d in the history", b.place(), by)
	}
	b.after(fmt.Sprintf("going %+d in the history", by), func() {
		do(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[to].ID})
	})
}

// after does something that leads to another page, and returns when that is there.
func (b *tab) after(what string, act func()) {
	b.t.Helper()
	b.mu.Lock()
	before := b.loads
	b.mu.Unlock()
	act()
	b.await("a page after "+what, func() bool { return b.loads > before })
	b.keep()
}

// await returns when what the watch has noted is enough.
func (b *tab) await(what string, enough func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		b.mu.Lock()
		done := enough()
		b.mu.Unlock()
		if done {
			return
		}
		select {
		case <-b.news:
		case <-ctx.Done():
			b.mu.Lock()
			complaints := strings.Join(b.complaints, "\n")
			b.mu.Unlock()
			b.t.Fatalf("waiting for %s at %s: %v\n%s", what, b.place(), ctx.Err(), complaints)
		}
	}
}

// press clicks on the one thing of that name.
func (b *tab) press(w way) {
	b.t.Helper()
	b.after("a click on "+w.String(), func() { b.click(w, 1) })
}

// click moves the mouse there and clicks, n times in a row.
func (b *tab) click(w way, n int) {
	b.t.Helper()
	node := b.find(w)
	do(b, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node})
	quads := do(b, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node}).Quads
	if len(quads) == 0 || len(quads[0]) != 8 {
		b.t.Fatalf("%s at %s is nowhere on the page", w, b.place())
	}
	q := quads[0]
	x, y := (q[0]+q[4])/2, (q[1]+q[5])/2
	mouse := func(kind input.DispatchMouseEventType, count int64) {
		do(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: count})
	}
	mouse(input.DispatchMouseEventTypeMouseMoved, 0)
	for i := range int64(n) {
		mouse(input.DispatchMouseEventTypeMousePressed, i+1)
		mouse(input.DispatchMouseEventTypeMouseReleased, i+1)
	}
}

// find returns the one node that has this role and this accessible name.
func (b *tab) find(w way) cdp.BackendNodeID {
	b.t.Helper()
	nodes := b.all(w)
	if len(nodes) != 1 {
		b.t.Fatalf("%s has %d × %s, want one; it has %s", b.place(), len(nodes), w, b.everything(w.role))
	}
	return nodes[0].BackendDOMNodeID
}

func (b *tab) has(w way) bool { b.t.Helper(); return len(b.all(w)) > 0 }

// all finds by role, and by name unless it is empty.
func (b *tab) all(w way) []*accessibility.Node {
	b.t.Helper()
	var seen []*accessibility.Node
	for _, n := range do(b, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		ObjectID: b.document(), Role: w.role, AccessibleName: w.name,
	}).Nodes {
		if !n.Ignored {
			seen = append(seen, n)
		}
	}
	return seen
}

// document is the page as an object.
func (b *tab) document() runtime.RemoteObjectID {
	b.t.Helper()
	return evaluate[*runtime.RemoteObject](b, "document").ObjectID
}

func (b *tab) everything(role string) string {
	b.t.Helper()
	var names []string
	for _, n := range b.all(way{role: role}) {
		names = append(names, fmt.Sprintf("%q", said(n.Name)))
	}
	return role + "s " + strings.Join(names, ", ")
}

// said is a name or a role as it is read out.
func said(v *accessibility.Value) string {
	var s string
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // what is no string is not said
	}
	return s
}

// tabTo presses the Tab key until the focus is there.
func (b *tab) tabTo(w way) {
	b.t.Helper()
	var passed []string
	for range 100 {
		b.key("\t")
		role, name := b.focused()
		if role == w.role && name == w.name {
			if !evaluate[bool](b, focusIsSeen) {
				b.t.Errorf("%s has the focus, and nothing shows it", w)
			}
			return
		}
		passed = append(passed, role+" "+name)
	}
	b.t.Fatalf("the Tab key does not get to %s at %s; it passes %s", w, b.place(), strings.Join(passed, ", "))
}

const focusIsSeen = `(() => {
	const style = getComputedStyle(document.activeElement);
	return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
})()`

// enter presses the Enter key, which leads to another page.
func (b *tab) enter() {
	b.t.Helper()
	b.after("the Enter key", func() { b.key("\r") })
}

func (b *tab) key(keys string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.KeyEvent(keys)); err != nil {
		b.t.Fatalf("press a key at %s: %v", b.place(), err)
	}
}

// focused is what the keyboard would act on.
func (b *tab) focused() (role, name string) {
	b.t.Helper()
	object := evaluate[*runtime.RemoteObject](b, "document.activeElement")
	no := false
	nodes := do(b, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object.ObjectID, FetchRelatives: &no}).Nodes
	if len(nodes) == 0 {
		return "", ""
	}
	return said(nodes[0].Role), said(nodes[0].Name)
}

// What a page says.

func (b *tab) title() string { b.t.Helper(); return b.entry().Title }

func (b *tab) entry() *page.NavigationEntry {
	b.t.Helper()
	history := do(b, page.GetNavigationHistory, cdp.Empty{})
	return history.Entries[history.CurrentIndex]
}

// address is that of the page.
func (b *tab) address() *url.URL {
	b.t.Helper()
	u, err := url.Parse(b.entry().URL)
	if err != nil {
		b.t.Fatal("the page's address is none")
	}
	return u
}

// text is what there is to read.
func (b *tab) text() string {
	b.t.Helper()
	return evaluate[string](b, "document.body.innerText")
}

func (b *tab) says(parts ...string) {
	b.t.Helper()
	text := b.text()
	for _, part := range parts {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			b.t.Errorf("%s does not say %q; it says:\n%s", b.place(), part, text)
		}
	}
}

// Held against every page.

// fits holds a page to a phone's width.
func (b *tab) fits() {
	b.t.Helper()
	type widths struct{ Scroll, Inner float64 }
	w := evaluate[widths](b, "({Scroll: document.documentElement.scrollWidth, Inner: innerWidth})")
	if w.Inner != phoneWidth || w.Scroll > phoneWidth {
		b.t.Errorf("%s scrolls sideways on a phone: it is %v wide, and the view %v of %d", b.place(), w.Scroll, w.Inner, phoneWidth)
	}
}
