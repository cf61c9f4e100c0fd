package redislimit

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrWouldExceedDeadline means that the turn would come after the context's
	// deadline, so that Wait did not begin to wait. It comes as a [*DeadlineError].
	ErrWouldExceedDeadline = errors.New("redislimit: the turn would come after the context's deadline")

	// ErrUnavailable means that Redis does not do its work and that [FailClosed]
	// was asked for. The cause is in the error's chain.
	ErrUnavailable = errors.New("redislimit: Redis is not available")

	// ErrInvalid means that [New] was given something that makes no limiter: every
	// Wait says what.
	ErrInvalid = errors.New("redislimit: invalid limiter")
)

// A DeadlineError is an [ErrWouldExceedDeadline] that tells how long the wait
// would have been. Nothing was taken from the budget.
type DeadlineError struct {
	Delay time.Duration
}

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("%v (in %v)", ErrWouldExceedDeadline, e.Delay.Round(time.Millisecond))
}

// Is reports whether target is [ErrWouldExceedDeadline].
func (e *DeadlineError) Is(target error) bool { return target == ErrWouldExceedDeadline }

// RetryAfter is Delay, for callers that do not know the type.
func (e *DeadlineError) RetryAfter() time.Duration { return e.Delay }

// errNoAnswer is the cause when a trip to Redis took too long.
var errNoAnswer = errors.New("no answer in time")

// errAway sends a waiter to the fallback.
type errAway struct{ cause error }

func (e errAway) Error() string { return e.cause.Error() }
