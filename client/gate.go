package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A gate lets all goroutines of a client share what the rate headers say, so that a spent budget
// makes them wait instead of being refused. It knows one window at a time.
//
//	state      what is known                    lets through
//	open       nothing                          everything
//	counting   a budget until the reset         as many as are left
//	closed     spent, or refused by a 429       nothing until the reset
//	probing    the reset has passed             one attempt, then one a second, until an
//	                                            answer tells of the new window
//
//	what happens                     what follows
//	answer with usable headers       counting: what is left is the least that an answer of this
//	                                 window told, since answers arrive out of order. Only one
//	                                 whose attempt left after that was heard may tell of more.
//	429 that says how long           closed until then; of several, until the last
//	429 that does not                one less is left; still probing
//	answer without usable headers    probing becomes open; else one less is left
//	no answer                        one less is left, because it may have been counted
//	the last three, of an attempt    nothing
//	that left before the reset
//	the reset passes                 probing if the budget was spent, else open
//
// For every attempt under way one of what is left is set aside, because an answer may or may not
// have counted it. Its own answer settles that. No claim of a header is believed for more than
// maxReset, and no attempt is held longer, however many claims follow one another.
type gate struct {
	mu sync.Mutex

	reset    time.Time // end of the window; zero when open or probing
	left     int       // the least that an answer of this window told
	limit    int       // what a window holds, where the server says so
	refused  bool      // closed by a 429
	probing  bool
	probed   time.Time     // when the last attempt left while probing
	slack    time.Duration // how far apart those leave who have waited for the reset
	underway int           // attempts without an answer yet

	// Attempts are numbered in the order in which they leave.
	departed uint64 // the last one's number
	heard    uint64 // the last one that had left when left was heard
	rolled   uint64 // the last one that had left at the last reset
	window   uint64 // counts the resets

	date   time.Time // the Date of the last answer that was not out of a cache
	dated  time.Time // when it came
	spoke  time.Time // when the last answer came, except one that refuses the key
	warmed time.Time // when the last answer to Warm came

	changed chan struct{} // closed to make those who wait look again; nil if none does
}

// probeEvery is how long a probing gate waits for an answer before it lets another attempt try.
const probeEvery = time.Second

// clockSlack is how much older than expected a Date may be without being from a cache: servers
// behind one address differ, and answers arrive out of order.
const clockSlack = 5 * time.Second

// gateClosed is a refusal: the budget is spent, and the caller has less time than there is until
// the reset.
type gateClosed struct{ left time.Duration }

func (gateClosed) Error() string { return "the rate limit is spent" }

// ready waits until an attempt may leave but does not count it.
func (g *gate) ready(ctx context.Context, policy RetryPolicy) error {
	_, err := g.wait(ctx, policy, false)
	return err
}

// enter waits until an attempt may leave, and counts it. It returns its number, which must be
// given to answer.
func (g *gate) enter(ctx context.Context, policy RetryPolicy) (number uint64, err error) {
	return g.wait(ctx, policy, true)
}

// wait does not begin a wait for the reset that policy does not allow: it then returns gateClosed.
func (g *gate) wait(ctx context.Context, policy RetryPolicy, counted bool) (uint64, error) {
	var (
		seen uint64 // the window at the last look
		late bool   // held back until after a reset, and so with others
	)
	began := time.Now()
	for waited := false; ; waited = true {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		now := time.Now()
		g.mu.Lock()
		g.roll(now)
		late = late || waited && g.window != seen
		seen = g.window

		var (
			sleep   time.Duration
			changed <-chan struct{}
		)
		switch admitted := g.admits(now) || now.Sub(began) >= maxReset; {
		case admitted && !late:
			number := g.depart(now, counted)
			g.mu.Unlock()
			return number, nil
		case admitted:
			late, sleep = false, drawn(ctx, now, g.slack)
		case g.probing:
			late, sleep, changed = true, g.probed.Add(probeEvery).Sub(now), g.listen()
		default:
			left := g.reset.Sub(now)
			sleep, changed = min(left, began.Add(maxReset).Sub(now)), g.listen()
			// The answers of those under way may free what is set aside for them, unless the
			// server has said that nothing is left.
			if !policy.affordable(ctx, left) && (g.left <= 0 || g.underway == 0) {
				g.mu.Unlock()
				return 0, gateClosed{left}
			}
		}
		g.mu.Unlock()

		timer := time.NewTimer(sleep)
		select {
		case <-timer.C:
		case <-changed:
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

// tryEnter is enter for those who do not wait.
func (g *gate) tryEnter() (number uint64, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.roll(now)
	if !g.admits(now) {
		return 0, false
	}
	return g.depart(now, true), true
}

// answer takes in what an attempt brought: nil for no answer at all.
func (g *gate) answer(number uint64, a *answer, warm bool) {
	now := time.Now()
	if a == nil {
		a = &answer{received: now}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.underway--
	g.roll(now)
	switch a.status {
	case 0:
	case http.StatusUnauthorized, http.StatusForbidden:
		g.spoke = time.Time{}
	default:
		g.spoke = a.received
	}
	if warm {
		g.warmed = now
	}
	refused := a.status == http.StatusTooManyRequests
	limit, told := RateLimit{}, false
	if a.status != 0 && !g.cached(a) {
		limit, told = readRateLimit(a)
	}
	wait := time.Duration(0)
	if refused {
		wait = askedToWait(a)
	}
	switch {
	case wait > 0:
		g.refuse(now, a.received.Add(min(wait, maxReset)))
	case told && !refused:
		g.count(number, now, limit)
	case number <= g.rolled:
		// It is of a window that is over.
	case g.probing:
		// The window is over, and nobody counts any more.
		g.probing = refused || a.status == 0 && g.underway > 0
	default:
		g.left--
	}
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// cached reports whether an answer is out of a cache: it says so, or its Date is older than an
// earlier answer's plus the time since.
func (g *gate) cached(a *answer) bool {
	if fromCache(a.header) {
		return true
	}
	if a.date.IsZero() {
		return false
	}
	since := a.received.Sub(g.dated)
	if !g.date.IsZero() && since < maxReset && a.date.Before(g.date.Add(since-clockSlack)) {
		return true
	}
	g.date, g.dated = a.date, a.received
	return false
}

// roll notices that the window has ended.
func (g *gate) roll(now time.Time) {
	if g.reset.IsZero() || now.Before(g.reset) {
		return
	}
	// A window that ended with budget to spare held nobody back: there is no need to probe.
	g.probing, g.probed = g.left <= g.underway, time.Time{}
	g.reset, g.refused = time.Time{}, false
	g.rolled = g.departed
	g.window++
}

func (g *gate) admits(now time.Time) bool {
	if g.probing {
		return now.Sub(g.probed) >= probeEvery
	}
	return g.reset.IsZero() || g.left > g.underway
}

func (g *gate) depart(now time.Time, counted bool) uint64 {
	if !counted {
		return 0
	}
	g.departed++
	g.underway++
	if g.probing {
		g.probed = now
	}
	return g.departed
}

// listen returns a channel that is closed when there is reason to look again.
func (g *gate) listen() <-chan struct{} {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	return g.changed
}

// close shuts the gate until reset, or moves the reset of a shut one.
func (g *gate) close(now, reset time.Time) {
	g.reset, g.probing = reset, false
	g.slack = min(reset.Sub(now)/20, time.Second)
}

// refuse takes in a 429 that says how long.
func (g *gate) refuse(now, until time.Time) {
	// What the server says of this refusal goes before what it said of the window.
	if !g.refused || until.After(g.reset) {
		g.close(now, until)
	}
	g.left, g.refused = 0, true
}

// count takes in what an answer's headers say.
func (g *gate) count(number uint64, now time.Time, told RateLimit) {
	g.limit = told.Limit
	if number <= g.rolled || g.refused {
		return // it tells of a window that is over, or of a time before the refusal
	}
	first := g.reset.IsZero()
	if first || number > g.heard || told.Remaining < g.left {
		g.left, g.heard = told.Remaining, g.departed
	}
	// Of two claims about the end of a window the earlier is tried: to come too early costs one
	// refusal, to come too late costs a part of every window.
	if first || told.Reset.Before(g.reset) {
		g.close(now, told.Reset)
	}
}

// lastHeard is when the service last answered, and when Warm was last answered or ended.
func (g *gate) lastHeard() (answered, warmed time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.spoke, g.warmed
}

// known is what the gate knows now.
func (g *gate) known() RateLimit {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.roll(now)
	if g.reset.IsZero() {
		return RateLimit{}
	}
	return RateLimit{Limit: g.limit, Remaining: max(g.left-g.underway, 0), Reset: g.reset}
}

// withdraw gives back what an attempt counted that was not sent.
func (g *gate) withdraw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.underway--
}
