package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/adminportal-go/adminportal/internal/require"
)

// patience is what a step may take on a machine that has other things to do. A step
// takes milliseconds; what reaches this hangs.
const patience = 90 * time.Second

// scratch is where everything that the tests build or that the browser writes is.
var scratch string

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "browser"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		code := m.Run()
		chromium.stop()
		// The browser's helpers may outlive it by a moment, and write.
		for deadline := time.Now().Add(patience); ; {
			if err = os.RemoveAll(scratch); err == nil || time.Now().After(deadline) {
				break
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}()
	os.Exit(code)
}

// chromium is the one process of all tests, started by the first that needs it.
var chromium process

type process struct {
	mu    sync.Mutex
	ctx   context.Context // chromedp's handle on the process and its first tab
	end   []context.CancelFunc
	err   error
	seats []*seat // that nobody uses
}

// A seat is a tab with a profile of its own. To make a profile is slow, and to empty
// one is not: tests take turns.
type seat struct {
	ctx context.Context // chromedp's handle on the tab
	end context.CancelFunc

	mu   sync.Mutex
	note func(any) // of the test that sits there
}

func (s *seat) hear(event any) {
	s.mu.Lock()
	note := s.note
	s.mu.Unlock()
	if note != nil {
		note(event)
	}
}

func (s *seat) tell(note func(any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note = note
}

// sit returns a seat, free or new.
func (p *process) sit(t testing.TB) *seat {
	t.Helper()
	path := require.Tool(t, "chromium", "chromium")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil {
		p.err = p.launch(path)
	}
	if p.err != nil {
		t.Fatalf("start chromium: %v", p.err)
	}
	if n := len(p.seats); n > 0 {
		s := p.seats[n-1]
		p.seats = p.seats[:n-1]
		return s
	}
	s := new(seat)
	s.ctx, s.end = chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(s.hear))
	if err := chromedp.Do(s.ctx); err != nil { // the tab lives as long as s.ctx
		t.Fatalf("open a tab: %v", err)
	}
	return s
}

// leave gives a seat back, or away with what a failed test has left in it.
func (p *process) leave(s *seat, failed bool) {
	s.tell(nil)
	if failed {
		s.end()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seats = append(p.seats, s)
}

func (p *process) launch(path string) error {
	home := filepath.Join(scratch, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // which a container forbids, and root
		chromedp.UserDataDir(filepath.Join(home, "profile")),
		chromedp.Env("HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "TZ=UTC", "LANG=C.UTF-8", "LANGUAGE=en"),
		chromedp.Flag("lang", "en-US"),
		// Whatever a page asks for elsewhere is noted and gets nowhere, and the
		// browser asks for nothing of its own.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("dns-prefetch-disable", true),
		// Nor does it start processes ahead of need, or keep pages that were left: what
		// is gone back to is asked for anew.
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,InterestFeedContentSuggestions,AutofillServerCommunication,"+
			"SpareRendererForSitePerProcess,BackForwardCache"),
		// A click right after a page is there counts, painted or not.
		chromedp.Flag("allow-pre-commit-input", true),
		// Pictures are the same on every machine.
		chromedp.DisableGPU,
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-device-scale-factor", "1"),
	)
	ctx, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endBrowser := chromedp.NewContext(ctx)
	p.ctx, p.end = ctx, []context.CancelFunc{endBrowser, endAllocator}
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }() // the browser lives as long as ctx
	select {
	case err := <-started:
		return err
	case <-time.After(patience):
		return errors.New("no answer")
	}
}

func (p *process) stop() {
	for _, s := range p.seats {
		s.end()
	}
	for _, end := range p.end {
		end()
	}
}

// A tab is a person's browser with nothing in it, and what it has done.
type tab struct {
	t   testing.TB
	ctx context.Context // chromedp's handle on the tab
	watch
}

// newTab opens a tab, as wide as a desk's, light, with scripts. It is closed with
// the test, which fails for what the tab did and must not.
func newTab(t testing.TB) *tab {
	t.Helper()
	s := chromium.sit(t)
	b := &tab{t: t, ctx: s.ctx}
	b.news = make(chan struct{}, 1)
	t.Cleanup(func() {
		defer func() { chromium.leave(s, t.Failed()) }()
		b.confess()
	})
	b.empty()
	s.tell(b.note)
	do(b, network.Enable, network.EnableParams{})
	do(b, page.SetLifecycleEventsEnabled, page.SetLifecycleEventsEnabledParams{Enabled: true})
	do(b, log.Enable, cdp.Empty{})
	do(b, audits.Enable, cdp.Empty{})
	return b
}

// empty leaves nothing of whoever sat there before.
func (b *tab) empty() {
	b.t.Helper()
	do(b, audits.Disable, cdp.Empty{})
	do(b, log.Disable, cdp.Empty{})
	do(b, log.Clear, cdp.Empty{})
	do(b, fetch.Disable, cdp.Empty{})
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank")); err != nil {
		b.t.Fatalf("empty a tab: %v", err)
	}
	do(b, page.ResetNavigationHistory, cdp.Empty{})
	do(b, network.ClearBrowserCookies, cdp.Empty{})
	do(b, network.ClearBrowserCache, cdp.Empty{})
	do(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
	do(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.desk()
	b.light()
}

// do sends a command to the tab.
func do[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s at %s: %v", command.Method, b.place(), err)
	}
	return result
}

// evaluate runs an expression as the developer's tools do, whatever the page's
// policy, and waits for what it promises.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %.200s at %s: %v", expression, b.place(), err)
	}
	return result
}

// Sizes and colours.

const phoneWidth = 375

func (b *tab) desk() { b.size(1200, 900, 1, false) }

// phone is as narrow as phones get.
func (b *tab) phone() { b.size(phoneWidth, 812, 2, true) }

func (b *tab) size(width, height int64, scale float64, mobile bool) {
	b.t.Helper()
	do(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: scale, Mobile: mobile,
	})
}

func (b *tab) light() { b.scheme("light") }
func (b *tab) dark()  { b.scheme("dark") }

func (b *tab) scheme(name string) {
	b.t.Helper()
	do(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// scriptless is for those who have switched scripts off.
func (b *tab) scriptless() {
	b.t.Helper()
	do(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}
