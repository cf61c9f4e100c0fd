package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// accepting answers 401 to every key but the one it holds.
func accepting(seen *tally, key *atomic.Value) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seen.note(r)
		if r.Header.Get("Authorization") != "Bearer "+key.Load().(string) {
			reply(w, 401, `{"message":"Unauthorized"}`)
			return
		}
		sheetLink(w)
	}
}

func accepted(key string) *atomic.Value {
	v := new(atomic.Value)
	v.Store(key)
	return v
}

func TestKeyRotation(t *testing.T) {
	var seen tally
	valid := accepted("sk_old")
	var current atomic.Value
	current.Store("sk_old")
	portal := serve(t, accepting(&seen, valid),
		client.WithAPIKeySource(func(context.Context) (string, error) { return current.Load().(string), nil }),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	generate(t, portal)

	// The new key takes effect before the source's next regular answer has it.
	asked := 0
	portal = serve(t, accepting(&seen, valid), client.WithAPIKeySource(func(context.Context) (string, error) {
		if asked++; asked == 1 {
			return "sk_old", nil
		}
		return "sk_new", nil
	}), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	valid.Store("sk_new")
	generate(t, portal)
	if asked != 2 {
		t.Errorf("the source was asked %d times, want once and once more after the 401", asked)
	}
}

func TestRefusedKeyIsTriedOnce(t *testing.T) {
	for _, tt := range []struct {
		name            string
		answers         []string
		requests, asked int
	}{
		{"no other key", []string{"sk_wrong", "sk_wrong"}, 1, 2},
		{"another wrong key", []string{"sk_wrong", "sk_wrong2", "sk_wrong3"}, 2, 2},
		{"source fails", []string{"sk_wrong", "error"}, 1, 2},
		{"source has nonsense", []string{"sk_wrong", "nonsense"}, 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen tally
			asked := 0
			portal := serve(t, accepting(&seen, accepted("sk_right")), client.WithAPIKeySource(func(context.Context) (string, error) {
				answer := tt.answers[min(asked, len(tt.answers)-1)]
				if asked++; answer == "error" {
					return "", errors.New("vault is sealed")
				}
				return answer, nil
			}))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrUnauthorized)
			if seen.total() != tt.requests || asked != tt.asked {
				t.Errorf("%d requests, %d questions, want %d and %d", seen.total(), asked, tt.requests, tt.asked)
			}
		})
	}
}

func TestFixedKeyIsNotRetriedAfter401(t *testing.T) {
	var seen tally
	portal := serve(t, accepting(&seen, accepted("sk_other")))
	_, err := portal.GeneratePortalLink(t.Context(), sso)
	wantOnly(t, err, client.ErrUnauthorized)
	if seen.total() != 1 {
		t.Errorf("%d requests, want 1", seen.total())
	}
}

func TestKeySourceErrors(t *testing.T) {
	vault := errors.New("vault is sealed")
	var seen tally
	for _, tt := range []struct {
		name   string
		key    string
		err    error
		want   error
		within string
	}{
		{"error", "", vault, nil, "vault is sealed"},
		{"malformed key", "Bearer sk_secret", nil, client.ErrInvalidRequest, "API key source"},
		{"no key", "", nil, client.ErrInvalidRequest, "API key source"},
	} {
		portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) },
			client.WithAPIKeySource(func(context.Context) (string, error) { return tt.key, tt.err }))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		wantOnly(t, err, tt.want)
		if e := asError(t, err); e.StatusCode != 0 || e.Attempts != 0 || !strings.Contains(err.Error(), tt.within) || strings.Contains(err.Error(), "sk_secret") {
			t.Errorf("%s: got %v with %+v, want no attempt, %q, and no key", tt.name, err, e, tt.within)
		}
		if !errors.Is(err, tt.err) && tt.err != nil {
			t.Errorf("%s: %v loses the cause", tt.name, err)
		}
	}
	if seen.total() != 0 {
		t.Errorf("%d requests, want none", seen.total())
	}
}

func TestKeySourceWinsOverTheKey(t *testing.T) {
	var seen tally
	portal := serve(t, accepting(&seen, accepted("sk_source")), client.WithAPIKeySource(func(context.Context) (string, error) { return "sk_source", nil }))
	generate(t, portal)
}

func TestCallersShareOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, running, most atomic.Int64
		portal := inMemory(t, succeed, client.WithDialect(client.DialectPortalLinks), client.WithAPIKeySource(func(ctx context.Context) (string, error) {
			asked.Add(1)
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			select {
			case <-time.After(time.Second):
				return testKey, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}))
		// The first to ask gives up early; the question goes on for the others.
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := portal.GeneratePortalLink(first, sso); !errors.Is(err, context.Canceled) {
				t.Errorf("the canceled caller got %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() { generate(t, portal) })
		}
		synctest.Wait()
		cancel()
		start := time.Now()
		wg.Wait()
		if asked.Load() != 1 || most.Load() != 1 || time.Since(start) > time.Second {
			t.Errorf("%d questions, %d at a time, %v: want one question of one second for all", asked.Load(), most.Load(), time.Since(start))
		}
	})
}

func TestQuestionEndsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		portal := inMemory(t, succeed, client.WithAPIKeySource(func(ctx context.Context) (string, error) {
			<-ctx.Done()
			ended = true
			return "", ctx.Err()
		}))
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		_, err := portal.GeneratePortalLink(ctx, sso)
		synctest.Wait()
		if !errors.Is(err, context.DeadlineExceeded) || !ended {
			t.Errorf("got %v, question ended: %v; want DeadlineExceeded and true", err, ended)
		}
	})
}

func TestStuckKeySourceEndsAtTheAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, succeed, client.WithAPIKeySource(func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}))
		start := time.Now()
		_, err := portal.GeneratePortalLink(context.Background(), sso)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want DeadlineExceeded after 10s", err, time.Since(start))
		}
	})
}

// An answer that was being fetched when the 401 came may still be the old key:
// only a question put afterwards counts.
func TestOnlyAQuestionAfterThe401Counts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var seen tally
		valid := accepted("sk_new")
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			accepting(&seen, valid)(w, r)
		}, client.WithDialect(client.DialectPortalLinks), client.WithRetry(client.RetryPolicy{AttemptTimeout: -1}),
			client.WithAPIKeySource(func(context.Context) (string, error) {
				switch asked.Add(1) {
				case 1:
					return "sk_old", nil
				case 2: // under way when the 401 comes
					time.Sleep(time.Minute)
					return "sk_old", nil
				}
				return "sk_new", nil
			}))
		var wg sync.WaitGroup
		wg.Go(func() { generate(t, portal) })
		time.Sleep(500 * time.Millisecond)
		wg.Go(func() { generate(t, portal) })
		wg.Wait()
		if asked.Load() < 3 {
			t.Errorf("%d questions, want a third one", asked.Load())
		}
	})
}

func TestPanickingKeySourcePanicsInTheCaller(t *testing.T) {
	portal := serve(t, succeed, client.WithAPIKeySource(func(context.Context) (string, error) { panic("no vault") }))
	defer func() {
		if p := recover(); p != "no vault" {
			t.Errorf("recovered %v, want the source's own panic", p)
		}
	}()
	_, _ = portal.GeneratePortalLink(t.Context(), sso)
}

// 1,000 calls a second while the key changes, the source knowing the new one
// before the old one is refused.
func TestKeyRotationUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		valid := accepted("sk_old")
		var current atomic.Value
		current.Store("sk_old")
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(30 * time.Millisecond)
			accepting(&seen, valid)(w, r)
		}, client.WithAPIKeySource(func(context.Context) (string, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			key := current.Load().(string)
			time.Sleep(5 * time.Millisecond) // what it read may be old by the time it is used
			return key, nil
		}))
		time.AfterFunc(500*time.Millisecond, func() { current.Store("sk_new") })
		time.AfterFunc(501*time.Millisecond, func() { valid.Store("sk_new") })
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { generate(t, portal) })
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if most.Load() != 1 {
			t.Errorf("%d questions at a time, want 1", most.Load())
		}
		if seen.total() > 1100 {
			t.Errorf("%d requests for 1,000 calls, want few more", seen.total())
		}
	})
}
