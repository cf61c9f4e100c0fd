package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// record keeps every attempt that it is told of.
func record(into *[]client.Attempt) client.Option {
	return client.WithObserver(func(_ context.Context, a client.Attempt) { *into = append(*into, a) })
}

// A call that finds the dialect out, is refused, fails and succeeds: four
// attempts, each told once, as it ends.
func TestObserverIsToldOfEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		slowly := func(h http.HandlerFunc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(40 * time.Millisecond)
				w.Header().Set("X-Request-Id", "req_"+r.URL.Path[len("/portal"):])
				h(w, r)
			}
		}
		start := time.Now()
		var attempts []client.Attempt
		var ended []time.Duration
		portal := inMemory(t, script(&seen,
			slowly(http.NotFound),
			slowly(status(429, "Retry-After", "2", "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2")),
			slowly(status(503, "Retry-After", "3")),
			slowly(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-RateLimit-Remaining", "41")
				w.Header().Set("X-RateLimit-Reset", "30")
				liveLink(w)
			}),
		), client.WithObserver(func(_ context.Context, a client.Attempt) {
			attempts = append(attempts, a)
			ended = append(ended, time.Since(start))
		}))
		generate(t, portal)

		if len(attempts) != 4 {
			t.Fatalf("told of %d attempts, want 4: %+v", len(attempts), attempts)
		}
		for i, want := range []struct {
			operation string
			dialect   client.Dialect
			status    int
			requestID string
			// A wait drawn by lot is at most slack longer.
			wait, slack time.Duration
			kind        error
			fails       bool
		}{
			{"generatePortalLink", client.DialectPortalLinks, 404, "req__links", 0, 0, client.ErrOrganizationNotFound, true},
			{"generateLink", client.DialectGenerateLink, 429, "req_/generate_link", 0, 0, client.ErrRateLimited, true},
			{"generateLink", client.DialectGenerateLink, 503, "req_/generate_link", 2 * time.Second, time.Second, client.ErrServer, true},
			{"generateLink", client.DialectGenerateLink, 201, "req_/generate_link", 3 * time.Second, 0, nil, false},
		} {
			a := attempts[i]
			if a.Number != i+1 || a.Operation != want.operation || a.Dialect != want.dialect || a.StatusCode != want.status || a.RequestID != want.requestID {
				t.Errorf("attempt %d: got %+v, want number %d of %s in %v, status %d, request %s", i+1, a, i+1, want.operation, want.dialect, want.status, want.requestID)
			}
			if a.Duration != 40*time.Millisecond || a.Wait < want.wait || a.Wait > want.wait+want.slack {
				t.Errorf("attempt %d: Duration %v, Wait %v, want 40ms and %v, at most %v more", i+1, a.Duration, a.Wait, want.wait, want.slack)
			}
			if (a.Err != nil) != want.fails || want.fails && i > 0 && !errors.Is(a.Err, want.kind) {
				t.Errorf("attempt %d: Err = %v, want %v", i+1, a.Err, want.kind)
			}
		}
		if got := attempts[1].RateLimit; got.Limit != 100 || got.Remaining != 0 || got.Reset.Sub(start).Round(time.Second) != 2*time.Second {
			t.Errorf("attempt 2: RateLimit = %+v, want what its headers said: 0 of 100, reset after 2s", got)
		}
		if got := attempts[3].RateLimit; got.Remaining != 41 || got.Limit != 0 {
			t.Errorf("attempt 4: RateLimit = %+v, want 41 left", got)
		}
		for i, a := range attempts[:3] {
			if a.Err == nil {
				continue
			}
			if e := asError(t, a.Err); e.Attempts != i+1 || e.StatusCode != a.StatusCode {
				t.Errorf("attempt %d: its error tells of attempt %d, status %d", i+1, e.Attempts, e.StatusCode)
			}
		}
		if ended[1] >= ended[2] || ended[0] > time.Second {
			t.Errorf("told after %v, want each attempt as it ended", ended)
		}
	})
}

func TestObserverSeesIconsOfBothRoutes(t *testing.T) {
	var attempts []client.Attempt
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/provider-icons.json" {
			http.NotFound(w, r)
			return
		}
		reply(w, 200, `["okta"]`)
	}, record(&attempts))
	if _, err := portal.ListProviderIcons(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(attempts) != 2 || attempts[0].Operation != "listProviderIcons" || attempts[0].Dialect != client.DialectPortalLinks ||
		attempts[1].Operation != "listCDNProviderIcons" || attempts[1].Dialect != client.DialectGenerateLink || attempts[1].Number != 2 {
		t.Errorf("attempts = %+v, want listProviderIcons and then listCDNProviderIcons", attempts)
	}
}

// An attempt lasts to the last byte of its body, and its wait counts the time at
// the limiter.
func TestObserverCountsTheBodyAndTheLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []client.Attempt
		body := `{"link":"` + testLink + `","expires_at":"2030-01-01T00:00:00Z"}`
		portal := newClient(t, record(&attempts),
			client.WithLimiter(limiterFunc(func(context.Context) error { time.Sleep(5 * time.Second); return nil })),
			client.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				slow := iotest.OneByteReader(strings.NewReader(body))
				return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(readerFunc(func(p []byte) (int, error) {
					time.Sleep(10 * time.Millisecond)
					return slow.Read(p)
				}))}, nil
			})}))
		generate(t, portal)
		read := time.Duration(len(body)+1) * 10 * time.Millisecond // the last one finds the end
		if a := attempts[0]; a.Wait != 5*time.Second || a.Duration != time.Second+read {
			t.Errorf("Wait %v, Duration %v, want 5s and %v", a.Wait, a.Duration, time.Second+read)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestObserverHearsOfAttemptsWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []client.Attempt
		type key struct{}
		var values []any
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "span"), time.Second)
		defer cancel()
		portal := inMemory(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), client.WithObserver(func(ctx context.Context, a client.Attempt) {
			attempts = append(attempts, a)
			values = append(values, ctx.Value(key{}))
		}))
		_, err := portal.GeneratePortalLink(ctx, sso)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		if len(attempts) != 1 || attempts[0].StatusCode != 0 || !errors.Is(attempts[0].Err, context.DeadlineExceeded) || attempts[0].Duration != time.Second || attempts[0].RateLimit != (client.RateLimit{}) {
			t.Errorf("attempts = %+v, want one without an answer, of 1s", attempts)
		}
		if len(values) != 1 || values[0] != "span" {
			t.Errorf("the observer's context holds %v, want the caller's values", values)
		}
	})
}

// What an observer was told does not change behind its back: the call goes on to
// say more of its own error.
func TestObserverKeepsWhatItWasTold(t *testing.T) {
	var errs []error
	var texts []string
	portal := serve(t, http.NotFound, client.WithObserver(func(_ context.Context, a client.Attempt) {
		errs, texts = append(errs, a.Err), append(texts, a.Err.Error())
	}))
	if _, err := portal.GeneratePortalLink(t.Context(), sso); !strings.Contains(err.Error(), "there is no Admin Portal") || len(errs) != 2 {
		t.Fatalf("got %v after %d attempts, want that there is none, after two", err, len(errs))
	}
	for i, err := range errs {
		if err.Error() != texts[i] {
			t.Errorf("attempt %d: its error was %q and is now %q", i+1, texts[i], err)
		}
	}
}

// Nothing that never left is an attempt.
func TestObserverHearsNothingOfRefusals(t *testing.T) {
	var attempts []client.Attempt
	portal := serve(t, succeed, record(&attempts))
	_, _ = portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = portal.GeneratePortalLink(ctx, sso)
	if len(attempts) != 0 {
		t.Errorf("told of %+v, want nothing", attempts)
	}
}

// logged runs one failure and one success and returns the lines as JSON.
func logged(t *testing.T, level slog.Level) (lines []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
	var seen tally
	portal := serve(t, script(&seen, status(503, "X-Request-Id", "req_1"), succeed), client.WithLogger(logger), client.WithRetry(client.RetryPolicy{BaseDelay: -1}))
	generate(t, portal)
	for dec := json.NewDecoder(&out); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestLoggerLevels(t *testing.T) {
	for level, want := range map[slog.Level][]string{
		slog.LevelDebug: {"WARN", "DEBUG"}, slog.LevelInfo: {"WARN"}, slog.LevelWarn: {"WARN"}, slog.LevelError: nil,
	} {
		var got []string
		for _, line := range logged(t, level) {
			got = append(got, line["level"].(string))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("at %v: logged %v, want %v", level, got, want)
		}
	}
	lines := logged(t, slog.LevelDebug)
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2", len(lines))
	}
	for i, want := range []map[string]any{
		{"msg": "adminportal: generate portal link", "operation": "generatePortalLink", "dialect": "portal_links", "attempt": 1.0, "status": 503.0, "request_id": "req_1"},
		{"msg": "adminportal: generate portal link", "operation": "generatePortalLink", "dialect": "portal_links", "attempt": 2.0, "status": 200.0},
	} {
		for k, v := range want {
			if lines[i][k] != v {
				t.Errorf("line %d: %s = %v, want %v", i+1, k, lines[i][k], v)
			}
		}
		if _, failed := lines[i]["error"]; failed != (i == 0) {
			t.Errorf("line %d: error = %v, want one of the failure alone", i+1, lines[i]["error"])
		}
	}
}
