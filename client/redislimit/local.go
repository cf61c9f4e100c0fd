package redislimit

import (
	"context"
	"slices"
	"sync"
	"time"
)

// local keeps the promise for one process's share: at most limit attempts in any
// span. It knows what the process was let through by Redis, so that the share does
// not come on top of that.
type local struct {
	limit int
	span  time.Duration

	mu  sync.Mutex
	log []time.Time // of the last span, and ahead; in order
}

// newLocal is for one of so many replicas. Where the limit does not go round, each
// takes one attempt in a longer span.
func newLocal(limit int, span time.Duration, replicas int) *local {
	if replicas > limit {
		longer := float64(span) * float64(replicas) / float64(limit)
		return &local{limit: 1, span: time.Duration(min(longer, float64(100*maxWindow)))}
	}
	return &local{limit: limit / replicas, span: span}
}

// Wait is served in turn.
func (l *local) Wait(ctx context.Context) error {
	deadline, bounded := ctx.Deadline()
	now := time.Now()
	l.mu.Lock()
	at := l.next(now)
	if bounded && at.After(deadline) {
		l.mu.Unlock()
		return &DeadlineError{Delay: at.Sub(now)}
	}
	l.log = append(l.log, at)
	l.mu.Unlock()
	if err := sleepUntil(ctx, at); err != nil {
		l.giveBack(at)
		return err
	}
	return nil
}

// next is after all others, and a span after the one that is limit before.
func (l *local) next(now time.Time) time.Time {
	l.trim(now)
	at, n := now, len(l.log)
	if n > 0 && l.log[n-1].After(at) {
		at = l.log[n-1]
	}
	if n >= l.limit {
		if free := l.log[n-l.limit].Add(l.span); free.After(at) {
			at = free
		}
	}
	return at
}

func (l *local) trim(now time.Time) {
	old := 0
	for old < len(l.log) && now.Sub(l.log[old]) >= l.span {
		old++
	}
	l.log = slices.Delete(l.log, 0, old)
}

func (l *local) giveBack(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.log, at); i >= 0 {
		l.log = slices.Delete(l.log, i, i+1)
	}
}

// spent takes in an attempt that Redis let through.
func (l *local) spent(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(now)
	i, _ := slices.BinarySearchFunc(l.log, now, time.Time.Compare)
	l.log = slices.Insert(l.log, i, now)
}

// sleepUntil returns at the instant or when the context ends.
func sleepUntil(ctx context.Context, at time.Time) error {
	left := time.Until(at)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
