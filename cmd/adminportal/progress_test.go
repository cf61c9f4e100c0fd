package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestProgressCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		p := progress{screen: screen{w: &out, tty: true}}
		p.start("for the rate limit", 3*time.Second)
		time.Sleep(progressDelay - 1)
		if got := out.String(); got != "" {
			t.Errorf("before the delay it wrote %q", got)
		}
		time.Sleep(3 * time.Second)
		p.stop()
		const wipe = "\r\x1b[K"
		want := ""
		for _, left := range []string{"3 s ", "2 s ", "1 s "} {
			want += wipe + "waiting " + left + "for the rate limit; Ctrl-C stops"
		}
		if got := out.String(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, wipe) {
			t.Errorf("a wait of 3 s wrote %q, want %q and at last %q", got, want, wipe)
		}
	})
}

func TestProgressWithoutTerminal(t *testing.T) {
	for _, test := range []struct {
		wait time.Duration
		want string
	}{
		{9 * time.Second, "adminportal: waiting 9 s for the rate limit\n"},
		{0, ""}, // how long is not known
	} {
		synctest.Test(t, func(t *testing.T) {
			var out output
			p := progress{screen: screen{w: &out}}
			p.start("for the rate limit", test.wait)
			time.Sleep(5 * time.Second)
			p.stop()
			p.stop() // harmless
			if got := out.String(); got != test.want {
				t.Errorf("a wait of %v wrote %q, want %q", test.wait, got, test.want)
			}
		})
	}
}

func TestProgressOfShortWaitIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		p := progress{screen: screen{w: &out, tty: true}}
		p.start("for the rate limit", time.Minute)
		time.Sleep(progressDelay / 2)
		p.stop()
		time.Sleep(time.Minute)
		if got := out.String(); got != "" {
			t.Errorf("a wait that ended at once wrote %q", got)
		}
	})
}

func TestExpectedWait(t *testing.T) {
	soon := func(remaining int) client.RateLimit {
		return client.RateLimit{Limit: 100, Remaining: remaining, Reset: time.Now().Add(20 * time.Second)}
	}
	failed := func(status int, after time.Duration) *client.Error {
		return &client.Error{StatusCode: status, RetryAfter: after}
	}
	for name, test := range map[string]struct {
		at     client.Attempt
		reason string
		wait   time.Duration
	}{
		"success":            {client.Attempt{StatusCode: 200, RateLimit: soon(0)}, "", 0},
		"refused":            {client.Attempt{StatusCode: 422, RateLimit: soon(5), Err: failed(422, 0)}, "", 0},
		"429":                {client.Attempt{StatusCode: 429, Err: failed(429, 12*time.Second)}, "for the rate limit", 12 * time.Second},
		"503":                {client.Attempt{StatusCode: 503, Err: failed(503, 0)}, "to try again (503 Service Unavailable)", 0},
		"no answer":          {client.Attempt{Err: failed(0, 0)}, "to try again (no answer)", 0},
		"404, budget spent":  {client.Attempt{StatusCode: http.StatusNotFound, RateLimit: soon(0), Err: failed(404, 0)}, "for the rate limit", 20 * time.Second},
		"404, budget left":   {client.Attempt{StatusCode: http.StatusNotFound, RateLimit: soon(1), Err: failed(404, 0)}, "", 0},
		"another's error":    {client.Attempt{StatusCode: 429, Err: errors.New("odd")}, "", 0},
		"404, no limit told": {client.Attempt{StatusCode: http.StatusNotFound, Err: failed(404, 0)}, "", 0},
	} {
		reason, wait := expectedWait(test.at)
		if reason != test.reason || (test.wait-wait).Abs() > time.Second {
			t.Errorf("%s: expectedWait = %q, %v, want %q, %v", name, reason, wait, test.reason, test.wait)
		}
	}
}

// Another attempt ends the line of the wait before it.
func TestTraceEndsWaitAtNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		tr := trace{progress: progress{screen: screen{w: &out}}}
		tr.observe(context.Background(), client.Attempt{StatusCode: 429, Err: &client.Error{StatusCode: 429, RetryAfter: time.Minute}})
		tr.observe(context.Background(), client.Attempt{StatusCode: 200, Dialect: client.DialectGenerateLink})
		time.Sleep(time.Minute)
		if got := out.String(); got != "" {
			t.Errorf("after a success it wrote %q", got)
		}
		if got := dialectName(tr.dialect()); got != "generate-link" {
			t.Errorf("dialect = %s, want the last attempt's, generate-link", got)
		}
	})
}
