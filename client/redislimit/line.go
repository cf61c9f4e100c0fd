package redislimit

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// A waiter is one call of Wait.
type waiter struct {
	place
	deadline time.Time  // zero: none
	done     chan error // how the wait ended
	ended    bool       // it is no longer in line
}

// A place is what Redis knows of a waiter. Waiters move up to those of others who leave.
type place struct {
	id     string
	status status
	asking bool      // a trip asks for it now; until its end the place stays where it is
	at     time.Time // reserved: when to ask again; slot: when to go
	turn   time.Time // reserved: when the slot is expected
	latest time.Time // slot: when it is too late to go
	lates  int       // how often it was too late
}

// known reports whether Redis may know the place, also after a pause has taken its slot.
func (p *place) known() bool { return p.asking || !p.turn.IsZero() || !p.latest.IsZero() }

// A status is a number of the script's answer.
type status int

const (
	unknown  status = iota // to be asked for, or refused
	reserved               // to be asked for again
	slot                   // final
)

func (l *Limiter) newID() string {
	l.ids++
	return l.prefix + strconv.FormatUint(l.ids, 36)
}

// enter puts a caller at the end of the line.
func (l *Limiter) enter(ctx context.Context) *waiter {
	w := &waiter{done: make(chan error, 1)}
	w.deadline, _ = ctx.Deadline()
	l.mu.Lock()
	defer l.mu.Unlock()
	w.id = l.newID()
	l.line = append(l.line, w)
	l.advance()
	return w
}

// leave removes a waiter whose context ended, and gives back what those behind it leave.
func (l *Limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	free := w.place
	if i := slices.Index(l.line, w); i >= 0 {
		w.ended = true
		l.line = slices.Delete(l.line, i, i+1)
		for _, behind := range l.line[i:] {
			earlier := free.status != unknown && (behind.status == unknown || free.at.Before(behind.at))
			if earlier && !free.asking && !behind.asking {
				free, behind.place = behind.place, free
			}
		}
	}
	if free.known() {
		l.giveBack(free.id)
	}
	l.advance()
}

// giveBack tells Redis with the next trips that an id is not needed any more. It keeps the
// latest hundred thousand; others leave Redis when their time has passed.
func (l *Limiter) giveBack(id string) {
	l.back = append(l.back, id)
	l.back = l.back[max(len(l.back)-100_000, 0):]
}

// advance does what is due now and sets the timer for what is due next. It is called
// with the lock held after every change, and by the timer.
func (l *Limiter) advance() {
	var (
		now  = time.Now()
		next time.Time
		ask  []*waiter
	)
	for _, w := range slices.Clone(l.line) {
		switch {
		case w.asking:
		case w.status != unknown && w.at.After(now):
			if next.IsZero() || w.at.Before(next) {
				next = w.at
			}
		case w.status == slot && !w.late(now):
			l.serve(w, nil)
		default:
			if w.status == slot {
				w.lates++
				w.status = unknown
			}
			ask = append(ask, w)
		}
	}
	switch {
	case l.health.away(now), l.health.Degraded && l.traveling && l.fallback != FailClosed:
		for _, w := range ask {
			if w.known() {
				l.giveBack(w.id)
			}
			l.serve(w, l.health.unavailable())
		}
		if l.owes(now) && l.health.away(now) && (next.IsZero() || l.health.until.Before(next)) {
			next = l.health.until // even if nobody asks by then
		}
	case !l.traveling && (len(ask) > 0 || l.owes(now)):
		l.depart(ask, now)
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	if !next.IsZero() {
		l.timer = time.AfterFunc(next.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.advance()
		})
	}
}

// late reports whether this process stood still since the slot, by either clock: on a
// suspended machine the monotonic one may stop. The fourth time, a waiter goes late.
func (w *waiter) late(now time.Time) bool {
	return w.lates < 3 && (now.After(w.latest) || now.Round(0).After(w.latest.Round(0)))
}

// serve ends a wait that has not ended yet.
func (l *Limiter) serve(w *waiter, err error) {
	if !w.ended {
		l.line = slices.DeleteFunc(l.line, func(other *waiter) bool { return other == w })
		w.ended = true
		w.done <- err
	}
}
