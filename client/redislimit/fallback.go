package redislimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// A State tells whether Redis decides or the fallback.
type State struct {
	Degraded bool      // Redis is away, and the fallback decides
	Since    time.Time // of the last change; zero if Redis has always been there
	Cause    error     // why Redis is away; nil if it is not
}

type health struct {
	State
	answered time.Time // when Redis last answered
	until    time.Time // until then Redis is left alone, or if it is back, this process keeps to its share
}

func (h *health) away(now time.Time) bool { return h.Degraded && now.Before(h.until) }

func (h *health) unavailable() error { return fmt.Errorf("%w: %w", ErrUnavailable, h.Cause) }

// heard takes in how a trip ended, and reports whether this is news. Redis is left alone
// for as long as it has been away, but a second at least and ten at most. When it is back
// this process keeps to its share for as long as it may have been away, up to ten seconds:
// other processes may still be without Redis.
func (h *health) heard(now time.Time, cause error) (news bool) {
	since := h.Since
	if cause == nil {
		since, h.answered = cmp.Or(h.answered, h.Since), now
	}
	pause := min(max(now.Sub(since), time.Second), 10*time.Second)
	if news = h.Degraded != (cause != nil); news {
		h.State = State{Degraded: cause != nil, Since: now}
		if h.Degraded {
			pause = time.Second
		}
	}
	if h.Cause = cause; news || cause != nil {
		// A fifth is chance, so that the processes of a fleet do not return together.
		h.until = now.Add(pause - rand.N(pause/5)) // jitter, not a secret
	}
	return news
}

// share waits for the fallback while Redis is away, but at least for the turn that Redis
// gave, and for this process's share after that. It returns true if Redis is not asked.
func (l *Limiter) share(ctx context.Context, turn time.Time) (alone bool, err error) {
	for {
		now := time.Now()
		l.mu.Lock()
		h, pause := l.health, l.pause
		alone = h.Degraded && (h.away(now) || l.traveling)
		l.mu.Unlock()
		at, until := turn, turn
		switch {
		case l.fallback == FailClosed, !alone && (h.Degraded || l.local == nil || !now.Before(h.until)):
			return false, nil
		case alone && pause.After(now):
			at, until = pause, pause
		case turn.After(now):
		case l.local == nil:
			err = l.fallback.Wait(ctx)
			return err == nil && l.spend(), err
		default:
			if at = l.local.take(now); !at.After(now) {
				return alone && l.spend(), nil
			}
			until = now.Add(max(h.until.Sub(now), 100*time.Millisecond)) // a trip may be under way
			if !alone && at.After(until) {
				at = until // from then on Redis decides
			}
		}
		if err := sleepUntil(ctx, at, until); err != nil {
			return false, err
		}
	}
}

// spend notes an attempt that Redis is to hear of. More than limit would tell it no more.
func (l *Limiter) spend() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = append(l.used, place{id: l.newID(), at: time.Now()})
	l.used = l.used[max(len(l.used)-l.limit, 0):]
	l.advance()
	return true
}

// owes reports whether Redis is to hear of attempts, of a pause or of who has left, as long as that
// matters: what is reserved ends by itself. A client that is closed reaches Redis no more.
func (l *Limiter) owes(now time.Time) bool {
	last := len(l.used) - 1
	return !errors.Is(l.health.Cause, redis.ErrClosed) && (last >= 0 && now.Sub(l.used[last].at) < l.span || l.untold.After(now) ||
		len(l.back) > 0 && (!l.health.Degraded || now.Sub(l.health.Since) < l.span))
}

// local is the default fallback. It counts what this process last heard of the attempts
// of all, and assumes that since then the other replicas do what this one does.
type local struct {
	limit, replicas int
	span            time.Duration
	longer          time.Duration // the span of own attempts, if replicas exceed the limit

	mu   sync.Mutex
	uses []*use
}

// A use is a number of attempts of the fleet that count until then. An own one is this
// process's, and what the others do meanwhile.
type use struct {
	attempts int
	until    time.Time
	own      bool
}

func newLocal(limit int, span time.Duration, replicas int) *local {
	replicas = min(replicas, 1<<30) // sums must not overflow
	longer := min(float64(span)*max(1, float64(replicas)/float64(limit)), float64(100*maxWindow))
	return &local{limit: limit, replicas: replicas, span: span, longer: time.Duration(longer)}
}

// hear takes in the slots in each tenth of the last span, the latest at most ahead from now.
func (l *local) hear(used []int64, now time.Time, ahead time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses = slices.DeleteFunc(l.uses, func(u *use) bool { return !u.own })
	for i, n := range used {
		l.uses = append(l.uses, &use{attempts: int(n), until: now.Add(ahead + l.span - time.Duration(i)*l.span/tenths)})
	}
}

// take takes an attempt if there is budget for one now, and returns the first time at which
// there is.
func (l *local) take(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses = slices.DeleteFunc(l.uses, func(u *use) bool { return !u.until.After(now) })
	slices.SortFunc(l.uses, func(a, b *use) int { return a.until.Compare(b.until) })
	used := l.replicas
	for _, u := range l.uses {
		used += u.attempts
	}
	at := now
	for i := 0; used > max(l.limit, l.replicas); i++ {
		used -= l.uses[i].attempts
		at = l.uses[i].until
	}
	if at.Equal(now) {
		l.uses = append(l.uses, &use{l.replicas, now.Add(l.longer), true})
	}
	return at
}

// sleepUntil returns at the earlier of two times, or at once with an error if the context
// ends before the first.
func sleepUntil(ctx context.Context, at, until time.Time) error {
	if deadline, bounded := ctx.Deadline(); bounded && at.After(deadline) {
		return &DeadlineError{Delay: time.Until(at)}
	}
	if until.Before(at) {
		at = until
	}
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
