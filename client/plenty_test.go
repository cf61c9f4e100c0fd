package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A teller counts down from what it is set to, and refuses nothing.
type teller struct {
	latency time.Duration

	mu        sync.Mutex
	remaining int
	reset     int // seconds
	asked     []time.Time
}

func (s *teller) tell(remaining int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remaining = remaining
}

func (s *teller) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, time.Now())
	s.remaining = max(s.remaining-1, 0)
	latency := s.latency
	w.Header().Set("X-RateLimit-Remaining", fmt.Sprint(s.remaining))
	w.Header().Set("X-RateLimit-Reset", fmt.Sprint(s.reset))
	s.mu.Unlock()
	time.Sleep(latency)
	sheetLink(w)
}

const aLot = 1_000_000

// A budget that is far from spent at first is spent in the end, and nobody is refused
// for what was not counted.
func TestPlentyIsSpentLikeAnyBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 70,000 calls")
	}
	synctest.Test(t, func(t *testing.T) {
		const callers, calls = 100, 70_000
		srv := &windowServer{limit: calls - 1000, window: time.Hour, latency: 20 * time.Millisecond, reset: delta}
		portal := inMemory(t, srv.ServeHTTP, client.WithRetry(client.RetryPolicy{MaxWait: -1}))
		generate(t, portal)
		start := time.Now()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range calls / callers {
					generate(t, portal)
				}
			})
		}
		wg.Wait()
		if len(srv.refused) > 0 {
			t.Errorf("%d requests were refused, want none", len(srv.refused))
		}
		if took := time.Since(start); took > time.Hour+5*time.Second {
			t.Errorf("calls took %v, want at most 5s more than the window", took)
		}
	})
}

// The first answer that tells of little ends a plenty for everyone.
func TestPlentyEndsWithTheAnswerThatSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &teller{remaining: aLot, reset: 30}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		generate(t, portal)
		srv.tell(60_001)
		generate(t, portal)
		if got := portal.RateLimit().Remaining; got != 60_000 {
			t.Errorf("RateLimit tells of %d, want 60000", got)
		}
		srv.tell(3)
		generate(t, portal) // and two are left
		start, before := time.Now(), len(srv.asked)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { generate(t, portal) })
		}
		wg.Wait()
		at := 0
		for _, sent := range srv.asked[before:] {
			if sent.Sub(start) < 30*time.Second {
				at++
			}
		}
		if at != 2 {
			t.Errorf("%d left before the reset, want 2", at)
		}
	})
}

// A 429 among plenty holds everyone.
func TestRefusalEndsPlenty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &teller{remaining: aLot, reset: 30}
		refuse := false
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			if refuse {
				refuse = false
				w.Header().Set("X-RateLimit-Remaining", fmt.Sprint(aLot))
				w.Header().Set("Retry-After", "7")
				reply(w, 429, `{}`)
				return
			}
			srv.ServeHTTP(w, r)
		})
		generate(t, portal)
		generate(t, portal)
		refuse = true
		refused := time.Now()
		done := make(chan struct{})
		go func() { defer close(done); generate(t, portal) }()
		time.Sleep(100 * time.Millisecond)
		generate(t, portal)
		<-done
		// Those who waited for the same moment leave a little apart.
		for _, sent := range srv.asked[2:] {
			if wait := sent.Sub(refused); wait < 7*time.Second || wait > 9*time.Second {
				t.Errorf("a request left %v after the refusal, want 7s to 9s", wait)
			}
		}
	})
}

// What the client knows of a large budget is a second old at most, while it calls.
func TestPlentyIsLookedAtEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &teller{remaining: aLot, reset: 30}
		portal := inMemory(t, srv.ServeHTTP)
		for i := range 10 {
			srv.tell(aLot - i)
			generate(t, portal)
			if got := portal.RateLimit().Remaining; got != aLot-i-1 {
				t.Errorf("after %d seconds RateLimit tells of %d, want %d", i, got, aLot-i-1)
			}
			time.Sleep(time.Second)
		}
	})
}

// Who left by a plenty and is answered after the reset tells nothing of the new window.
func TestLateAnswersOfPlentyAreOfTheirWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &teller{remaining: aLot, reset: 1}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		var late sync.WaitGroup
		srv.mu.Lock()
		srv.latency, srv.remaining, srv.reset = 5*time.Second, 0, 60
		srv.mu.Unlock()
		late.Go(func() { generate(t, portal) }) // told of nothing left, and late
		time.Sleep(3 * time.Second)
		srv.mu.Lock()
		srv.latency, srv.remaining = 0, 50
		srv.mu.Unlock()
		generate(t, portal)
		late.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := portal.GeneratePortalLink(ctx, sso); err != nil {
			t.Errorf("in a window with 50 left: %v", err)
		}
		if got := portal.RateLimit().Remaining; got != 48 {
			t.Errorf("RateLimit tells of %d, want 48: two of 50 are made", got)
		}
	})
}

// A plenty is over with its window, however young it is.
func TestPlentyEndsWithTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &teller{remaining: aLot, reset: 2}
		portal := inMemory(t, srv.ServeHTTP)
		generate(t, portal)
		time.Sleep(1500 * time.Millisecond)
		generate(t, portal)
		time.Sleep(700 * time.Millisecond) // and the window is over, for 0.2 s
		srv.mu.Lock()
		srv.remaining, srv.reset = 6, 60
		srv.mu.Unlock()
		generate(t, portal)
		if got := portal.RateLimit().Remaining; got != 5 {
			t.Errorf("RateLimit tells of %d, want the 5 of the new window", got)
		}
	})
}

// Plenty is no reason to send what its caller has given up.
func TestPlentySendsNothingForNobody(t *testing.T) {
	srv := &teller{remaining: aLot, reset: 60}
	portal := inMemory(t, srv.ServeHTTP)
	generate(t, portal)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := portal.GeneratePortalLink(ctx, sso)
	if e := asError(t, err); !errors.Is(err, context.Canceled) || e.Attempts != 0 {
		t.Errorf("got %v after %d attempts, want context.Canceled and none", err, e.Attempts)
	}
	if n := len(srv.asked); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}
