package redislimit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"
)

// A waiter is one Wait in line.
type waiter struct {
	number   uint64 // in order of arrival
	place    *place
	deadline time.Time  // zero: none
	done     chan error // how the wait ended
	served   bool       // with nil
}

// A place is an entry of the log, by its id. Places change hands: who came first
// has the earliest.
type place struct {
	id     string
	at     instant
	state  placeState
	asking bool // a trip is under way to ask for it
	lates  int
	waiter *waiter // nil: nobody wants it any more
}

type placeState int

const (
	wanted placeState = iota
	kept              // but to be asked for again before its time
	firm
)

// maxLates is how often a turn that could not be taken in time is asked for anew,
// before it is taken late: a machine that is always late must get on, too.
const maxLates = 3

func (l *Limiter) newID() string {
	l.ids++
	return l.prefix + strconv.FormatUint(l.ids, 36)
}

func (l *Limiter) enter(ctx context.Context) *waiter {
	w := &waiter{done: make(chan error, 1)}
	w.deadline, _ = ctx.Deadline()
	l.mu.Lock()
	defer l.mu.Unlock()
	w.place = &place{id: l.newID(), waiter: w}
	w.number = l.ids
	l.line = append(l.line, w)
	if !l.traveling || l.health.Degraded {
		l.advance()
	}
	return w
}

// leave is for a waiter whose context ended. Those behind it move up, and the last
// of their places is given back.
func (l *Limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.line, w)
	if i < 0 {
		if w.served {
			l.giveBack(w.place.id)
			l.advance()
		}
		return
	}
	l.line = slices.Delete(l.line, i, i+1)
	free := w.place
	if free.asking {
		free.waiter = nil // and given back when the answer comes
		return
	}
	if free.state == wanted && free.at == 0 {
		return // nobody has heard of it
	}
	for _, behind := range l.line[i:] {
		if p := behind.place; free.settled() && p.settled() && p.at > free.at {
			behind.place, p.waiter = free, nil
			free.waiter = behind
			free = p
		}
	}
	l.giveBack(free.id)
	l.advance()
}

// giveBack is done with the next trip. What is too much to remember is lost until
// the log forgets it by itself.
func (l *Limiter) giveBack(ids ...string) {
	const most = 1000
	l.back = append(l.back, ids...)
	l.back = l.back[max(len(l.back)-most, 0):]
}

func (p *place) settled() bool { return p.state != wanted && !p.asking }

// advance does what is due: it is called, with the lock held, after everything that
// happens, and by its own timer.
func (l *Limiter) advance() {
	var (
		now  = time.Now()
		away = l.health.away(now) || l.health.Degraded && l.traveling && l.fallback != FailClosed
		next time.Time
		ask  []*place
		must = len(l.back) > 0 || l.untold
	)
	for _, w := range slices.Clone(l.line) {
		p := w.place
		if p.asking {
			continue
		}
		switch due := l.due(p); {
		case due.After(now):
			if next.IsZero() || due.Before(next) {
				next = due
			}
			if p.state == kept && p.at.sub(l.clock.earliest(now)) < l.horizon {
				ask = append(ask, p) // it may as well go along
			}
		case p.state == firm:
			l.serve(w, nil)
		case away:
			l.serve(w, errAway{l.health.Cause})
		default:
			must = true
			ask = append(ask, p)
		}
	}
	if must && !l.traveling && !l.health.away(now) {
		l.depart(ask, now)
	}
	l.wakeAt(next, now)
}

func (l *Limiter) wakeAt(next, now time.Time) {
	switch {
	case next.IsZero():
		if l.timer != nil {
			l.timer.Stop()
		}
	case l.timer == nil:
		l.timer = time.AfterFunc(next.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.advance()
		})
	default:
		l.timer.Reset(next.Sub(now))
	}
}

// due is when something has to be done about a place.
func (l *Limiter) due(p *place) time.Time {
	switch p.state {
	case kept:
		// Redis gives it away a quarter of the horizon before its time.
		return l.clock.local(p.at.add(-l.horizon * 3 / 4))
	case firm:
		if at := l.clock.local(p.at); at.After(l.paused) {
			return at
		}
		return l.paused
	default:
		return time.Time{}
	}
}

// serve ends a wait.
func (l *Limiter) serve(w *waiter, err error) {
	l.line = slices.DeleteFunc(l.line, func(other *waiter) bool { return other == w })
	w.served = err == nil
	w.done <- err
}

// take lets a waiter take its turn, unless so much of the slack has gone since the
// turn came that its place must be asked for anew: after a pause, or if this
// process or machine did not run.
func (l *Limiter) take(w *waiter) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.late(w.place, now) {
		w.place.state, w.served = wanted, false
		w.place.lates++
		i, _ := slices.BinarySearchFunc(l.line, w.number, func(w *waiter, n uint64) int { return cmp.Compare(w.number, n) })
		l.line = slices.Insert(l.line, i, w)
		l.advance()
		return false
	}
	if l.local != nil {
		l.local.spent(now)
	}
	return true
}

// late gives the clock the benefit of the doubt, but once: if Redis is far, its
// answers are never sure.
func (l *Limiter) late(p *place, now time.Time) bool {
	asleep := l.clock.slept(now)
	if l.clock.earliest(now).sub(p.at)+asleep > l.patience {
		return p.lates < maxLates
	}
	return l.clock.latest(now).sub(p.at)+asleep > l.patience && p.lates == 0
}

// order lets places go up the line, unless that would make somebody too late.
func (l *Limiter) order() {
	line := make([]*waiter, 0, len(l.line))
	for _, w := range l.line {
		if w.place.settled() {
			line = append(line, w)
		}
	}
	for i := 1; i < len(line); i++ {
		for k := i; k > 0; k-- {
			ahead, behind := line[k-1], line[k]
			if ahead.place.at <= behind.place.at || !behind.canWait(l.clock.local(ahead.place.at)) {
				break
			}
			ahead.place, behind.place = behind.place, ahead.place
			ahead.place.waiter, behind.place.waiter = ahead, behind
		}
	}
}

func (w *waiter) canWait(until time.Time) bool {
	return w.deadline.IsZero() || !until.After(w.deadline)
}
