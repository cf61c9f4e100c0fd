package client_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// accepting answers 401 to every key but one.
func accepting(seen *tally, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r).header.Get("Authorization") != "Bearer "+key {
			reply(w, 401, `{"message":"Unauthorized"}`)
			return
		}
		succeed(w, r)
	}
}

func source(f func(context.Context) (string, error)) client.Option { return client.WithAPIKeySource(f) }

// The service accepts sk_right.
func TestKeyAfter401(t *testing.T) {
	for name, tt := range map[string]struct {
		keys            []string // the source's answers, one after the other, and then the last
		requests, asked int
		want            error
	}{
		"right at once":          {[]string{"sk_right"}, 1, 1, nil},
		"right when asked again": {[]string{"sk_old", "sk_right"}, 2, 2, nil},
		"no other key":           {[]string{"sk_wrong", "sk_wrong"}, 1, 2, client.ErrUnauthorized},
		"another wrong key":      {[]string{"sk_wrong", "sk_wrong2", "sk_wrong3"}, 2, 2, client.ErrUnauthorized},
		"source fails":           {[]string{"sk_wrong", "error"}, 1, 2, client.ErrUnauthorized},
		"source has nonsense":    {[]string{"sk_wrong", "nonsense"}, 1, 2, client.ErrUnauthorized},
		"fixed key":              {nil, 1, 0, client.ErrUnauthorized},
	} {
		var seen tally
		asked := 0
		opts := []client.Option{oneTry}
		if tt.keys != nil {
			opts = append(opts, source(func(context.Context) (string, error) {
				key := tt.keys[min(asked, len(tt.keys)-1)]
				if asked++; key == "error" {
					return "", errors.New("vault is sealed")
				}
				return key, nil
			}))
		}
		err := ask(t, inMemory(t, accepting(&seen, "sk_right"), opts...), 0)
		errorIf(t, !errors.Is(err, tt.want), "%s: got %v, want %v", name, err, tt.want)
		errorIf(t, seen.total() != tt.requests || asked != tt.asked, "%s: %d requests, %d questions, want %d and %d", name, seen.total(), asked, tt.requests, tt.asked)
	}
}

func TestKeySourceErrors(t *testing.T) {
	vault := errors.New("vault is sealed")
	for _, tt := range []struct {
		key       string
		err, want error
		within    string
	}{
		{"", vault, nil, "API key source: vault is sealed"},
		{"Bearer sk_secret", nil, client.ErrInvalidRequest, "API key source"},
		{"", nil, client.ErrInvalidRequest, "API key source"},
	} {
		var seen tally
		e := fails(t, inMemory(t, script(&seen, succeed), source(func(context.Context) (string, error) { return tt.key, tt.err })), 0, tt.want)
		errorIf(t, e.StatusCode != 0 || e.Attempts != 0 || seen.total() != 0 || !strings.Contains(e.Error(), "generate portal link: "+tt.within) || strings.Contains(e.Error(), "sk_secret"), "source of %q, %v: got %v with %+v, want no attempt, %q, and no key", tt.key, tt.err, e, e, tt.within)
		errorIf(t, tt.err != nil && !errors.Is(e, tt.err), "errors.Is(%v, the cause) = false", e)
	}
}

func TestCallersShareOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		portal := inMemory(t, succeed, reference, source(func(ctx context.Context) (string, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return testKey, ctx.Err()
		}))
		// The first to ask gives up early; the question goes on for the others.
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := portal.GeneratePortalLink(first, sso)
			errorIf(t, !errors.Is(wantOnly(t, err, nil), context.Canceled), "the canceled caller got %v, want context.Canceled", err)
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() { generate(t, portal) })
		}
		synctest.Wait()
		cancel()
		took := timed(wg.Wait)
		errorIf(t, asked.Load() != 1 || took > time.Second, "%d questions, %v, want one question of one second for all", asked.Load(), took)
	})
}

// A question that runs when the 401 comes may still return the old key: only one that is asked
// afterwards counts.
func TestOnlyAQuestionAfterThe401Counts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, running, most atomic.Int64
		var seen tally
		patient := client.WithRetry(client.RetryPolicy{AttemptTimeout: -1})
		portal := inMemory(t, slow(time.Second, accepting(&seen, "sk_new")), reference, patient, source(func(context.Context) (string, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
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
		errorIf(t, asked.Load() < 3 || most.Load() != 1, "%d questions, %d at a time, want a third one, and one at a time", asked.Load(), most.Load())
	})
}

// A key source takes no longer than its caller has: when it is asked again after a 401, and when it
// uses the client it is the source of, and so waits for itself.
func TestKeySourceIsLeftWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var portal *client.Client
		asked, own := 0, 0
		for name, ask := range map[string]func(context.Context) (string, error){
			"hangs after a 401": func(ctx context.Context) (string, error) {
				if asked++; asked == 1 {
					return testKey, nil
				}
				<-ctx.Done()
				return "", ctx.Err()
			},
			"asks its own client": func(ctx context.Context) (string, error) {
				own++
				errorIf(t, own > 1, "the source was asked %d times, want once: the caller has left", own)
				_, err := portal.GeneratePortalLink(ctx, sso)
				return "", err
			},
		} {
			portal = inMemory(t, status(401), source(ask))
			_, err := portal.GeneratePortalLink(lasting(t, time.Second), sso)
			errorIf(t, !errors.Is(err, context.DeadlineExceeded), "%s: got %v, want DeadlineExceeded", name, err)
			time.Sleep(time.Minute) // for the source; what waits for itself ends after AttemptTimeout
		}
	})
}

// A question that hangs ends, although callers who come one after the other keep asking.
func TestKeySourceThatHangsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		portal := inMemory(t, succeed, reference, client.WithAPIKeySource(func(ctx context.Context) (string, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the context of the source has no deadline")
			}
			if asked.Add(1) == 1 {
				<-ctx.Done()
			}
			return testKey, ctx.Err()
		}))
		var failed atomic.Int32
		for range 20 {
			go func() {
				if _, err := portal.GeneratePortalLink(t.Context(), sso); err != nil {
					failed.Add(1)
				}
			}()
			time.Sleep(4 * time.Second)
		}
		errorIf(t, failed.Load() < 1 || failed.Load() > 3, "%d of 20 calls failed, want those of the first twelve seconds", failed.Load())
	})
}

// The panic of a key source reaches the caller, and one that ends its goroutine ends the call.
func TestKeySourceThatEndsItsGoroutine(t *testing.T) {
	portal := inMemory(t, succeed, source(func(context.Context) (string, error) { panic("no vault") }))
	func() {
		defer func() { same(t, "recover()", recover(), any("no vault")) }()
		_ = ask(t, portal, 0)
	}()
	portal = inMemory(t, succeed, source(func(context.Context) (string, error) { runtime.Goexit(); return testKey, nil }))
	wantOnly(t, ask(t, portal, 0), nil)
}

// A key source that ignores its context is left alone, and the next call asks anew.
func TestKeySourceThatHangsIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		portal := inMemory(t, succeed, source(func(context.Context) (string, error) {
			if asked.Add(1) == 1 {
				time.Sleep(time.Hour)
			}
			return testKey, nil
		}), client.WithRetry(client.RetryPolicy{AttemptTimeout: 100 * time.Millisecond}))
		took := timed(func() {
			errorIf(t, !errors.Is(ask(t, portal, 0), context.DeadlineExceeded), "got another error, want DeadlineExceeded")
		})
		errorIf(t, took > 200*time.Millisecond, "took %v, want at most twice the timeout", took)
		generate(t, portal)
		time.Sleep(time.Hour)
	})
}
