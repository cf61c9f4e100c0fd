package redislimit

import (
	"context"
	_ "embed" // script.lua
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed script.lua
var script string

// digest is SCRIPT LOAD's answer. It is a constant because FIPS forbids SHA-1 here.
const digest = "162e8d0c5251cf382e1f639112fc5393c816db29"

const tenths = 10 // of the last span, in the answer

// A trip runs the script once. One is under way at a time; those who come meanwhile go
// with the next.
type trip struct {
	waiters []*waiter
	back    []string
	used    []place
	pause   time.Time // zero: none
	sent    time.Time
}

// depart begins a trip. The lock is held.
func (l *Limiter) depart(waiters []*waiter, now time.Time) {
	// At most 1,000 ids and 100 waiters, so that Redis is not held up for long.
	most := min(len(l.back), 1000)
	t := &trip{waiters: waiters[:min(len(waiters), 100)], back: l.back[:most:most], used: l.used, pause: l.untold, sent: now}
	for _, w := range t.waiters {
		w.asking = true
	}
	l.back, l.used, l.untold, l.traveling = l.back[most:], nil, time.Time{}, true
	args := l.args(t)
	go func() {
		answer, err := l.ask(args)
		l.arrive(t, answer, err)
	}()
}

// args returns the script's ARGV.
func (l *Limiter) args(t *trip) []any {
	args := []any{
		l.limit, l.span.Microseconds(), l.ahead.Microseconds(), max(t.pause.Sub(t.sent), 0).Microseconds(),
		len(t.back), len(t.used), len(t.waiters),
	}
	for _, id := range t.back {
		args = append(args, id)
	}
	for _, a := range t.used {
		args = append(args, a.id, t.sent.Sub(a.at).Microseconds())
	}
	for _, w := range t.waiters {
		wait := int64(-1)
		if !w.deadline.IsZero() {
			wait = max(w.deadline.Sub(t.sent), 0).Microseconds()
		}
		args = append(args, w.id, wait)
	}
	return args
}

// ask runs the script and returns its answer, or within the timeout why there is none.
func (l *Limiter) ask(args []any) ([]int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	answer, cause := make(chan []int64, 1), make(chan error, 4) // one for each who may send
	go func() {
		if numbers, err := l.run(ctx, args); err != nil {
			cause <- err
		} else {
			answer <- numbers
		}
	}()
	// Some clients try for longer than this and do not mind the context.
	defer time.AfterFunc(l.timeout/4, func() { l.diagnose(ctx, cause) }).Stop()
	defer time.AfterFunc(l.timeout, func() { cause <- errNoAnswer }).Stop()
	select {
	case numbers := <-answer:
		return numbers, nil
	case err := <-cause:
		return nil, err
	}
}

func (l *Limiter) run(ctx context.Context, args []any) ([]int64, error) {
	answer, err := l.rdb.EvalSha(ctx, digest, l.keys, args...).Int64Slice()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = l.rdb.Eval(ctx, script, l.keys, args...).Int64Slice()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errNoAnswer // the deadline is not the caller's
	case redis.HasErrorPrefix(err, "Protocol error: unauthenticated"): // said of so long a command
		err = fmt.Errorf("NOAUTH no password was given: %w", err)
	}
	return answer, err
}

// arrive takes in what came of a trip.
func (l *Limiter) arrive(t *trip, answer []int64, err error) {
	now := time.Now()
	l.mu.Lock()
	l.traveling = false
	for _, w := range t.waiters {
		w.asking = false
	}
	if want := 1 + tenths + 2*len(t.waiters); err == nil && len(answer) != want {
		err = fmt.Errorf("the script answered %d numbers, want %d", len(answer), want)
	}
	news := l.health.heard(now, err)
	if err == nil {
		l.settle(t, answer, now)
	} else {
		l.failed(t)
	}
	l.advance()
	l.mu.Unlock()
	switch {
	case l.logger == nil || !news: // the limiter's name may be a secret, and is left out
	case err != nil:
		l.logger.Warn("redislimit: Redis is away, the fallback decides", "error", err)
	default:
		l.logger.Info("redislimit: Redis is back")
	}
}

// settle gives the waiters what they got.
func (l *Limiter) settle(t *trip, answer []int64, now time.Time) {
	if until := now.Add(time.Duration(answer[0]) * time.Microsecond); until.After(l.pause) {
		l.pause = until
	}
	used, places := answer[1:1+tenths], answer[1+tenths:]
	for i, w := range t.waiters {
		delay := time.Duration(places[2*i]) * time.Microsecond
		switch w.status = status(places[2*i+1]); w.status {
		case reserved:
			w.turn = now.Add(delay)
			w.at = t.sent.Add(delay - l.ahead*3/4) // the lease ends half of ahead later, or more
		case slot:
			used[0]++
			w.at, w.latest = now.Add(delay), t.sent.Add(delay+l.patience)
		case unknown:
			l.serve(w, &DeadlineError{Delay: delay})
		}
	}
	if l.local != nil && now.After(l.health.until) {
		l.local.hear(used, now, l.ahead)
	}
}

// failed sends the waiters to the fallback, and keeps what Redis was to hear.
func (l *Limiter) failed(t *trip) {
	for _, w := range t.waiters {
		l.giveBack(w.id) // Redis may have heard of it
		l.serve(w, l.health.unavailable())
	}
	l.used, l.back = append(t.used, l.used...), append(t.back, l.back...)
	if t.pause.After(l.untold) {
		l.untold = t.pause
	}
}
