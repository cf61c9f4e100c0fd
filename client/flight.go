package client

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A flight lets callers who ask the same question at the same time share one answer. At most one
// question runs at a time, as long as anyone waits for it: a caller whose context ends leaves
// alone, and the last one to leave ends the question. A panic of the question reaches all who wait.
// The zero value is ready.
type flight[T any] struct {
	mu      sync.Mutex
	running *question[T] // the last one; it is over when its context is
}

// A question is asked once for all who wait for its answer. Its context has the values of the first
// caller, and ends when nobody waits any more. It has no deadline of its own, since that moves when
// a caller with more time joins: see deadlineOf.
type question[T any] struct {
	ctx      context.Context
	end      context.CancelFunc
	waiting  []time.Time // the deadlines of those who wait
	latest   atomic.Pointer[time.Time]
	value    T // this and the next two are set before the context ends
	err      error
	panicked any
}

// do returns fn's answer. If a question runs already it joins that one, calls no fn, and reports
// joined. It returns ctx's error if that ends first.
func (f *flight[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (value T, joined bool, err error) {
	deadline := deadlineOf(ctx)
	f.mu.Lock()
	q := f.running
	joined = q != nil && q.ctx.Err() == nil
	if !joined {
		// The error is for a function that ends its goroutine, as testing.T.FailNow does.
		q = &question[T]{err: context.Canceled}
		q.latest.Store(&deadline)
		q.ctx, q.end = context.WithCancel(context.WithValue(context.WithoutCancel(ctx), latestKey{}, &q.latest))
		f.running = q
		go func() {
			defer q.end()
			defer func() { q.panicked = recover() }()
			q.value, q.err = fn(q.ctx)
		}()
	}
	q.waiting = append(q.waiting, deadline)
	q.latest.Store(new(slices.MaxFunc(q.waiting, time.Time.Compare)))
	f.mu.Unlock()
	select {
	case <-q.ctx.Done():
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		i := slices.Index(q.waiting, deadline)
		if q.waiting = slices.Delete(q.waiting, i, i+1); len(q.waiting) == 0 {
			q.end()
		} else {
			q.latest.Store(new(slices.MaxFunc(q.waiting, time.Time.Compare)))
		}
		return value, joined, ctx.Err()
	}
	if q.panicked != nil {
		panic(q.panicked)
	}
	return q.value, joined, q.err
}

// latestKey finds the latest deadline of those who share a question.
type latestKey struct{}

// deadlineOf is the context's deadline. In a shared question it is the latest of those of its
// callers, unless the context's own is earlier. Without a deadline it is a time that never comes.
func deadlineOf(ctx context.Context) time.Time {
	latest := time.Unix(1<<40, 0)
	if shared, ok := ctx.Value(latestKey{}).(*atomic.Pointer[time.Time]); ok {
		latest = *shared.Load()
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(latest) {
		return deadline
	}
	return latest
}

// pause waits, until something changes at the latest. It returns the context's error when that ends.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	select {
	case <-time.After(d):
	case <-changed:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// affordable reports whether a wait may begin: it can end before the context's deadline and is not
// longer than most.
func affordable(ctx context.Context, wait, most time.Duration) bool {
	return wait <= most && wait < time.Until(deadlineOf(ctx))
}
