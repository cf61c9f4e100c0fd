package redislimit

import (
	"cmp"
	"context"
	"log/slog"
	"time"
)

// An Option is for [New]. A nil Option is skipped.
type Option func(*Limiter)

// A Fallback decides while Redis is away. *rate.Limiter of golang.org/x/time/rate is one.
type Fallback interface {
	Wait(ctx context.Context) error
}

// FailClosed is a [Fallback] that lets nothing through: while Redis is away, every
// Wait returns [ErrUnavailable].
var FailClosed Fallback = failClosed{}

type failClosed struct{}

func (failClosed) Wait(context.Context) error { return ErrUnavailable }

// WithSlack sets how long an attempt may take from its turn to the server. Redis
// remembers it that much longer than the window, which costs the same share of the
// budget. The default, also if slack is negative, is 2.5 % of the window, at least 50 ms.
func WithSlack(slack time.Duration) Option {
	return func(l *Limiter) { l.slack = slack }
}

// WithFallback sets who decides while Redis is away. The default, also for nil, is a
// limiter of this process alone that keeps to its share. See [WithReplicas].
func WithFallback(fallback Fallback) Option {
	return func(l *Limiter) { l.fallback = fallback }
}

// WithReplicas says how many processes share the limit, for the default fallback: each
// takes an equal share. The default, also for n below 1, is 1: each takes the whole
// limit. If n exceeds the limit, each makes one attempt in n/limit windows.
func WithReplicas(n int) Option {
	return func(l *Limiter) { l.replicas = max(n, 1) }
}

// WithTimeout sets how long Redis may take to answer before it counts as away, and so
// how long it can delay a Wait. The default, also if timeout is not positive, is 1 s.
func WithTimeout(timeout time.Duration) Option {
	return func(l *Limiter) { l.timeout = cmp.Or(max(timeout, 0), time.Second) }
}

// WithLogger logs when Redis goes away and when it is back, in one line each. The
// default is nil: nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(l *Limiter) { l.logger = logger }
}
