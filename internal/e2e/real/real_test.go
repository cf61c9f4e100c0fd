package real

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/httprate"
	"github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/middleware/stdlib"
	"github.com/ulule/limiter/v3/drivers/store/memory"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/internal/require"
)

const (
	limit  = 5 // requests
	window = 3 * time.Second
	calls  = 30
	atOnce = 5 // goroutines
)

// A promise is what a server lets the client keep. The zero value is the usual one: at most
// one refusal, and as many windows as the calls need.
type promise struct {
	windows int
	refused int
	late    time.Duration // by which the server's reset is after the true one
	after   time.Duration // if not windows: when there is budget for all
}

var promises = map[string]promise{
	// 1000 a minute, of which the script has spent all but 5.
	"WorkOS's emulator": {after: 10 * time.Second},
	// Epoch seconds rounded up, and the next window begins with the first call of it.
	"express-rate-limit legacy": {late: time.Second},
	// Exact, but the answer's own Date, against which it counts, is cut to the second.
	"koa-ratelimit": {late: time.Second},
	// Whole seconds, rounded up, and each request counts for a window of its own.
	"@nestjs/throttler": {late: time.Second},
	// A sliding window: at the reset nothing is free yet, and who asks then is told to wait
	// for another window, after which all is free.
	"go-chi/httprate": {windows: 10, refused: 6},
}

// A client that reads what a server says of its budget is refused at most once, fails no
// call, and takes at most a window more than the server makes it.
func TestThirtyCalls(t *testing.T) {
	var servers map[string]string // an address, that of the emulator followed by a key and an organization
	startNode(t, "servers.mjs", &servers, fmt.Sprint("LIMIT=", limit), fmt.Sprint("WINDOW=", window.Milliseconds()))
	for name, protect := range limiters(t) {
		srv := httptest.NewServer(protect(http.HandlerFunc(serveLink)))
		t.Cleanup(srv.Close)
		servers[name] = srv.URL
	}
	// Shortly after a full second. Where a reset is cut to the second and the windows begin late
	// in one, it is told up to a second early, and each window costs a refusal.
	now := time.Now()
	time.Sleep(now.Truncate(time.Second).Add(1100 * time.Millisecond).Sub(now))
	// All at once, since they do nothing but wait. (t.Parallel has two at once on two cores.)
	var all sync.WaitGroup
	results := map[string]*result{}
	for name, address := range servers {
		r := new(result)
		results[name] = r
		all.Go(func() { r.run(t.Context(), address) })
	}
	all.Wait()
	for name, r := range results {
		t.Run(name, func(t *testing.T) { r.judge(t, promises[name]) })
	}
}

// A result is what came of thirty calls.
type result struct {
	refused atomic.Int32
	took    time.Duration
	mu      sync.Mutex
	failed  []error
}

// run calls the server at an address, which a key and an organization may follow.
func (r *result) run(ctx context.Context, address string) {
	where := append(strings.Fields(address), "sk_test_any", "org_any")
	portal, err := client.New(where[1],
		client.WithBaseURL(where[0]),
		client.WithDialect(client.DialectGenerateLink),
		client.WithObserver(func(_ context.Context, a client.Attempt) {
			if a.StatusCode == http.StatusTooManyRequests {
				r.refused.Add(1)
			}
		}))
	if err != nil {
		r.failed = append(r.failed, err)
		return
	}
	began := time.Now()
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for range calls / atOnce {
				_, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: where[2], Intent: client.IntentSSO})
				if err != nil {
					r.mu.Lock()
					r.failed = append(r.failed, err)
					r.mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	r.took = time.Since(began)
}

func (r *result) judge(t *testing.T, p promise) {
	t.Helper()
	n := p.windows
	if n == 0 && p.after == 0 {
		n = calls/limit - 1
	}
	ideal := max(p.after, time.Duration(n)*(window+p.late))
	t.Logf("%d of %d refused, %d failed, %v for an ideal of %v", r.refused.Load(), calls, len(r.failed), r.took.Round(time.Millisecond), ideal)
	if got, want := int(r.refused.Load()), max(p.refused, 1); got > want {
		t.Errorf("%d of %d calls were refused, want at most %d", got, calls, want)
	}
	if len(r.failed) > 0 {
		t.Errorf("%d of %d calls failed, the first with %v", len(r.failed), calls, r.failed[0])
	}
	if r.took > ideal+window {
		t.Errorf("%d calls took %v, want at most %v", calls, r.took, ideal+window)
	}
}

func serveLink(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"link":"https://setup.workos.com?token=example"}`)
}

// limiters are those in Go, each as its README has it.
func limiters(t *testing.T) map[string]func(http.Handler) http.Handler {
	t.Helper()
	store := must(memorystore.New(&memorystore.Config{Tokens: limit, Interval: window}))
	t.Cleanup(func() { _ = store.Close(context.Background()) })
	sethvargo := must(httplimit.NewMiddleware(store, httplimit.IPKeyFunc()))
	return map[string]func(http.Handler) http.Handler{
		"sethvargo/go-limiter": sethvargo.Handle,
		"ulule/limiter":        stdlib.NewMiddleware(limiter.New(memory.NewStore(), limiter.Rate{Period: window, Limit: limit})).Handler,
		//lint:ignore SA1019 the form that most services use
		"go-chi/httprate": httprate.LimitByIP(limit, window),
	}
}

// startNode starts a script of testdata that serves until its input ends, and reads into says the line of JSON that it prints.
func startNode(t *testing.T, name string, says any, env ...string) {
	t.Helper()
	node, module := require.Tool(t, "node", "nodejs npm"), require.Module(t, "workos")
	script := must(os.ReadFile(filepath.Join("testdata", name)))
	cmd := exec.Command(node, "--input-type=module", "--eval", string(script))
	cmd.Dir = filepath.Dir(module) // where Node looks for packages
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = t.Output()
	stdin := must(cmd.StdinPipe())
	stdout := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // ends the script
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, says) != nil {
		t.Fatalf("%s did not start: it said %q, %v", name, line, err)
	}
}

// must returns v, and panics on an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
