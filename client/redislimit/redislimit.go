package redislimit

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	maxWindow = 366 * 24 * time.Hour // sums of times must not overflow
	maxPause  = time.Hour            // one wrong header must not stop a fleet for a day
)

// A Limiter is this process's part in a budget that a fleet shares. The zero Limiter lets
// nothing through. It is safe for concurrent use and must not be copied.
type Limiter struct {
	slack    time.Duration // negative: the default
	timeout  time.Duration
	replicas int
	fallback Fallback
	logger   *slog.Logger

	rdb      redis.UniversalClient
	keys     []string
	limit    int
	span     time.Duration // the window and the slack
	ahead    time.Duration // slots are given no further ahead than this
	patience time.Duration // how late a slot may be used
	local    *local        // the default fallback; nil if there is another one
	prefix   string        // of this process's ids
	invalid  error

	mu        sync.Mutex
	health    health
	line      []*waiter // in order of arrival
	pause     time.Time // no attempt before
	untold    time.Time // the end of a pause that Redis does not know of
	back      []string  // ids to give back
	used      []place   // attempts that Redis does not know of
	ids       uint64
	traveling bool // a trip to Redis is under way
	timer     *time.Timer
}

// New returns a limiter that shares limit attempts per window with all others that
// have the same name on the same Redis, in this process or another. All of them should
// have the same limit and window.
//
// The name says whose budget it is, by something that stays: the account or environment,
// such as "workos-production". An API key is a bad name. After a key rotation, restarted
// processes would share one budget and the older ones another, while the server counts
// all of them together.
//
// New asks nothing of Redis, and rdb stays the caller's to close. Every Wait returns
// [ErrInvalid] if rdb is nil or a [*redis.Ring], which moves keys to an empty shard when
// one dies, if name is empty, or if limit, window or slack is out of range.
func New(rdb redis.UniversalClient, name string, limit int, window time.Duration, opts ...Option) *Limiter {
	l := &Limiter{
		slack: -1, timeout: time.Second, replicas: 1,
		rdb:    rdb,
		keys:   keys(name),
		limit:  limit,
		ahead:  min(max(window/4, 200*time.Millisecond), time.Second),
		prefix: rand.Text()[:12] + ".",
	}
	for _, opt := range opts {
		if opt != nil {
			opt(l)
		}
	}
	if l.slack < 0 {
		l.slack = max(window/40, 50*time.Millisecond)
	}
	l.span = window + l.slack
	l.patience = max(l.slack/2, 5*time.Millisecond)
	switch _, ring := rdb.(*redis.Ring); {
	case rdb == nil, rdb == (*redis.Client)(nil), rdb == (*redis.ClusterClient)(nil):
		l.invalid = fmt.Errorf("%w: no Redis client", ErrInvalid)
	case ring:
		l.invalid = fmt.Errorf("%w: a redis.Ring forgets the attempts on a shard that dies; use one Redis, Sentinel or a cluster", ErrInvalid)
	case name == "":
		l.invalid = fmt.Errorf("%w: name must not be empty", ErrInvalid)
	case limit <= 0 || limit > math.MaxInt32:
		l.invalid = fmt.Errorf("%w: limit must be positive and at most %d (%d)", ErrInvalid, math.MaxInt32, limit)
	case window <= 0 || window > maxWindow:
		l.invalid = fmt.Errorf("%w: window must be positive and at most a year (%v)", ErrInvalid, window)
	case l.slack > maxWindow:
		l.invalid = fmt.Errorf("%w: slack must be at most a year (%v)", ErrInvalid, l.slack)
	case l.fallback == nil:
		l.local = newLocal(limit, l.span, l.replicas)
	}
	return l
}

// keys share a hash tag, so that a cluster has them in one slot.
func keys(name string) []string {
	sum := sha256.Sum256([]byte(name))
	tag := fmt.Sprintf("adminportal:{%x}:", sum[:16])
	return []string{tag + "log", tag + "queue", tag + "state"}
}

// Wait returns nil when the caller may make one attempt, now. It returns the context's
// error when that ends, and a [*DeadlineError] at once when the turn would come after
// the context's deadline. Neither costs the budget anything. While Redis is away the
// fallback decides, and the error is the fallback's.
func (l *Limiter) Wait(ctx context.Context) error {
	if l.rdb == nil || l.invalid != nil {
		return cmp.Or(l.invalid, ErrInvalid)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for turn := (time.Time{}); ; {
		if alone, err := l.share(ctx, turn); alone || err != nil {
			return err
		}
		w := l.enter(ctx)
		var err error
		select {
		case err = <-w.done:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			l.leave(w)
			return ctx.Err()
		}
		if !errors.Is(err, ErrUnavailable) || l.fallback == FailClosed {
			return err
		}
		turn = w.turn
	}
}

// Pause keeps the whole fleet from making attempts for d from now, after the server has
// refused one. Other processes still use the slots that they have, at most a second
// ahead. Another pause never shortens it. If d is not positive, nothing happens; more
// than an hour counts as an hour. Pause returns when Redis knows or does not answer in
// time; if Redis is away, the fallback of this process keeps to the pause.
func (l *Limiter) Pause(_ context.Context, d time.Duration) {
	if l.rdb == nil || l.invalid != nil || d <= 0 {
		return
	}
	now := time.Now()
	until := now.Add(min(d, maxPause))
	l.mu.Lock()
	defer l.mu.Unlock()
	if !until.After(l.pause) {
		return
	}
	l.pause = until
	told := false
	if !l.health.away(now) {
		l.mu.Unlock()
		_, err := l.ask(l.args(&trip{pause: until, sent: now})) // if Redis is away, the next Wait finds out
		told = err == nil
		l.mu.Lock()
	}
	if !told && until.After(l.untold) {
		l.untold = until
	}
	for _, w := range l.line {
		if w.status == slot {
			w.status = unknown // to be asked for again
		}
	}
	l.advance()
}

// State tells whether Redis decides or the fallback.
func (l *Limiter) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health.State
}
