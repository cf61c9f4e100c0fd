package client

import (
	"context"
	"sync"
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

// A question is the context of the function that answers it, with the values of the first caller.
// It ends when nobody waits any more. Its deadline is not the context's own, since it moves when a
// caller with more time joins: see deadlineOf.
type question[T any] struct {
	context.Context
	end      context.CancelFunc
	mu       *sync.Mutex // the flight's
	waiting  int
	latest   time.Time
	value    T // this and the next two are set before the context ends
	err      error
	panicked any
}

// do returns fn's answer, or that of the question that runs: it then has joined one that was asked
// earlier.
func (f *flight[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (value T, joined bool, err error) {
	deadline := deadlineOf(ctx) // takes the lock of a question that ctx belongs to
	f.mu.Lock()
	q := f.running
	joined = q != nil && q.Err() == nil
	if !joined {
		// The error is for a function that ends its goroutine, as testing.T.FailNow does.
		q = &question[T]{mu: &f.mu, err: context.Canceled}
		q.Context, q.end = context.WithCancel(context.WithoutCancel(ctx))
		f.running = q
		go func() {
			defer q.end()
			defer func() { q.panicked = recover() }()
			q.value, q.err = fn(q)
		}()
	}
	q.waiting++
	if deadline.After(q.latest) {
		q.latest = deadline
	}
	f.mu.Unlock()
	select {
	case <-q.Done():
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		if q.waiting--; q.waiting == 0 {
			q.end()
		}
		return value, joined, ctx.Err()
	}
	if q.panicked != nil {
		panic(q.panicked)
	}
	return q.value, joined, q.err
}

// Value lets deadlineOf find the latest deadline of those who wait.
func (q *question[T]) Value(key any) any {
	if key != (latestKey{}) {
		return q.Context.Value(key)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.latest
}
