package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A gate lets all goroutines of a client share what the rate headers say, so that
// a spent budget makes them wait instead of being refused. It knows one window at
// a time: how many attempts may still leave, and until when that holds.
//
//	state      what is known                      lets through
//	open       nothing                            everything
//	counting   a budget until the reset           as many as remain
//	plenty     a budget beyond what can be spent  everything, uncounted, for a second;
//	           within a second                    then counting, until an answer renews it
//	closed     spent, or refused by a 429         nothing until the reset
//	reopening  the reset has passed               one, then one a second, until an
//	                                              answer tells of the new window
//
//	what happens                    what follows
//	answer with usable headers      counting, or plenty; the least that an answer of this
//	                                window told is what is left, since answers arrive out
//	                                of order. Only one that left after that was heard is
//	                                surely later, and may tell of more
//	429 that says how long          closed until then; by several, until the last
//	429 that does not               one less is left; still reopening
//	answer without usable headers   reopening becomes open; else one less is left
//	no answer                       one less is left, for it may have been counted
//	any of these three, of a window nothing
//	that is over
//	the reset passes                reopening if the budget was spent, else open
//
// Of what is left, one is set aside for every counted attempt under way: it may or may
// not be part of what an answer told. Its own answer settles that. For those that a
// plenty let through none is, and an answer that tells of far less than a moment ago may
// come while they are under way: some are refused then.
//
// Nonsense in a header is no header, no claim is believed for more than maxReset, and
// no attempt is held for longer than that, however many claims follow one another.
type gate struct {
	mu sync.Mutex

	// What every attempt writes stands together, for the processors to pass on at once.
	departed uint64 // attempts that ever left, but for the uncounted
	underway int    // of these, those without an answer yet
	left     int    // the least that an answer of this window told
	heard    uint64 // departures before that was heard
	limit    int    // what a window holds, where the server says so

	reset     time.Time // end of the window; zero when open or reopening
	refusal   bool      // closed by a 429
	reopening bool
	slack     time.Duration // how far apart those leave who waited for the reset
	window    uint64        // counts the resets
	rolled    uint64        // departures before the last reset
	probed    time.Time     // the last departure while reopening

	news chan struct{} // closed to make those who wait look again; nil if none does

	// In force, it keeps attempts from the lock and from writing anything that others
	// read, which costs more than all else here once processors share it.
	plenty atomic.Pointer[plenty]
}

// A plenty is leave for attempts that nobody counts, until a moment that is no later
// than the reset. An answer that tells of less ends it.
type plenty struct {
	until    time.Time
	departed uint64
}

const (
	// plentyLeft is more than a host sends within plentyFor.
	plentyLeft = 1 << 16
	plentyFor  = time.Second
)

// A pass is the gate's leave for one attempt. The zero pass is for attempts that
// the gate has no part in.
type pass struct {
	number    uint64
	uncounted bool      // by leave of a plenty; the number is that of the last counted before
	left      time.Time // when the gate let it through
}

// probeEvery is how long a reopening gate waits for an answer before it lets
// another attempt find out.
const probeEvery = time.Second

// ready waits until an attempt may leave but does not count it.
func (g *gate) ready(ctx context.Context, policy RetryPolicy) error {
	_, err := g.wait(ctx, policy, false)
	return err
}

// enter waits until an attempt may leave, and counts it. Every pass must be
// returned by answered.
func (g *gate) enter(ctx context.Context, policy RetryPolicy) (pass, error) {
	return g.wait(ctx, policy, true)
}

// wait does not begin a wait for the reset that policy does not allow; it returns
// gateClosed then.
func (g *gate) wait(ctx context.Context, policy RetryPolicy, count bool) (pass, error) {
	var (
		seen uint64 // the window at the last look
		late bool   // held back until after a reset, and so with others
	)
	began := time.Now()
	if p := g.plenty.Load(); p != nil && began.Before(p.until) && ctx.Err() == nil {
		return pass{number: p.departed, uncounted: true, left: began}, nil
	}
	for waited, now := false, began; ; waited, now = true, time.Now() {
		if err := ctx.Err(); err != nil {
			return pass{}, err
		}
		g.lock()
		g.roll(now)
		late = late || waited && g.window != seen
		seen = g.window

		var (
			sleep time.Duration
			news  <-chan struct{}
		)
		// One reset may follow another: who has waited for so long has waited enough.
		switch admitted := g.admits(now) || now.Sub(began) >= maxReset; {
		case admitted && !late:
			p := g.depart(now, count)
			g.mu.Unlock()
			return p, nil
		case admitted:
			late, sleep = false, drawn(ctx, now, g.slack)
		case g.reopening:
			late, sleep, news = true, g.probed.Add(probeEvery).Sub(now), g.listen()
		default:
			left := g.reset.Sub(now)
			sleep, news = min(left, began.Add(maxReset).Sub(now)), g.listen()
			// The answers of those under way may free what is set aside for them,
			// unless the server itself has said that nothing is left.
			if !policy.affordable(ctx, left) && (g.left <= 0 || g.underway == 0) {
				g.mu.Unlock()
				return pass{}, gateClosed{left}
			}
		}
		g.mu.Unlock()

		timer := time.NewTimer(sleep)
		select {
		case <-timer.C:
		case <-news:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// drawn is a moment of the caller's own within slack, well before its deadline.
func drawn(ctx context.Context, now time.Time, slack time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		slack = min(slack, deadline.Sub(now)/2)
	}
	return rand.N(max(slack, 0) + 1) //nolint:gosec // jitter, not a secret
}

// lock is tried for again, not waited for. It is held for moments, but with many more
// callers than processors those who wait for a sync.Mutex form a queue that hands it
// from one to the next and does not end: every call then waits for all the others.
func (g *gate) lock() {
	for !g.mu.TryLock() {
		runtime.Gosched()
	}
}

// What follows is called with the lock held, but for answered, known and tellsOfPlenty.

// roll notices that the window has ended.
func (g *gate) roll(now time.Time) {
	if g.reset.IsZero() || now.Before(g.reset) {
		return
	}
	// A window that ended with budget to spare held nobody up: no need to probe.
	g.reopening, g.probed = g.left <= g.underway, time.Time{}
	g.reset, g.refusal = time.Time{}, false
	g.rolled = g.departed
	g.window++
}

func (g *gate) admits(now time.Time) bool {
	if g.reopening {
		return now.Sub(g.probed) >= probeEvery
	}
	return g.reset.IsZero() || g.left > g.underway
}

func (g *gate) depart(now time.Time, count bool) pass {
	if !count {
		return pass{left: now}
	}
	g.departed++
	g.underway++
	if g.reopening {
		g.probed = now
	}
	return pass{number: g.departed, left: now}
}

// listen returns a channel that is closed when there is reason to look again.
func (g *gate) listen() <-chan struct{} {
	if g.news == nil {
		g.news = make(chan struct{})
	}
	return g.news
}

func (g *gate) tell() {
	if g.news != nil {
		close(g.news)
		g.news = nil
	}
}

// close shuts the gate until reset, or moves the reset of a shut one.
func (g *gate) close(now, reset time.Time) {
	g.reset, g.reopening = reset, false
	g.plenty.Store(nil) // it may outlast this
	g.slack = min(reset.Sub(now)/20, time.Second)
}

// answered takes in what came back; status 0 stands for no answer at all.
func (g *gate) answered(p pass, status int, h http.Header, now time.Time) {
	if p.number == 0 || p.uncounted && tellsOfPlenty(status, h) {
		return
	}
	var (
		wait  time.Duration
		limit RateLimit
		told  bool
	)
	refused := status == http.StatusTooManyRequests
	if refused {
		wait, told = askedToWait(status, h, now)
	} else {
		limit, told = readRateLimit(h, now)
	}

	g.lock()
	defer g.mu.Unlock()
	if !p.uncounted {
		g.underway--
	}
	g.roll(now)
	switch {
	case told && refused:
		g.refused(now, now.Add(min(wait, maxReset)))
	case told:
		g.count(p, now, limit)
	case p.number <= g.rolled:
		// It is of a window that is over.
	case g.reopening:
		// The window is over, and nobody counts any more.
		g.reopening = refused || status == 0 && g.underway > 0
	default:
		g.left--
	}
	g.tell()
}

func (g *gate) refused(now, until time.Time) {
	// What the server says of this refusal goes before what it said of the window.
	if !g.refusal || until.After(g.reset) {
		g.close(now, until)
	}
	g.left, g.refusal = 0, true
}

func (g *gate) count(p pass, now time.Time, told RateLimit) {
	g.limit = told.Limit
	if p.number <= g.rolled || g.refusal {
		return // it tells of a window that is over, or from before the refusal
	}
	first := g.reset.IsZero()
	if first || p.number > g.heard || told.Remaining < g.left {
		g.left, g.heard = told.Remaining, g.departed
	}
	// Of two claims about the end of a window the earlier is tried: to come too
	// early costs one refusal, to come too late costs a bit of every window.
	if first || told.Reset.Before(g.reset) {
		g.close(now, told.Reset)
	}
	g.weigh(now)
}

// weigh begins a plenty, renews one that is over, or ends one.
func (g *gate) weigh(now time.Time) {
	in := g.plenty.Load()
	switch {
	case g.left-g.underway < plentyLeft:
		g.plenty.Store(nil)
	case in == nil || !now.Before(in.until):
		until := now.Add(plentyFor)
		if g.reset.Before(until) {
			until = g.reset
		}
		g.plenty.Store(&plenty{until, g.departed})
	}
}

// tellsOfPlenty reports whether the answer to an uncounted attempt leaves a plenty as it
// is. Nothing else is looked at, since most are asked only this.
func tellsOfPlenty(status int, h http.Header) bool {
	if status == 0 || status == http.StatusTooManyRequests {
		return false
	}
	left, ok := digits(first(h, headerRemaining))
	return ok && left >= plentyLeft && left <= maxRemaining
}

// known is what the gate knows now.
func (g *gate) known() RateLimit {
	g.lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.roll(now)
	if g.reset.IsZero() {
		return RateLimit{}
	}
	return RateLimit{Limit: g.limit, Remaining: max(g.left-g.underway, 0), Reset: g.reset}
}

// gateClosed is a refusal: the budget is spent, and the caller has less time than
// there is until the next.
type gateClosed struct{ left time.Duration }

func (gateClosed) Error() string { return "the rate limit is spent" }
