package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A flight lets callers who ask the same question at the same time share one
// answer. The question runs for as long as anyone waits for it: a caller whose
// context ends leaves alone, and the last one to leave ends the question. The
// zero value is ready.
type flight[T any] struct {
	mu      sync.Mutex
	asked   uint64 // questions so far
	running *question[T]
}

type question[T any] struct {
	number  uint64
	ctx     *sharedContext
	cancel  context.CancelFunc
	waiting int
	done    chan struct{}
	// Set before done is closed.
	value    T
	err      error
	panicked any
}

// errAbandoned is for a question whose function ended its goroutine
// (runtime.Goexit, as testing.T.FailNow does) instead of returning.
var errAbandoned = errors.New("the function that was asked ended its goroutine")

// mark stands for now: a question with a higher number was asked later.
func (f *flight[T]) mark() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// do returns fn's answer to a question asked after the mark; zero takes the one
// that is running, whenever it was asked. At most one question runs at a time.
func (f *flight[T]) do(ctx context.Context, after uint64, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	for {
		if err := ctx.Err(); err != nil {
			return zero, err
		}
		f.mu.Lock()
		q := f.running
		if q == nil {
			q = f.start(ctx, fn)
		} else if q.number > after {
			q.ctx.extend(ctx)
		} else { // too old to count: let it end, then ask
			f.mu.Unlock()
			select {
			case <-q.done:
			case <-ctx.Done():
			}
			continue
		}
		q.waiting++
		f.mu.Unlock()

		select {
		case <-q.done:
			if q.panicked != nil {
				panic(q.panicked)
			}
			return q.value, q.err
		case <-ctx.Done():
			f.leave(q)
			return zero, ctx.Err()
		}
	}
}

// start is called with the lock held.
func (f *flight[T]) start(ctx context.Context, fn func(context.Context) (T, error)) *question[T] {
	f.asked++
	// The values of the first caller's context travel with the question, its end
	// does not.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &question[T]{number: f.asked, ctx: &sharedContext{Context: base}, cancel: cancel, done: make(chan struct{}), err: errAbandoned}
	q.ctx.extend(ctx)
	f.running = q
	go func() {
		defer func() {
			q.panicked = recover()
			f.mu.Lock()
			if f.running == q {
				f.running = nil
			}
			f.mu.Unlock()
			cancel()
			close(q.done)
		}()
		q.value, q.err = fn(q.ctx)
	}()
	return q
}

// leave ends the question when nobody waits for it any more. A later caller then
// asks anew instead of joining one that is being given up.
func (f *flight[T]) leave(q *question[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q.waiting--
	if q.waiting > 0 {
		return
	}
	q.cancel()
	if f.running == q {
		f.running = nil
	}
}

// A sharedContext has the latest deadline of those who wait, so that whoever
// plans by the deadline (a retry that would end too late is not begun) plans for
// the most patient of them.
type sharedContext struct {
	context.Context

	mu     sync.Mutex
	latest time.Time
	never  bool // somebody waits without a deadline
}

func (c *sharedContext) extend(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := ctx.Deadline(); !ok {
		c.never = true
	} else if d.After(c.latest) {
		c.latest = d
	}
}

func (c *sharedContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest, !c.never
}
