package button

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/adminportal-go/adminportal/internal/require"
)

// patience is what a step may take on a busy machine. A step takes milliseconds; what reaches this hangs.
const patience = 60 * time.Second

// chromium is the one process of all tests, started by the first that needs it.
var chromium struct {
	once  sync.Once
	ctx   context.Context
	close context.CancelFunc
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.close != nil {
		chromium.close()
	}
	os.Exit(code)
}

// A tab is a browser of one test, with a profile of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T) *tab {
	t.Helper()
	path := require.Tool(t, "chromium", "chromium")
	chromium.once.Do(func() {
		ctx, closeAll := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.NoSandbox, // containers and root do not allow it
			chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		)...)
		ctx, _ = chromedp.NewContext(ctx) // ends with closeAll
		chromium.ctx, chromium.close, chromium.err = ctx, closeAll, chromedp.Do(ctx)
	})
	if chromium.err != nil {
		t.Fatalf("start chromium: %v", chromium.err)
	}
	ctx, closeTab := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as ctx
		t.Fatalf("open a tab: %v", err)
	}
	return &tab{t, ctx}
}

// do fails the test if the step does not end well, with what the page shows then.
func (b *tab) do(what string, step chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, step)
	if err == nil {
		return
	}
	ctx, cancel = context.WithTimeout(b.ctx, patience)
	defer cancel()
	shown, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.outerHTML`)) // to help only
	b.t.Fatalf("%s: %v; the page is\n%s", what, err, shown)
}
