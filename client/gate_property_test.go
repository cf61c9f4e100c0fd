package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A world is a server with one kind of budget and one way to tell of it, and its callers.
type world struct {
	kind                  string // how it counts: "fixed", "sliding" or "bucket"
	telling               string // what its headers are: "delta", "cut", "epoch", "refusals" (on a 429 alone), "none"
	saysLimit             bool
	limit, callers        int
	window, latency, skew time.Duration // skew is that of its clock

	mu              sync.Mutex
	began, filled   time.Time
	served, refused []time.Time
	tokens          float64
}

func newWorld(kind, telling string, limit int, window, latency time.Duration) *world {
	now := time.Now()
	return &world{kind: kind, telling: telling, limit: limit, window: window, latency: latency, began: now, filled: now, tokens: float64(limit)}
}

func drawWorld(r *rand.Rand) *world {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	w := newWorld(pick("fixed", "sliding", "bucket"), pick("delta", "delta", "cut", "epoch", "epoch", "refusals", "none"), 5+r.IntN(60),
		time.Duration(1+r.IntN(30))*time.Second, time.Duration(1+r.IntN(100))*time.Millisecond)
	w.skew = time.Duration(r.IntN(7200)-3600) * time.Second
	w.callers, w.saysLimit = 1+r.IntN(32), r.IntN(2) == 0
	return w
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
	return len(in) < w.limit, max(w.limit-len(in)-1, 0), start.Add(w.window)
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
			seconds := fmt.Sprint(int64((reset.Sub(now) + time.Second - 1) / time.Second))
			h.Set("X-RateLimit-Reset", seconds)
			h.Set("Retry-After", seconds)
		}
	}
	if !ok {
		w.refused = append(w.refused, now)
		reply(rw, 429, `{"message":"Too many requests."}`)
		return
	}
	w.served = append(w.served, now)
	reply(rw, 200, liveSuccess)
}

// worstBurst is the most refusals within half a window.
func (w *world) worstBurst() (most int) {
	for i, first := range w.refused {
		end, _ := slices.BinarySearchFunc(w.refused, first.Add(w.window/2), time.Time.Compare)
		most = max(most, end-i)
	}
	return most
}

func TestGateInManyWorlds(t *testing.T) {
	for seed := range uint64(120) {
		bubble(t, fmt.Sprint(seed), func(t *testing.T) {
			w := drawWorld(rand.New(rand.NewPCG(seed, 1)))
			each := 5*w.limit/w.callers + 1
			fromMany(t, inMemory(t, w.ServeHTTP, reference, client.WithRetry(client.RetryPolicy{MaxAttempts: 1000})), w.callers, each)
			took := time.Since(w.began)
			if w.telling == "none" {
				return // each call backs off on its own and succeeds
			}
			// One burst: those who were under way when the budget ran out.
			allowed := w.callers
			if w.telling == "refusals" && w.kind != "fixed" {
				allowed *= 2 // the first success after a refusal tells nothing, and one place was free
			}
			if w.telling == "cut" {
				allowed++ // a second is cut off twice: one comes early twice
			}
			errorIf(t, w.worstBurst() > allowed, "%v: %d refused in one burst, want at most %d", w, w.worstBurst(), allowed)
			// The budget of the first window is there at once. A tenth may be lost.
			calls := each * w.callers
			most := max(time.Duration((calls-1)/w.limit)*w.window, time.Duration(each)*w.latency) * 10 / 9
			// Headers in whole seconds cost up to one second in each window; an epoch costs two, since
			// Date has whole seconds as well.
			rounding := time.Duration(calls/w.limit+1) * time.Second
			if w.telling == "epoch" {
				rounding *= 2
			}
			errorIf(t, took > most+rounding, "%v: %d calls took %v, want at most %v (90 %% of the budget used)", w, calls, took, most+rounding)
		})
	}
}
