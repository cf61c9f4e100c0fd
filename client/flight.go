package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A flight lets callers who ask the same question at the same time share one answer. The question
// runs as long as anyone waits for it: a caller whose context ends leaves alone, and the last one
// to leave ends the question. A panic of the question reaches all who wait. The zero value is ready.
type flight[T any] struct {
	mu      sync.Mutex
	running *question[T]
}

// A question is the context of the function that answers it. Its values are those of the first
// caller, its deadline is the latest of those who wait: who plans by it plans for the most patient.
type question[T any] struct {
	context.Context
	cancel   context.CancelFunc
	flight   *flight[T]
	waiting  int
	latest   time.Time
	done     chan struct{}
	value    T // this and the next two are set before done is closed
	err      error
	panicked any
}

// noDeadline stands for the deadline of a caller who has none.
var noDeadline = time.Unix(1<<40, 0)

// do returns fn's answer. It joins the question that runs; afresh, it lets that end first, since
// it was asked too early to count. At most one question runs at a time.
func (f *flight[T]) do(ctx context.Context, afresh bool, fn func(context.Context) (T, error)) (none T, err error) {
	f.mu.Lock()
	if old := f.running; afresh && old != nil {
		f.mu.Unlock()
		select {
		case <-old.done:
		case <-ctx.Done():
		}
		f.mu.Lock()
	}
	if ctx.Err() != nil {
		f.mu.Unlock()
		return none, ctx.Err()
	}
	q := f.join(ctx, fn)
	f.mu.Unlock()
	select {
	case <-q.done:
		if q.panicked != nil {
			panic(q.panicked)
		}
		return q.value, q.err
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		if q.waiting--; q.waiting == 0 {
			f.end(q)
		}
		return none, ctx.Err()
	}
}

// join is called with the lock held.
func (f *flight[T]) join(ctx context.Context, fn func(context.Context) (T, error)) *question[T] {
	q := f.running
	if q == nil {
		base, cancel := context.WithCancel(context.WithoutCancel(ctx))
		// The error is for a function that ends its goroutine, as testing.T.FailNow does.
		q = &question[T]{Context: base, cancel: cancel, flight: f, done: make(chan struct{}), err: errors.New("the function ended its goroutine")}
		f.running = q
		go func() {
			defer close(q.done)
			defer func() {
				q.panicked = recover()
				f.mu.Lock()
				defer f.mu.Unlock()
				f.end(q)
			}()
			q.value, q.err = fn(q)
		}()
	}
	q.waiting++
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = noDeadline
	}
	if deadline.After(q.latest) {
		q.latest = deadline
	}
	return q
}

// end ends a question and makes room for the next. It is called with the lock held.
func (f *flight[T]) end(q *question[T]) {
	q.cancel()
	if f.running == q {
		f.running = nil
	}
}

// Deadline is the latest of those who wait.
func (q *question[T]) Deadline() (time.Time, bool) {
	q.flight.mu.Lock()
	defer q.flight.mu.Unlock()
	return q.latest, true
}
