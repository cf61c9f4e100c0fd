package redislimit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	defaultTimeout = time.Second
	// maxWindow leaves room to calculate.
	maxWindow = 366 * 24 * time.Hour
	// maxPause is the longest pause that is believed, as long as the client's gate
	// believes a reset: one bad header must not stop a fleet for a day.
	maxPause = time.Hour
)

// A Limiter is this process's part in a budget that a fleet shares. Make it with
// [New]; the zero Limiter lets nothing through. It is safe for concurrent use, has
// nothing to close, and must not be copied.
type Limiter struct {
	rdb      redis.UniversalClient
	keys     []string
	limit    int
	span     time.Duration // the window and the slack
	apart    time.Duration // between those who had to wait
	horizon  time.Duration // a place no further ahead is firm
	patience time.Duration // how late a turn may be taken
	timeout  time.Duration
	fallback Fallback
	local    *local // the fallback, unless told
	logger   *slog.Logger
	prefix   string // of ids
	invalid  error

	mu        sync.Mutex
	clock     clock
	health    health
	line      []*waiter     // in order of arrival
	paused    time.Time     // nobody goes before
	untold    bool          // paused is news for the others
	told      chan struct{} // closed when they have been told; nil if nobody waits for that
	back      []string      // ids of places to give back
	used      []use         // attempts that Redis does not know of
	ids       uint64
	traveling bool
	timer     *time.Timer
}

// New returns a limiter that shares limit attempts per window with all others that
// have the same name on the same Redis, in this process or another. All should be
// given the same limit and window; a name that is a secret, such as an API key, is
// not stored, only its hash.
//
// Nothing is asked of Redis before the first Wait, and rdb stays the caller's to
// close. A nil rdb, an empty name, and a limit or window that is not positive (or
// longer than a year) make no limiter: every Wait returns [ErrInvalid].
func New(rdb redis.UniversalClient, name string, limit int, window time.Duration, opts ...Option) *Limiter {
	s := settings{slack: -1, replicas: 1}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	if s.slack < 0 {
		s.slack = max(window/40, 50*time.Millisecond)
	}
	if s.timeout <= 0 {
		s.timeout = defaultTimeout
	}
	l := &Limiter{
		rdb:      rdb,
		keys:     keys(name),
		limit:    limit,
		span:     window + s.slack,
		horizon:  min(max(window/4, 100*time.Millisecond), time.Second),
		patience: max(s.slack/2, 5*time.Millisecond),
		timeout:  s.timeout,
		fallback: s.fallback,
		logger:   s.logger,
		prefix:   rand.Text()[:12] + ".",
		invalid:  refusal(rdb, name, limit, window, s.slack),
	}
	if l.invalid != nil {
		return l
	}
	// Those who waited for a window leave within a twentieth of it, not at once.
	l.apart = window / 20 / time.Duration(limit)
	if l.fallback == nil {
		l.local = newLocal(limit, l.span, s.replicas)
		l.fallback = l.local
	}
	return l
}

func refusal(rdb redis.UniversalClient, name string, limit int, window, slack time.Duration) error {
	switch {
	case rdb == nil:
		return fmt.Errorf("%w: no Redis client", ErrInvalid)
	case name == "":
		return fmt.Errorf("%w: name must not be empty", ErrInvalid)
	case limit <= 0:
		return fmt.Errorf("%w: limit must be positive (%d)", ErrInvalid, limit)
	case window <= 0 || window > maxWindow:
		return fmt.Errorf("%w: window must be positive, and a year at most (%v)", ErrInvalid, window)
	case slack > maxWindow:
		return fmt.Errorf("%w: slack must be a year at most (%v)", ErrInvalid, slack)
	}
	return nil
}

// keys share a hash tag, so that a cluster has them in one slot.
func keys(name string) []string {
	sum := sha256.Sum256([]byte(name))
	tag := "adminportal:{" + hex.EncodeToString(sum[:16]) + "}:"
	return []string{tag + "log", tag + "firm", tag + "kept", tag + "state"}
}

// Wait returns nil when the caller may make one attempt, now. It returns early with
// the context's error when that ends, and at once with a [*DeadlineError] when the
// turn would come after its deadline; neither costs the budget anything.
//
// While Redis is away the fallback decides, and the error is the fallback's.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := l.usable(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w := l.enter(ctx)
	for {
		var err error
		select {
		case err = <-w.done:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			l.leave(w)
			return ctx.Err()
		}
		if away, ok := err.(errAway); ok { //nolint:errorlint // ours, and never wrapped
			return l.without(ctx, away.cause)
		}
		if err != nil || l.take(w) {
			return err
		}
	}
}

// Pause keeps the whole fleet from its turns for d from now: callers whose turn
// would come sooner wait longer. It is for a refusal by the server, a 429, which
// says that the budget is less than thought. A pause is never shortened by another;
// d that is not positive is none, and more than an hour counts as an hour.
//
// It returns when Redis knows, or could not be told; this process keeps to it
// either way.
func (l *Limiter) Pause(ctx context.Context, d time.Duration) {
	if l.usable() != nil || d <= 0 {
		return
	}
	told := l.pause(min(d, maxPause))
	select {
	case <-told:
	case <-ctx.Done():
	}
}

// State tells whether Redis decides, or the fallback.
func (l *Limiter) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health.State
}

// usable is why nothing can come of this limiter.
func (l *Limiter) usable() error {
	if l.invalid == nil && l.rdb == nil {
		return fmt.Errorf("%w: it was not made with New", ErrInvalid)
	}
	return l.invalid
}

// without is Wait while Redis is away.
func (l *Limiter) without(ctx context.Context, cause error) error {
	if l.fallback == FailClosed {
		return fmt.Errorf("%w: %w", ErrUnavailable, cause)
	}
	l.mu.Lock()
	paused := l.paused
	l.mu.Unlock()
	if deadline, ok := ctx.Deadline(); ok && paused.After(deadline) {
		return &DeadlineError{Delay: time.Until(paused)}
	}
	if err := sleepUntil(ctx, paused); err != nil {
		return err
	}
	if err := l.fallback.Wait(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = append(l.used, use{l.newID(), time.Now()})
	l.used = l.used[max(len(l.used)-l.limit, 0):] // more than the limit tells nothing more
	return nil
}
