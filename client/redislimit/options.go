package redislimit

import (
	"context"
	"log/slog"
	"time"
)

// An Option changes how [New] makes a limiter. A nil one is skipped.
type Option func(*settings)

type settings struct {
	slack    time.Duration // negative: the default
	timeout  time.Duration
	replicas int
	fallback Fallback
	logger   *slog.Logger
}

// A Fallback decides while Redis is away. *rate.Limiter of golang.org/x/time/rate
// is one, and so is [FailClosed].
type Fallback interface {
	Wait(ctx context.Context) error
}

// FailClosed is a [Fallback] that lets nothing through: while Redis is away every
// Wait returns [ErrUnavailable].
var FailClosed Fallback = failClosed{}

type failClosed struct{}

func (failClosed) Wait(context.Context) error { return ErrUnavailable }

// WithSlack sets by how much more than the window the log counts, for the way from
// Redis to the server by way of the caller: an attempt that takes longer than the
// slack from its turn until the server counts it may be one too many. Unless told,
// and when negative, it is 2.5 % of the window, at least 50 ms. It costs as much
// of the budget.
func WithSlack(slack time.Duration) Option {
	return func(s *settings) { s.slack = slack }
}

// WithFallback sets who decides while Redis is away: unless told, and when nil, a
// limiter of this process alone that keeps the same promise for its share of the
// limit (see [WithReplicas]).
func WithFallback(fallback Fallback) Option {
	return func(s *settings) { s.fallback = fallback }
}

// WithReplicas says how many processes share the limit, for the fallback alone:
// without Redis each takes an equal share. Unless told it is 1, and so each process
// takes the whole limit. Less than 1 counts as 1. With more replicas than limit each
// takes one attempt in so many windows that the fleet keeps to the limit on average.
func WithReplicas(n int) Option {
	return func(s *settings) { s.replicas = max(n, 1) }
}

// WithTimeout sets how long one answer of Redis may take before it counts as away:
// a second unless told, and when not positive. That is the most that a Redis which
// hangs can cost a Wait.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithLogger logs when Redis goes away, and when it is back: one line each, however
// many callers there are. Nil logs nothing, which is the default.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) { s.logger = logger }
}
