package redislimit

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrWouldExceedDeadline is what a [*DeadlineError] matches.
	ErrWouldExceedDeadline = errors.New("redislimit: the turn would come after the context's deadline")

	// ErrUnavailable means that Redis is away and the fallback is [FailClosed]. It wraps the cause.
	ErrUnavailable = errors.New("redislimit: Redis is not available")

	// ErrInvalid means that a limiter cannot keep its promise, and says why. See [New].
	ErrInvalid = errors.New("redislimit: invalid limiter")

	errNoAnswer = errors.New("no answer in time")
)

// A DeadlineError means that the turn would come after the context's deadline. Wait did
// not wait, and nothing was taken from the budget.
type DeadlineError struct {
	Delay time.Duration // how long the wait would have been
}

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("%v (in %v)", ErrWouldExceedDeadline, e.Delay.Round(time.Millisecond))
}

// Is reports whether target is [ErrWouldExceedDeadline].
func (e *DeadlineError) Is(target error) bool { return target == ErrWouldExceedDeadline }

// RetryAfter returns Delay. Package client finds it through an interface.
func (e *DeadlineError) RetryAfter() time.Duration { return e.Delay }
