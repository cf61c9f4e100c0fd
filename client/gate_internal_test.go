package client

import (
	"context"
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

// leave waits until the gate lets an attempt leave.
func leave(t *testing.T, g *gate) uint64 {
	t.Helper()
	number, err := admitted(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// hear gives the gate an answer that came now.
func hear(g *gate, number uint64, status int, h http.Header) {
	g.answer(number, &answer{status: status, header: h, received: time.Now()})
}

// wantOpen says how many may leave now, up to a hundred. None of them is answered.
func wantOpen(t *testing.T, g *gate, want int) {
	t.Helper()
	got := 0
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		if _, err := admitted(ctx, g); err == nil {
			got++
		}
		cancel()
	}
	if got != want {
		t.Errorf("%d of 100 may leave, want %d", got, want)
	}
}

// What a refusal asks for goes before what was known of the window, and the longest of several holds.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		refused     func(*gate)
		least, most time.Duration
	}{
		"in a long window": {func(g *gate) {
			hear(g, leave(t, g), 200, tells(1_000_000, 300))
			h := tells(999_999, 300)
			h.Set("Retry-After", "1")
			hear(g, leave(t, g), 429, h)
		}, time.Second, 3 * time.Second},
		"several": {func(g *gate) {
			a, b := leave(t, g), leave(t, g)
			hear(g, a, 429, http.Header{"Retry-After": {"20"}})
			hear(g, b, 429, http.Header{"Retry-After": {"5"}})
		}, 20 * time.Second, 22 * time.Second},
		"before a success that left earlier": {func(g *gate) {
			a, b := leave(t, g), leave(t, g)
			hear(g, b, 429, http.Header{"Retry-After": {"20"}})
			hear(g, a, 200, tells(50, 10))
		}, 20 * time.Second, 22 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := new(gate)
			tt.refused(g)
			start := time.Now()
			leave(t, g)
			if held := time.Since(start); held < tt.least || held > tt.most {
				t.Errorf("%s: held for %v, want %v to %v", name, held, tt.least, tt.most)
			}
		})
	}
}

// An attempt that fails after the reset is not charged to the new window.
func TestLateFailuresAreOfTheirWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
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
		if got := g.known().Remaining; got != 95 {
			t.Errorf("%d are left, want the 95 of the new window", got)
		}
	})
}

func TestLateAnswerOfAnOldWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		hear(g, leave(t, g), 200, tells(5, 10))
		late := leave(t, g)
		time.Sleep(11 * time.Second)
		hear(g, late, 200, tells(0, 60))
		wantOpen(t, g, 100)
	})
}

func TestLoneProbeWithoutAnswerOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		hear(g, leave(t, g), 200, tells(0, 10))
		time.Sleep(10 * time.Second)
		hear(g, leave(t, g), 0, nil)
		wantOpen(t, g, 100)
	})
}

// A probing gate is opened for everybody only by an answer of the new window: neither by a late
// answer of the old one, nor by a refusal.
func TestProbingGateGoesByItsProbe(t *testing.T) {
	for name, after := range map[string]func(g *gate, old, probe uint64){
		"a late failure":                 func(g *gate, old, _ uint64) { hear(g, old, 504, http.Header{}) },
		"a refusal that tells no moment": func(g *gate, _, probe uint64) { hear(g, probe, 429, http.Header{}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new(gate)
				old := leave(t, g)
				hear(g, leave(t, g), 200, tells(0, 10))
				time.Sleep(10 * time.Second)
				probe := leave(t, g)
				after(g, old, probe)
				wantOpen(t, g, 0)
				time.Sleep(probeEvery)
				wantOpen(t, g, 1)
			})
		})
	}
}

// admitted waits until an attempt may leave, as the link does.
func admitted(ctx context.Context, g *gate) (uint64, error) {
	return (&limit{gate: g, maxWait: forever}).admit(&call{Context: ctx})
}
