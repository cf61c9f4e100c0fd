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
	return http.Header{headerRemaining: {fmt.Sprint(remaining)}, headerReset: {fmt.Sprint(reset)}}
}

func leave(t *testing.T, g *gate) pass {
	t.Helper()
	p, err := g.enter(t.Context(), RetryPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantOpen says how many may leave now, up to a hundred. None of them is answered.
func wantOpen(t *testing.T, g *gate, want int) {
	t.Helper()
	got := 0
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		_, err := g.enter(ctx, RetryPolicy{})
		cancel()
		if err != nil {
			break
		}
		got++
	}
	if got != want {
		t.Errorf("%d of 100 may leave, want %d", got, want)
	}
}

// What a refusal says of itself goes before what was known of the window.
func TestRefusalInALongWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		g.answered(leave(t, g), 200, tells(1_000_000, 300), time.Now())
		h := tells(999_999, 300)
		h.Set("Retry-After", "1")
		g.answered(leave(t, g), 429, h, time.Now())
		start := time.Now()
		leave(t, g)
		if held := time.Since(start); held < time.Second || held > 3*time.Second {
			t.Errorf("held for %v, want the second that the refusal asks for, and a little", held)
		}
	})
}

// The last of several refusals holds.
func TestSeveralRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		a, b := leave(t, g), leave(t, g)
		g.answered(a, 429, http.Header{headerRetryAfter: {"20"}}, time.Now())
		g.answered(b, 429, http.Header{headerRetryAfter: {"5"}}, time.Now())
		start := time.Now()
		leave(t, g)
		if held := time.Since(start); held < 20*time.Second {
			t.Errorf("held for %v, want 20s", held)
		}
	})
}

// Who fails after the reset is not charged to the new window.
func TestLateFailuresAreOfTheirWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		g.answered(leave(t, g), 200, tells(100, 10), time.Now())
		var hanging []pass
		for range 90 {
			hanging = append(hanging, leave(t, g))
		}
		time.Sleep(10 * time.Second)
		g.answered(leave(t, g), 200, tells(95, 60), time.Now())
		for _, p := range hanging {
			g.answered(p, 0, nil, time.Now())
		}
		if got := g.known().Remaining; got != 95 {
			t.Errorf("%d are left, want the 95 of the new window", got)
		}
	})
}

// A reopening gate is opened for everybody by an answer of the new window alone: neither
// by what comes late from the old one, nor by a refusal.
func TestReopeningGoesByItsProbe(t *testing.T) {
	for name, after := range map[string]func(g *gate, old, probe pass){
		"a late failure":                 func(g *gate, old, _ pass) { g.answered(old, 504, http.Header{}, time.Now()) },
		"a refusal that tells no moment": func(g *gate, _, probe pass) { g.answered(probe, 429, http.Header{}, time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new(gate)
				old := leave(t, g)
				g.answered(leave(t, g), 200, tells(0, 10), time.Now())
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

// A plenty ends with its window, when that turns out to be shorter, too.
func TestPlentyEndsWithAShorterWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(gate)
		a, b := leave(t, g), leave(t, g)
		time.Sleep(1050 * time.Millisecond)
		early := time.Now().Add(-950 * time.Millisecond) // its headers came then, its body now
		g.answered(a, 200, tells(1_000_000, 60), time.Now())
		g.answered(b, 200, tells(1_000_000, 1), early)
		time.Sleep(100 * time.Millisecond)
		g.answered(leave(t, g), 200, tells(5, 60), time.Now())
		wantOpen(t, g, 5)
	})
}

// A plenty needs no lock.
func TestPlentyNeedsNoLock(t *testing.T) {
	g := new(gate)
	g.answered(leave(t, g), 200, tells(1_000_000, 60), time.Now())
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answered(leave(t, g), 200, tells(1_000_000, 60), time.Now()) // or it would wait for ever
}
