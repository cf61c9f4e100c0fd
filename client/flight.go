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
	asked   uint64 // questions so far
	running *question[T]
}

// A question is the context of the function that answers it. Its values are those of the first
// caller, its deadline is the latest of those who wait: who plans by it plans for the most patient.
type question[T any] struct {
	context.Context
	cancel  context.CancelFunc
	flight  *flight[T]
	number  uint64
	waiting int
	latest  time.Time // of the deadlines
	never   bool      // somebody waits without a deadline

	done     chan struct{}
	value    T // this and the next are set before done is closed
	err      error
	panicked any
}

// errGoexit is for a function that ends its goroutine, as testing.T.FailNow does.
var errGoexit = errors.New("the function that was asked ended its goroutine")

// do returns fn's answer to a question that was asked after the numbered one; after zero it joins
// whichever runs. At most one question runs at a time.
func (f *flight[T]) do(ctx context.Context, after uint64, fn func(context.Context) (T, error)) (zero T, err error) {
	for ctx.Err() == nil {
		f.mu.Lock()
		q := f.running
		join := q == nil || q.number > after
		if q == nil {
			q = f.start(ctx, fn)
		}
		if join {
			q.waiting++
			deadline, ok := ctx.Deadline()
			q.never = q.never || !ok
			if deadline.After(q.latest) {
				q.latest = deadline
			}
		}
		f.mu.Unlock()

		select {
		case <-q.done:
			if !join {
				continue // too old to count: ask again
			}
			if q.panicked != nil {
				panic(q.panicked)
			}
			return q.value, q.err
		case <-ctx.Done():
			if join {
				f.leave(q)
			}
		}
	}
	return zero, ctx.Err()
}

// start is called with the lock held.
func (f *flight[T]) start(ctx context.Context, fn func(context.Context) (T, error)) *question[T] {
	f.asked++
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	q := &question[T]{Context: base, cancel: cancel, flight: f, number: f.asked, done: make(chan struct{}), err: errGoexit}
	f.running = q
	go func() {
		defer func() {
			q.panicked = recover()
			f.finish(q)
			cancel()
			close(q.done)
		}()
		q.value, q.err = fn(q)
	}()
	return q
}

// finish makes room for the next question.
func (f *flight[T]) finish(q *question[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == q {
		f.running = nil
	}
}

// leave ends the question when nobody waits for it any more. Who comes later asks anew.
func (f *flight[T]) leave(q *question[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if q.waiting--; q.waiting == 0 {
		q.cancel()
		if f.running == q {
			f.running = nil
		}
	}
}

// mark is the number of the last question: one with a higher number is asked later.
func (f *flight[T]) mark() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (q *question[T]) Deadline() (time.Time, bool) {
	q.flight.mu.Lock()
	defer q.flight.mu.Unlock()
	return q.latest, !q.never
}
