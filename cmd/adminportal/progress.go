package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A trace hears of every attempt of a client: it remembers the last one, and shows
// the wait that follows it.
type trace struct {
	progress progress
	mu       sync.Mutex
	last     client.Attempt
}

func (t *trace) observe(_ context.Context, at client.Attempt) {
	t.mu.Lock()
	t.last = at
	t.mu.Unlock()
	t.progress.stop()
	if reason, wait := expectedWait(at); reason != "" {
		t.progress.start(reason, wait)
	}
}

// dialect is the one that the last attempt spoke.
func (t *trace) dialect() client.Dialect {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last.Dialect
}

// settle is to be called when a call has ended: no wait follows any more.
func (t *trace) settle() { t.progress.stop() }

// expectedWait guesses from an attempt why the next one has to wait, and for how
// long; zero means that it is not known.
func expectedWait(at client.Attempt) (reason string, wait time.Duration) {
	var e *client.Error
	if !errors.As(at.Err, &e) {
		return "", 0
	}
	spent := !at.RateLimit.Reset.IsZero() && at.RateLimit.Remaining == 0
	switch {
	case at.StatusCode == http.StatusTooManyRequests:
		return "for the rate limit", e.RetryAfter
	case at.StatusCode >= http.StatusInternalServerError:
		return fmt.Sprintf("to try again (%d %s)", at.StatusCode, http.StatusText(at.StatusCode)), e.RetryAfter
	case at.StatusCode == 0:
		return "to try again (no answer)", 0
	case spent: // and so the next attempt waits at the gate
		return "for the rate limit", time.Until(at.RateLimit.Reset)
	}
	return "", 0
}

// progressDelay keeps quiet about waits that nobody notices, and about those that
// are not begun because they would be too long.
const progressDelay = 300 * time.Millisecond

// A progress shows a wait: on a terminal as a line that counts down and goes away,
// else as one plain line.
type progress struct {
	screen screen
	mu     sync.Mutex
	cancel context.CancelFunc
	ended  chan struct{}
}

func (p *progress) start(reason string, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.ended = cancel, make(chan struct{})
	go p.show(ctx, reason, time.Now().Add(wait), wait > 0, p.ended)
}

// stop ends the line, if there is one, and returns when it has gone.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel == nil {
		return
	}
	p.cancel()
	<-p.ended
	p.cancel = nil
}

func (p *progress) show(ctx context.Context, reason string, until time.Time, counts bool, ended chan<- struct{}) {
	defer close(ended)
	next := time.NewTimer(progressDelay)
	defer next.Stop()
	select {
	case <-next.C:
	case <-ctx.Done():
		return
	}
	line := func() string {
		if left := time.Until(until); counts && left > 0 {
			return fmt.Sprintf("waiting %d s %s", (left+time.Second-1)/time.Second, reason)
		}
		return "waiting " + reason
	}
	if !p.screen.tty {
		if counts { // a log need not know of every backoff
			p.screen.say("adminportal: %s", line())
		}
		return
	}
	const wipe = "\r\x1b[K"
	for {
		_, _ = fmt.Fprint(p.screen.w, wipe, p.screen.paint(faint, line()+"; Ctrl-C stops"))
		next.Reset(time.Second)
		select {
		case <-next.C:
		case <-ctx.Done():
			_, _ = fmt.Fprint(p.screen.w, wipe)
			return
		}
	}
}
