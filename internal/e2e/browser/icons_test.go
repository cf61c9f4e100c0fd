package browser

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// Pictures come after the page: where they were is where everything stays.
func TestIconsMoveNothing(t *testing.T) {
	onDemo(t, func(t *testing.T, s site) {
		for s.icons() == 0 { // until the catalog has been fetched
			s.reload()
		}
		do(s.tab, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		do(s.tab, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{ResourceType: network.ResourceTypeImage}}})
		s.after("a reload with pictures held back", func() {
			do(s.tab, page.Reload, page.ReloadParams{})
			s.await("a page without its pictures", func() bool { return s.painted && s.held > 0 })
			before := evaluate[string](s.tab, places)
			if n := evaluate[int](s.tab, loaded); n != 0 {
				t.Errorf("pictures loaded = %d while they are held back", n)
			}
			do(s.tab, fetch.Disable, cdp.Empty{})
			s.await("the pictures", func() bool { return s.whole })
			if n := evaluate[int](s.tab, loaded); n < 10 {
				t.Errorf("pictures loaded = %d, want all providers'", n)
			}
			if after := evaluate[string](s.tab, places); after != before {
				t.Errorf("what is on the page has moved when the icons came:\n%s\n%s", before, after)
			}
		})
		do(s.tab, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: false})
		if n := evaluate[int](s.tab, `[...document.images].filter(i => !i.width || !i.getAttribute("width") || !i.getAttribute("height")).length`); n != 0 {
			t.Errorf("pictures without a size = %d, want none", n)
		}
	})
}

const (
	places = `JSON.stringify([...document.querySelectorAll("body *")].map(e => {
		const r = e.getBoundingClientRect();
		return [e.tagName, r.x, r.y, r.width, r.height];
	}))`
	loaded = `[...document.images].filter(i => i.complete && i.naturalWidth > 0).length`
)

// icons counts the pictures of providers.
func (b *tab) icons() int {
	b.t.Helper()
	return evaluate[int](b, `document.querySelectorAll("main img").length`)
}
