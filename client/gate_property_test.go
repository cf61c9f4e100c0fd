package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A world is a server with one kind of budget and one way to tell of it, and its callers.
type world struct {
	kind      string // how it counts: "fixed", "sliding" or "bucket"
	telling   string // what its headers are: "delta", "cut", "epoch", "refusals" (on a 429 alone), "none"
	limit     int
	window    time.Duration
	latency   time.Duration
	skew      time.Duration // of its clock
	callers   int
	calls     int
	saysLimit bool

	mu      sync.Mutex
	began   time.Time
	served  []time.Time
	refused []time.Time
	tokens  float64
	filled  time.Time
}

func drawWorld(r *rand.Rand) *world {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	w := &world{
		kind:      pick("fixed", "sliding", "bucket"),
		telling:   pick("delta", "delta", "cut", "epoch", "epoch", "refusals", "none"),
		limit:     5 + r.IntN(60),
		window:    time.Duration(1+r.IntN(30)) * time.Second,
		latency:   time.Duration(1+r.IntN(100)) * time.Millisecond,
		skew:      time.Duration(r.IntN(7200)-3600) * time.Second,
		callers:   1 + r.IntN(32),
		saysLimit: r.IntN(2) == 0,
	}
	w.calls = 5 * w.limit
	return w
}

func (w *world) String() string {
	return fmt.Sprintf("%s window of %d in %v telling %s, latency %v, clock off by %v, %d callers", w.kind, w.limit, w.window, w.telling, w.latency, w.skew, w.callers)
}

func newWorld(kind, telling string, limit int, window, latency time.Duration) *world {
	now := time.Now()
	return &world{kind: kind, telling: telling, limit: limit, window: window, latency: latency, began: now, filled: now, tokens: float64(limit)}
}

func delta(now, end time.Time) string {
	return fmt.Sprint(int64((end.Sub(now) + time.Second - 1) / time.Second))
}

// take takes one request from the budget, and returns what is left and when it is whole again.
func (w *world) take(now time.Time) (ok bool, left int, reset time.Time) {
	if w.kind == "bucket" {
		rate := float64(w.limit) / w.window.Seconds()
		w.tokens = min(w.tokens+now.Sub(w.filled).Seconds()*rate, float64(w.limit))
		w.filled = now
		if ok = w.tokens >= 1; ok {
			w.tokens--
		}
		return ok, int(w.tokens), now.Add(time.Duration((float64(w.limit) - w.tokens) / rate * float64(time.Second)))
	}
	start := w.began.Add(now.Sub(w.began).Truncate(w.window))
	if w.kind == "sliding" {
		start = now.Add(1 - w.window)
	}
	i, _ := slices.BinarySearchFunc(w.served, start, time.Time.Compare)
	in := w.served[i:]
	if w.kind == "sliding" {
		start = append(slices.Clone(in), now)[0]
	}
	if ok = len(in) < w.limit; ok {
		return true, w.limit - len(in) - 1, start.Add(w.window)
	}
	return false, 0, start.Add(w.window)
}

func (w *world) ServeHTTP(rw http.ResponseWriter, _ *http.Request) {
	time.Sleep(w.latency / 2)
	defer time.Sleep(w.latency / 2)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	ok, left, reset := w.take(now)
	h := rw.Header()
	h.Set("Date", now.Add(w.skew).UTC().Format(http.TimeFormat))
	if w.telling != "none" && (w.telling != "refusals" || !ok) {
		h.Set("X-RateLimit-Remaining", fmt.Sprint(left))
		if w.saysLimit {
			h.Set("X-RateLimit-Limit", fmt.Sprint(w.limit))
		}
		switch w.telling {
		case "cut":
			h.Set("X-RateLimit-Reset", fmt.Sprint(int64(reset.Sub(now)/time.Second)))
		case "epoch":
			h.Set("X-RateLimit-Reset", fmt.Sprint(reset.Add(w.skew+time.Second-1).Unix()))
		default:
			h.Set("X-RateLimit-Reset", delta(now, reset))
			h.Set("Retry-After", delta(now, reset))
		}
	}
	if !ok {
		w.refused = append(w.refused, now)
		reply(rw, 429, `{"message":"Too many requests."}`)
		return
	}
	w.served = append(w.served, now)
	reply(rw, 200, `{"link":"`+testLink+`"}`)
}

// whole is how long the server takes for all calls if they come as fast as it allows.
func (w *world) whole() time.Duration {
	windows := (w.calls - 1) / w.limit // after the first, whose budget is there at once
	byBudget := time.Duration(windows) * w.window
	byLatency := time.Duration((w.calls+w.callers-1)/w.callers) * w.latency
	return max(byBudget, byLatency)
}

// worstBurst is the most refusals within half a window.
func (w *world) worstBurst() (most int) {
	for i := range w.refused {
		n := 0
		for _, at := range w.refused[i:] {
			if at.Sub(w.refused[i]) < w.window/2 {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestGateInManyWorlds(t *testing.T) {
	const worlds = 120
	for seed := range uint64(worlds) {
		w := drawWorld(rand.New(rand.NewPCG(seed, 1)))
		var failed atomic.Int64
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			w.began = time.Now()
			w.filled, w.tokens = w.began, float64(w.limit)
			portal := inMemory(t, w.ServeHTTP, reference, client.WithRetry(client.RetryPolicy{MaxAttempts: 1000}))
			var left atomic.Int64
			left.Store(int64(w.calls))
			var wg sync.WaitGroup
			for range w.callers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if ask(t, portal, 0) != nil {
							failed.Add(1)
						}
					}
				})
			}
			wg.Wait()
			took = time.Since(w.began)
		})
		errorIf(t, failed.Load() > 0, "world %d, %v: %d of %d calls failed", seed, w, failed.Load(), w.calls)
		if w.telling == "none" {
			continue // each call backs off on its own and succeeds
		}
		// One burst: those who were under way when the budget ran out.
		allowed := w.callers
		if w.telling == "refusals" && w.kind != "fixed" {
			allowed *= 2 // the first success after a refusal tells nothing, and one place was free
		}
		if w.telling == "cut" {
			allowed++ // a second is cut off twice: one comes early twice
		}
		most := w.worstBurst()
		errorIf(t, most > allowed, "world %d, %v: %d refused in one burst, want at most %d", seed, w, most, allowed)
		// Headers in whole seconds cost up to one second in each window; an epoch costs two, since
		// Date has whole seconds as well.
		rounding := time.Duration(w.calls/w.limit+1) * time.Second
		if w.telling == "epoch" {
			rounding *= 2
		}
		if most := w.whole()*10/9 + rounding; took > most {
			t.Errorf("world %d, %v: %d calls took %v, want at most %v (90 %% of the budget used)", seed, w, w.calls, took, most)
		}
	}
}
