package redislimit

import (
	"context"
	_ "embed" // script.lua
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed script.lua
var source string

var script = redis.NewScript(source)

// maxAsked is how many places one trip asks for, so that Redis is not held up.
const maxAsked = 100

// A use is an attempt that the fallback let through.
type use struct {
	id string
	at time.Time
}

// A trip runs the script once, for all who have something to ask. One is under way
// at a time: those who come meanwhile go with the next, in their order.
type trip struct {
	places []*place
	back   []string
	used   []use
	pause  bool
	sent   time.Time
	over   bool
	told   chan struct{} // closed when it is over, if anybody waits for that
	timer  *time.Timer
}

// depart begins a trip. The lock is held.
func (l *Limiter) depart(places []*place, now time.Time) {
	t := &trip{
		places: places[:min(len(places), maxAsked)],
		back:   l.back, used: l.used, pause: l.untold, told: l.told,
		sent: now,
	}
	for _, p := range t.places {
		p.asking = true
	}
	l.back, l.used, l.untold, l.told = nil, nil, false, nil
	l.traveling = true
	args := l.args(t, now)
	// Not every client of Redis minds the context: some wait for their own timeouts.
	t.timer = time.AfterFunc(l.timeout, func() { l.arrive(t, nil, errNoAnswer) })
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
		defer cancel()
		answer, err := script.Run(ctx, l.rdb, l.keys, args...).Int64Slice()
		if want := 2 + 2*len(t.places); err == nil && len(answer) != want {
			err = fmt.Errorf("script answered %d numbers, want %d", len(answer), want)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = errNoAnswer
		}
		l.arrive(t, answer, err)
	}()
}

func (l *Limiter) args(t *trip, now time.Time) []any {
	var pause time.Duration
	if t.pause {
		pause = max(l.paused.Sub(now), 0)
	}
	args := []any{
		l.limit, l.span.Microseconds(), l.apart.Microseconds(), l.horizon.Microseconds(), pause.Microseconds(),
		len(t.used), len(t.back), len(t.places),
	}
	for _, u := range t.used {
		args = append(args, u.id, now.Sub(u.at).Microseconds())
	}
	for _, id := range t.back {
		args = append(args, id)
	}
	for _, p := range t.places {
		wait := int64(-1)
		if deadline := p.waiter.deadline; !deadline.IsZero() {
			wait = max(deadline.Sub(now), 0).Microseconds()
		}
		args = append(args, p.id, wait)
	}
	return args
}

// arrive takes in what a trip brought. It may be called twice: by the timeout and,
// when all is over, with the answer.
func (l *Limiter) arrive(t *trip, answer []int64, err error) {
	now := time.Now()
	l.mu.Lock()
	if t.over {
		if err == nil {
			l.abandon(t)
			l.advance()
		}
		l.mu.Unlock()
		return
	}
	t.over, l.traveling = true, false
	t.timer.Stop()
	var news bool
	if err != nil {
		news = l.health.failed(now, err)
		l.failed(t, now)
	} else {
		news = l.health.well(now)
		l.settle(t, answer, now)
	}
	state := l.health.State
	l.advance()
	l.mu.Unlock()
	if t.told != nil {
		close(t.told)
	}
	if news {
		l.tell(state)
	}
}

// abandon gives back the places of a trip that was given up.
func (l *Limiter) abandon(t *trip) {
	for _, p := range t.places {
		l.giveBack(p.id)
	}
}

// failed sends those who asked to the fallback, and keeps what was to be told.
func (l *Limiter) failed(t *trip, now time.Time) {
	for _, p := range t.places {
		p.asking = false
		if p.waiter != nil {
			l.serve(p.waiter, errAway{l.health.Cause})
		}
	}
	l.giveBack(t.back...)
	l.abandon(t) // Redis may have done its part
	l.used = append(t.used, l.used...)
	l.untold = l.untold || t.pause && l.paused.After(now)
	l.tellNobody()
}

func (l *Limiter) settle(t *trip, answer []int64, now time.Time) {
	told := instant(answer[0])
	// The first trip connects and may bring the script there. Where that took long, the
	// clock is not yet known well enough to tell whether a turn is late, or to be back
	// before a kept place is lost.
	unsure := l.clock.base.IsZero() && now.Sub(t.sent) > min(l.patience, l.horizon/4)
	l.clock.learn(t.sent, now, told)
	if pause := l.clock.local(instant(answer[1])); answer[1] != 0 && pause.After(l.paused) {
		l.paused = pause
	}
	for i, p := range t.places {
		p.asking = false
		p.at, p.state = instant(answer[2+2*i]), placeState(answer[3+2*i])
		switch {
		case p.waiter == nil && p.state != wanted:
			l.giveBack(p.id)
		case p.waiter != nil && p.state == wanted:
			l.serve(p.waiter, &DeadlineError{Delay: p.at.sub(told)})
		case unsure:
			p.state = wanted // and asked for anew
		}
	}
	l.order()
}

// pause returns a channel that is closed when Redis has been told, or cannot be.
func (l *Limiter) pause(d time.Duration) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if until := now.Add(d); until.After(l.paused) {
		l.paused, l.untold = until, true
	}
	if l.told == nil {
		l.told = make(chan struct{})
	}
	told := l.told
	l.advance()
	if !l.untold || !l.traveling { // no trip follows
		l.tellNobody()
	}
	return told
}

// tellNobody ends the wait for a trip that is not to be.
func (l *Limiter) tellNobody() {
	if l.told != nil {
		close(l.told)
		l.told = nil
	}
}
