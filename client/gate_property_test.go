package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A world is one server with one kind of budget and one way to tell of it, and the
// callers it has.
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

// take takes one from the budget, and says what is left and when it is whole again.
func (w *world) take(now time.Time) (ok bool, left int, reset time.Time) {
	switch w.kind {
	case "bucket":
		rate := float64(w.limit) / w.window.Seconds()
		w.tokens = min(w.tokens+now.Sub(w.filled).Seconds()*rate, float64(w.limit))
		w.filled = now
		if ok = w.tokens >= 1; ok {
			w.tokens--
		}
		return ok, int(w.tokens), now.Add(time.Duration((float64(w.limit) - w.tokens) / rate * float64(time.Second)))
	case "sliding":
		in := 0
		oldest := now
		for _, at := range w.served {
			if now.Sub(at) < w.window {
				if in == 0 {
					oldest = at
				}
				in++
			}
		}
		if ok = in < w.limit; ok {
			in++
		}
		return ok, w.limit - in, oldest.Add(w.window)
	}
	start := w.began.Add(now.Sub(w.began).Truncate(w.window))
	in := 0
	for _, at := range w.served {
		if !at.Before(start) {
			in++
		}
	}
	if ok = in < w.limit; ok {
		in++
	}
	return ok, w.limit - in, start.Add(w.window)
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
			h.Set("X-RateLimit-Reset", deltaCut(now, reset))
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

// whole is how long the server itself would take to serve so many calls if they came
// as fast as it takes them.
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
		failed := 0
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			w.began = time.Now()
			w.filled, w.tokens = w.began, float64(w.limit)
			portal := inMemory(t, w.ServeHTTP, client.WithDialect(client.DialectPortalLinks),
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1000}))
			var mu sync.Mutex
			left := w.calls
			var wg sync.WaitGroup
			for range w.callers {
				wg.Go(func() {
					for {
						mu.Lock()
						left--
						mine := left >= 0
						mu.Unlock()
						if !mine {
							return
						}
						if _, err := portal.GeneratePortalLink(context.Background(), sso); err != nil {
							mu.Lock()
							failed++
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			took = time.Since(w.began)
		})
		if failed > 0 {
			t.Errorf("world %d, %v: %d of %d calls failed", seed, w, failed, w.calls)
		}
		if w.telling == "none" {
			continue // each call is on its own then: it backs off and gets through
		}
		// One burst: those who were under way when the budget ran out.
		allowed := w.callers
		if w.telling == "refusals" && w.kind != "fixed" {
			allowed *= 2 // the first success after a refusal tells nothing, and only one place was free
		}
		if w.telling == "cut" {
			allowed++ // a second cut off twice: one comes early, and early again
		}
		if most := w.worstBurst(); most > allowed {
			t.Errorf("world %d, %v: %d refused in one burst, want at most %d", seed, w, most, allowed)
		}
		// Whole seconds cost up to one in each window, for no header says more; with an
		// epoch two, since Date has whole seconds as well.
		rounding := time.Duration(w.calls/w.limit+1) * time.Second
		if w.telling == "epoch" {
			rounding *= 2
		}
		if most := w.whole()*10/9 + rounding; took > most {
			t.Errorf("world %d, %v: %d calls took %v, want at most %v (90 %% of the budget used)", seed, w, w.calls, took, most)
		}
	}
}

// Whatever the headers claim, a call is held no longer than the hour that is believed
// at most, and none fails for it.
func TestGateAmongLiars(t *testing.T) {
	values := func(r *rand.Rand) string {
		switch r.IntN(8) {
		case 0:
			return []string{"banana", "-1", "", "1e9", "99999999999999999999", "0x10"}[r.IntN(6)]
		case 1:
			return fmt.Sprint(time.Now().Add(time.Duration(r.IntN(10000)-5000) * time.Second).Unix())
		case 2:
			return fmt.Sprint(r.Int64())
		}
		return fmt.Sprint(r.IntN(4000) * r.IntN(2))
	}
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			var mu sync.Mutex
			portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				for _, name := range []string{"X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Limit"} {
					w.Header().Set(name, values(r))
				}
				sheetLink(w)
			}, client.WithRetry(client.RetryPolicy{MaxWait: -1}))
			for range 20 {
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						began := time.Now()
						if _, err := portal.GeneratePortalLink(context.Background(), sso); err != nil {
							t.Errorf("world %d: %v", seed, err)
						}
						if held := time.Since(began); held > time.Hour+5*time.Second {
							t.Errorf("world %d: a call was held for %v, want an hour at most", seed, held)
						}
					})
				}
				wg.Wait()
			}
		})
	}
}
