package client

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A Limiter holds attempts back, for example so that several processes share one budget.
// *rate.Limiter of golang.org/x/time/rate is one. It must be safe for concurrent use.
//
// Wait is asked before every attempt and returns nil when it may be sent. Its error ends the call,
// matches [ErrRateLimited] and is in the error's chain. Wait's context ends after
// [RetryPolicy].MaxWait at the latest.
type Limiter interface {
	Wait(ctx context.Context) error
}

// LimitPauser is what a [Limiter] may also be: it is told of every 429, so that all who share it
// cool down together. Pause returns at once; d is how long to stay away.
type LimitPauser interface {
	Pause(ctx context.Context, d time.Duration)
}

// A RetryAfterError is an error of a [Limiter]'s Wait that knows how long the wait would have been:
// [Error].RetryAfter says so.
type RetryAfterError interface {
	error
	RetryAfter() time.Duration
}

// limit is the step that waits for budget: for the gate, which hears what every answer says, and
// for the user's limiter.
type limit struct {
	next    gen.HttpRequestDoer
	gate    *gate
	limiter Limiter // nil: none

	maxWait, baseDelay time.Duration // of RetryPolicy
}

func (l *limit) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	number, err := l.admit(c)
	if err != nil {
		return nil, err
	}
	// Also where a transport of the user's panics, which leaves no answer.
	defer func() { l.gate.answer(number, &c.answer, c.warm) }()
	resp, err := l.next.Do(req)
	if pauser, ok := l.limiter.(LimitPauser); ok && c.answer.status == http.StatusTooManyRequests {
		pauser.Pause(c.Context, cmp.Or(c.failure.RetryAfter, l.baseDelay))
	}
	return resp, err
}

// warmPatience is how long a limiter may take to admit what Warm sends: a trip to a limiter on the
// network, and no wait for budget.
const warmPatience = 100 * time.Millisecond

var errNoBudget = errors.New("the rate limit is spent")

// admit waits for the gate and then for the limiter, so that no token of the limiter grows old at
// the gate. The gate is asked again in the end, since it may have closed meanwhile.
func (l *limit) admit(c *call) (uint64, error) {
	last, asked := time.Now().Add(maxReset), l.limiter == nil
	for c.Err() == nil {
		number, sleep, changed := l.gate.enter(asked, last)
		switch {
		case sleep == 0 && asked:
			return number, nil
		case sleep == 0:
			asked = true
			if err := l.ask(c); err != nil {
				return 0, err
			}
		case c.warm, changed == nil && !affordable(c, sleep, l.maxWait):
			return 0, refused(c, errNoBudget, sleep)
		case changed == nil: // for the reset; jitter spreads those who wait
			slack := min(sleep/20, time.Second, (time.Until(deadlineOf(c))-sleep)/2)
			sleep += rand.N(max(slack, 0) + 1) // not a secret
			fallthrough
		default:
			_ = pause(c, min(sleep, time.Until(last)), changed) // the loop sees whether c has ended
		}
	}
	return 0, c.stopped(c.Err())
}

// ask waits for the limiter. It returns nil, too, where the call's own context has ended.
func (l *limit) ask(c *call) error {
	patience := l.maxWait
	if c.warm {
		patience = warmPatience
	}
	// The context of a shared call has no deadline. The millisecond lets its callers leave first.
	bounded, cancel := context.WithTimeout(c.Context, min(patience, time.Until(deadlineOf(c).Add(time.Millisecond))))
	defer cancel()
	err := l.limiter.Wait(bounded)
	if err == nil || c.Err() != nil {
		return nil
	} else if c.warm {
		err = errNoBudget
	}
	var wait time.Duration
	if later, ok := errors.AsType[RetryAfterError](err); ok {
		wait = later.RetryAfter()
	}
	return refused(c, err, wait)
}

// refused is the error of a call that is not sent for lack of budget. After a failure it is that
// failure, with what the wait would have been.
func refused(c *call, cause error, wait time.Duration) error {
	e := c.stopped(cause)
	e.RetryAfter = max(e.RetryAfter, wait)
	if c.failure == nil || cause != errNoBudget { // a limiter's own error always counts
		e.kind, e.hint = ErrRateLimited, hintTooLong
	}
	return e
}

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
//	429 that says how long           closed until then; of several, until the last; headers of
//	                                 other answers do not open it
//	429 that does not                one less is left; still probing
//	answer without usable headers    probing becomes open; else one less is left
//	no answer                        probing becomes open when no other is under way, and else goes
//	                                 on; counting: one less is left, since it may have been counted
//	any of these but the 429 that    nothing
//	says how long, of an attempt
//	that left before the reset
//	the reset passes                 probing if the budget was spent, else open
//
// For every attempt under way one of what is left is set aside, because an answer may or may not
// have counted it. Its own answer settles that. No claim of a header is believed for more than
// maxReset, and no attempt is held longer, however many claims follow one another.
type gate struct {
	mu sync.Mutex

	told     RateLimit // of the window; no Reset when open or probing
	refused  bool      // closed by a 429
	probing  bool
	probed   time.Time // when the last attempt left while probing
	underway int       // attempts without an answer yet

	// Attempts are numbered in the order in which they leave.
	departed uint64 // the last one's number
	heard    uint64 // the last one that had left when told.Remaining was heard
	rolled   uint64 // the last one that had left at the last reset

	old         time.Time // the last Date that was too old
	date, dated time.Time // the Date of the last answer that was not out of a cache, and when it came
	spoke       time.Time // when the last answer came; zero if it did not come whole, or refused the key
	warmed      time.Time // when the last answer to Warm came, or its attempt failed

	changed chan struct{} // closed to make those who wait look again; nil if none does
}

// probeEvery is how long a probing gate waits for an answer before it lets another attempt try.
const probeEvery = time.Second

// clockSlack is how much older than expected a Date may be without being from a cache: servers
// behind one address differ, and answers arrive out of order.
const clockSlack = 5 * time.Second

// enter lets an attempt through if one may leave now, or at last or later. One that is counted gets
// a number, which must be given to answer. Otherwise it says how long to wait until the next try:
// until changed is closed at the latest, or, where that is nil, for the reset.
func (g *gate) enter(counted bool, last time.Time) (number uint64, sleep time.Duration, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if sleep = g.closedFor(now); sleep > 0 && now.Before(last) {
		// The answers of those under way may free what is set aside for them, unless the server has said
		// that nothing is left.
		if g.probing || g.told.Remaining > 0 && g.underway > 0 {
			if g.changed == nil {
				g.changed = make(chan struct{})
			}
			changed = g.changed
		}
		return 0, sleep, changed
	}
	if counted {
		g.departed++
		g.underway++
		if g.probing {
			g.probed = now
		}
	}
	return g.departed, 0, nil
}

// answer takes in what an attempt brought. An answer whose status is 0 is none at all.
func (g *gate) answer(number uint64, a *answer, warm bool) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closedFor(now)
	g.underway--
	if g.spoke = a.received; warm {
		g.warmed = a.received
	}
	if a.status == 0 || a.err != nil || a.verdict == nil && kindOf(a.status) == ErrUnauthorized {
		g.spoke = time.Time{}
	}
	refused, cached := a.status == http.StatusTooManyRequests, g.cached(a)
	told, ok := readRateLimit(a)
	switch {
	case refused && !cached && askedToWait(a) > 0: // goes before what was said of the window
		if until := a.received.Add(min(askedToWait(a), maxReset)); !g.refused || until.After(g.told.Reset) {
			g.told.Reset, g.probing = until, false
		}
		g.told.Remaining, g.refused = 0, true
	case ok && !refused && !cached && !g.refused && number > g.rolled:
		g.count(number, told)
	case number <= g.rolled: // it is of a window that is over
	case g.probing: // the window is over, and nobody counts any more
		g.probing = refused || a.status == 0 && g.underway > 0
	default:
		g.told.Remaining--
	}
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// known is what the gate knows now.
func (g *gate) known() RateLimit {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closedFor(time.Now())
	return RateLimit{g.told.Limit, max(g.told.Remaining-g.underway, 0), g.told.Reset}
}

// What follows is called with the lock held.

// closedFor is how long nothing may leave; 0 is not at all. It notices that the window has ended.
func (g *gate) closedFor(now time.Time) time.Duration {
	if !g.told.Reset.IsZero() && !now.Before(g.told.Reset) {
		// A window that ended with budget to spare held nobody back: there is no need to probe.
		g.probing, g.probed = g.told.Remaining <= g.underway, time.Time{}
		g.told, g.refused, g.rolled = RateLimit{}, false, g.departed
	}
	switch {
	case g.probing:
		return max(probeEvery-now.Sub(g.probed), 0)
	case g.told.Reset.IsZero() || g.told.Remaining > g.underway:
		return 0
	}
	return g.told.Reset.Sub(now)
}

// cached reports whether an answer is out of a cache: it says so, or its Date is older than an
// earlier answer's plus the time since. Where old Dates advance, that earlier Date was wrong.
func (g *gate) cached(a *answer) bool {
	since := a.received.Sub(g.dated)
	old := !a.date.IsZero() && a.date.Before(g.date.Add(since-clockSlack))
	goesOn := old && !g.old.IsZero() && a.date.After(g.old)
	if g.old = (time.Time{}); old {
		g.old = a.date
	}
	says := strings.Trim(a.header.Get("Age"), "0, ") != "" || a.header.Get("X-From-Cache") != "" ||
		strings.HasPrefix(strings.ToUpper(a.header.Get("X-Cache")), "HIT")
	if says || old && !goesOn {
		return true
	}
	if !a.date.IsZero() {
		g.date, g.dated = a.date, a.received
	}
	return false
}

// count takes in what the headers of an answer of this window say.
func (g *gate) count(number uint64, told RateLimit) {
	first := g.told.Reset.IsZero()
	if g.told.Limit = told.Limit; first || number > g.heard || told.Remaining < g.told.Remaining {
		g.told.Remaining, g.heard = told.Remaining, g.departed
	}
	// Of two claims about the end of a window the earlier is tried: to come too early costs one
	// refusal, to come too late costs a part of every window.
	if first || told.Reset.Before(g.told.Reset) {
		g.told.Reset, g.probing = told.Reset, false
	}
}
