package redislimit

import (
	"errors"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A pause holds for all processes, for those who wait and those who come later.
func TestPauseIsShared(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	ctx := within(t, 30*time.Second)
	one, other := New(rdb, t.Name(), 3, time.Second), New(rdb, t.Name(), 3, time.Second)
	spend(t, other, 3)
	_, waiting := wait(ctx, other)
	eventually(t, "one waits", func() bool { return card(t, rdb, "queue") == 1 })
	begun := time.Now()
	one.Pause(ctx, 2*time.Second)
	one.Pause(ctx, time.Second) // shortens nothing
	one.Pause(ctx, -time.Second)
	_, later := wait(ctx, other)
	for _, done := range []<-chan error{waiting, later} {
		err := <-done
		if took := time.Since(begun); err != nil || took < 2*time.Second || took > 6*time.Second {
			t.Errorf("Wait = %v after %v, want nil after the two seconds of the pause", err, took)
		}
	}
	one.Pause(ctx, time.Hour*24)
	var late *DeadlineError
	if err := other.Wait(ctx); !errors.As(err, &late) || late.Delay > time.Hour+time.Minute {
		t.Errorf("Wait = %v, want a DeadlineError of an hour", err)
	}
}

// A process that has its slot and hears of a pause gives the slot up, but keeps its place.
func TestPauseTakesSlotsBack(t *testing.T) {
	t.Parallel()
	rdb := redisServer(t)
	limiter := New(rdb, t.Name(), 1, 2*time.Second)
	spend(t, limiter, 1)
	_, done := wait(within(t, 20*time.Second), limiter)
	eventually(t, "the process has its slot", func() bool {
		limiter.mu.Lock()
		defer limiter.mu.Unlock()
		return len(limiter.line) == 1 && limiter.line[0].status == slot
	})
	_, later := wait(within(t, 20*time.Second), limiter)
	eventually(t, "another one waits", func() bool { return card(t, rdb, "queue") == 1 })
	begun := time.Now()
	limiter.Pause(t.Context(), 3*time.Second)
	err := <-done
	errorIf(t, err != nil || time.Since(begun) < 3*time.Second || len(later) > 0, "Wait = %v after %v, with %d later callers served, want nil after the pause, and none", err, time.Since(begun), len(later))
}

// Those who waited for the end of a pause leave evenly, in their order.
func TestAfterPauseEvenly(t *testing.T) {
	t.Parallel()
	const limit, waiters = 4, 4
	rdb := redisServer(t)
	limiter := New(rdb, t.Name(), limit, time.Hour, WithSlack(0))
	spend(t, limiter, limit)
	for i := range waiters {
		wait(t.Context(), limiter)
		eventually(t, "the next waits", func() bool { return card(t, rdb, "queue") == i+1 })
	}
	before := rdb.ZRange(t.Context(), key(t, "queue"), 0, -1).Val()
	limiter.Pause(t.Context(), time.Hour)
	turns := rdb.ZRangeWithScores(t.Context(), key(t, "queue"), 0, -1).Val()
	for i, turn := range turns {
		apart := time.Hour
		if i > 0 {
			apart = time.Duration(turn.Score-turns[i-1].Score) * time.Microsecond
		}
		errorIf(t, turn.Member != before[i] || apart < time.Hour/limit, "turn %d is that of %v, %v after the one before, want %v, and %v", i+1, turn.Member, apart, before[i], time.Hour/limit)
	}
}

// A client whose attempt is refused keeps the clients of other processes away.
func TestClientsCoolDownTogether(t *testing.T) {
	t.Parallel()
	srv, rdb := portaltest.NewServer(t), redisServer(t)
	srv.Fail(portaltest.Fault{Status: 429, RetryAfter: time.Minute})
	for range 2 { // the first is refused, the second is told to wait
		portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithLimiter(New(rdb, t.Name(), 100, time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = portal.GeneratePortalLink(within(t, 20*time.Second), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
		errorIf(t, !errors.Is(err, client.ErrRateLimited) || len(srv.Requests()) != 1, "GeneratePortalLink = %v after %d requests, want ErrRateLimited after one", err, len(srv.Requests()))
	}
	var late *DeadlineError
	if err := New(rdb, t.Name(), 100, time.Second).Wait(within(t, 20*time.Second)); !errors.As(err, &late) || late.Delay < 30*time.Second {
		t.Errorf("Wait = %v, want a DeadlineError of about a minute", err)
	}
}
