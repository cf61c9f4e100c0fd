package client

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// tells are rate headers.
func tells(remaining, reset int) http.Header {
	return http.Header{"X-Ratelimit-Remaining": {fmt.Sprint(remaining)}, "X-Ratelimit-Reset": {fmt.Sprint(reset)}}
}

// leave waits until the gate lets an attempt leave, as the step does.
func leave(t *testing.T, g *gate) uint64 {
	t.Helper()
	number, err := (&limit{gate: g, maxWait: forever}).admit(&call{Context: t.Context()})
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// hear gives the gate an answer that came now.
func hear(g *gate, number uint64, status int, h http.Header) {
	g.answer(number, &answer{status: status, header: h, received: time.Now()}, false)
}

// How long the gate holds those who come next. What a refusal asks for goes before what was known of
// the window, and the longest of several holds. A probing gate is opened for everybody only by an
// answer of the new window: neither by a late answer of the old one, nor by a refusal.
func TestGateHolds(t *testing.T) {
	probing := func(t *testing.T, g *gate) (old, probe uint64) {
		old = leave(t, g)
		hear(g, leave(t, g), 200, tells(0, 10))
		time.Sleep(10 * time.Second)
		return old, leave(t, g)
	}
	for name, tt := range map[string]struct {
		before      func(*testing.T, *gate)
		come        int // one after the other
		least, most time.Duration
	}{
		"refused in a long window": {func(t *testing.T, g *gate) {
			hear(g, leave(t, g), 200, tells(1_000_000, 300))
			h := tells(999_999, 300)
			h.Set("Retry-After", "1")
			hear(g, leave(t, g), 429, h)
		}, 1, time.Second, 3 * time.Second},
		"refused several times": {func(t *testing.T, g *gate) {
			a, b := leave(t, g), leave(t, g)
			hear(g, a, 429, http.Header{"Retry-After": {"20"}})
			hear(g, b, 429, http.Header{"Retry-After": {"5"}})
		}, 1, 20 * time.Second, 22 * time.Second},
		"refused before a success that left earlier": {func(t *testing.T, g *gate) {
			a, b := leave(t, g), leave(t, g)
			hear(g, b, 429, http.Header{"Retry-After": {"20"}})
			hear(g, a, 200, tells(50, 10))
		}, 1, 20 * time.Second, 22 * time.Second},
		"told of two ends, the earlier": {func(t *testing.T, g *gate) {
			hear(g, leave(t, g), 200, tells(1, 10))
			hear(g, leave(t, g), 200, tells(0, 300))
		}, 1, 10 * time.Second, 11 * time.Second},
		"late answer of an old window": {func(t *testing.T, g *gate) {
			hear(g, leave(t, g), 200, tells(5, 10))
			late := leave(t, g)
			time.Sleep(11 * time.Second)
			hear(g, late, 200, tells(0, 60))
		}, 100, 0, 0},
		"late failures of an old window": {func(t *testing.T, g *gate) {
			hear(g, leave(t, g), 200, tells(100, 10))
			var hanging []uint64
			for range 90 {
				hanging = append(hanging, leave(t, g))
			}
			time.Sleep(10 * time.Second)
			hear(g, leave(t, g), 200, tells(95, 60))
			for _, p := range hanging {
				hear(g, p, 0, nil)
			}
		}, 95, 0, 0},
		"probing, no answer and none under way": {func(t *testing.T, g *gate) {
			old, probe := probing(t, g)
			hear(g, old, 0, nil)
			hear(g, probe, 0, nil)
		}, 100, 0, 0},
		"probing, no answer while another is under way": {func(t *testing.T, g *gate) {
			_, probe := probing(t, g)
			hear(g, probe, 0, nil)
		}, 2, 2 * time.Second, 2 * time.Second},
		"probing, a late failure": {func(t *testing.T, g *gate) {
			old, _ := probing(t, g)
			hear(g, old, 504, http.Header{})
		}, 2, 2 * time.Second, 2 * time.Second},
		"probing, a refusal that tells no moment": {func(t *testing.T, g *gate) {
			_, probe := probing(t, g)
			hear(g, probe, 429, tells(5, 60))
		}, 2, 2 * time.Second, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := new(gate)
			tt.before(t, g)
			start := time.Now()
			for range tt.come {
				leave(t, g)
			}
			if held := time.Since(start); held < tt.least || held > tt.most {
				t.Errorf("%s: held %d for %v, want %v to %v", name, tt.come, held, tt.least, tt.most)
			}
		})
	}
}
