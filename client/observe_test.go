package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A call finds the dialect out, is refused, fails and succeeds: the observer hears of four
// attempts, each as it ends.
func TestObserverHearsOfEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slowly := func(requestID string, h http.HandlerFunc) http.HandlerFunc {
			return slow(40*time.Millisecond, with(h, "X-Request-Id", requestID))
		}
		start := time.Now()
		var attempts []client.Attempt
		var ended []time.Duration
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "span")
		portal, _ := scripted(t, steps{
			slowly("req_1", http.NotFound),
			slowly("req_2", status(429, "Retry-After", "2", "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2")),
			slowly("req_3", status(503, "Retry-After", "3")),
			slowly("req_4", with(succeedLive, "X-RateLimit-Remaining", "41", "X-RateLimit-Reset", "30")),
		}, client.WithObserver(func(ctx context.Context, a client.Attempt) {
			errorIf(t, ctx.Value(key{}) != "span", "the observer's context lacks the caller's values")
			attempts, ended = append(attempts, a), append(ended, time.Since(start))
		}))
		if _, err := portal.GeneratePortalLink(ctx, sso); err != nil || len(attempts) != 4 {
			t.Fatalf("heard of %d attempts, want 4: %+v (%v)", len(attempts), attempts, err)
		}
		for i, want := range []struct {
			client.Attempt
			slack time.Duration // a wait with jitter is up to slack longer
			kind  error
		}{
			{client.Attempt{Operation: "generatePortalLink", Dialect: client.DialectPortalLinks, StatusCode: 404}, 0, nil},
			{client.Attempt{Operation: "generateLink", Dialect: client.DialectGenerateLink, StatusCode: 429, RateLimit: client.RateLimit{Limit: 100}}, 0, client.ErrRateLimited},
			{client.Attempt{Operation: "generateLink", Dialect: client.DialectGenerateLink, StatusCode: 503, Wait: 2 * time.Second}, time.Second, client.ErrServer},
			{client.Attempt{Operation: "generateLink", Dialect: client.DialectGenerateLink, StatusCode: 201, Wait: 3 * time.Second, RateLimit: client.RateLimit{Remaining: 41}}, 0, nil},
		} {
			a := attempts[i]
			errorIf(t, a.Start.Add(a.Duration).Sub(start) != ended[i] || a.Wait < want.Wait || a.Wait > want.Wait+want.slack, "attempt %d: Start %v, Wait %v, ended %v, want %v", i+1, a.Start.Sub(start), a.Wait, ended[i], want.Wait)
			if i < 3 {
				e := wantOnly(t, a.Err, want.kind)
				errorIf(t, e.Attempts != i+1 || e.StatusCode != a.StatusCode, "attempt %d: Err = %v of attempt %d, status %d, want its own", i+1, a.Err, e.Attempts, e.StatusCode)
				a.Err = nil
			}
			want.Number, want.RequestID, want.Duration = i+1, fmt.Sprint("req_", i+1), 40*time.Millisecond
			a.Start, a.Wait, a.RateLimit.Reset = want.Start, want.Wait, want.RateLimit.Reset
			same(t, "an attempt", a, want.Attempt)
		}
	})
}

// An attempt lasts to the last byte of its body, and its wait includes the time at the limiter.
func TestObserverCountsTheBodyAndTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []client.Attempt
		body, closed := iotest.OneByteReader(strings.NewReader(liveSuccess)), false
		read := time.Duration(len(liveSuccess)+1) * time.Second / 100 // the last read finds the end
		portal := newClient(t, record(&attempts),
			client.WithLimiter(limiterFunc(func(context.Context) error { time.Sleep(5 * time.Second); return nil })),
			over(roundTripper(func(*http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: slowBody{func(p []byte) (int, error) {
					time.Sleep(10 * time.Millisecond)
					return body.Read(p)
				}, &closed}}, nil
			})))
		generate(t, portal)
		a := attempts[0]
		errorIf(t, a.Wait != 5*time.Second || a.Duration != time.Second+read || !closed, "Wait %v, Duration %v, body closed: %v, want 5s, %v, true", a.Wait, a.Duration, closed, time.Second+read)
	})
}

func TestObserverHearsOfAttemptsWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []client.Attempt
		portal := inMemory(t, stall, oneTry, record(&attempts))
		_ = ask(t, portal, time.Second)
		errorIf(t, len(attempts) != 1 || attempts[0].StatusCode != 0 || !errors.Is(attempts[0].Err, context.DeadlineExceeded) || attempts[0].Duration != time.Second || attempts[0].RateLimit != (client.RateLimit{}), "attempts = %+v, want one without an answer, of 1s", attempts)
		errorIf(t, strings.Contains(attempts[0].Err.Error(), "timed out after"), "Err = %v blames a setting, want the caller's deadline", attempts[0].Err)
		// What never left is no attempt.
		_, _ = portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{})
		_ = ask(t, portal, -time.Second)
		errorIf(t, len(attempts) != 1, "heard of %+v, want nothing more", attempts[1:])
	})
}

// A failure is a warning and a success is for debugging.
func TestLogger(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 2, slog.LevelInfo: 1, slog.LevelWarn: 1, slog.LevelError: 0} {
		var out bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
		portal, _ := scripted(t, steps{status(503, "X-Request-Id", "req_1"), succeed}, client.WithLogger(logger), client.WithRetry(client.RetryPolicy{BaseDelay: -1}))
		generate(t, portal)
		lines := 0
		for dec := json.NewDecoder(&out); dec.More(); lines++ {
			var line map[string]any
			same(t, "Decode of a line", dec.Decode(&line), nil)
			for k, v := range []map[string]any{
				{"level": "WARN", "msg": "adminportal: generate portal link", "operation": "generatePortalLink", "dialect": "portal_links", "attempt": 1.0, "warm": false, "status": 503.0, "request_id": "req_1"},
				{"level": "DEBUG", "msg": "adminportal: generate portal link", "operation": "generatePortalLink", "dialect": "portal_links", "attempt": 2.0, "status": 200.0},
			}[lines] {
				errorIf(t, line[k] != v, "at %v: line %d: %s = %v, want %v", level, lines+1, k, line[k], v)
			}
			_, failed := line["error"]
			errorIf(t, failed != (lines == 0), "at %v: line %d: error = %v, want one for the failure alone", level, lines+1, line["error"])
		}
		errorIf(t, lines != want, "at %v: %d lines, want %d", level, lines, want)
	}
}
