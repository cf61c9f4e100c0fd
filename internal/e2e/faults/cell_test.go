package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A cell of the table: one fault, so many times, for one operation and dialect.
type cell struct {
	fault     fault
	operation operation
	dialect   client.Dialect
	times     int // how often the fault strikes; always: without end

	portal  *portaltest.Handler // serves what the fault does not hit
	armed   atomic.Bool
	hits    atomic.Int32
	arrived atomic.Int32 // requests, at the service

	mu       sync.Mutex
	attempts []client.Attempt
}

const always = -1

// An operation is one of the client's two.
type operation string

const (
	both  operation = ""
	links operation = "links"
	icons operation = "icons"
)

// hit reports whether the fault strikes. It is asked once for each thing that it may hit.
func (c *cell) hit() bool {
	return c.armed.Load() && (int(c.hits.Add(1)) <= c.times || c.times == always)
}

// run makes the call in a bubble. The bubble ends when all of its goroutines have, and
// fails where none of them can go on: nothing hangs and nothing leaks.
func (c *cell) run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by := c.fault.by
		n := newNetwork()
		defer c.serve(n)()
		portal := c.client(t, n)
		if by.early {
			c.armed.Store(true)
		}
		var calls sync.WaitGroup
		for range by.old {
			calls.Go(func() {
				if err := c.call(context.Background(), portal); err != nil {
					t.Errorf("the call before: %v", err)
				}
			})
		}
		calls.Wait()
		c.attempts = nil
		c.arrived.Store(0)
		c.armed.Store(true)
		for _, e := range n.all() {
			e.wire.old.Store(true)
			e.wire.silent.Store(by.mute)
		}

		ctx := context.Background()
		if d := c.fault.deadline; d > 0 {
			limited, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			ctx = limited
		}
		start := time.Now()
		err := c.call(ctx, portal)
		took := time.Since(start)
		synctest.Wait()
		c.judge(t, err, took)
		if got, want := n.open(), max(by.old, 1); got > want {
			t.Errorf("%d connections are open after the call, want at most %d", got, want)
		}
	})
}

// call makes the call, and checks that it brings what it is for.
func (c *cell) call(ctx context.Context, portal *client.Client) error {
	if c.operation == icons {
		list, err := portal.ListProviderIcons(ctx)
		if err == nil && len(list) == 0 {
			return errors.New("neither icons nor an error")
		}
		return err
	}
	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: c.portal.Organization, Intent: client.IntentSSO})
	if err == nil && link.Expired() {
		return errors.New("a link that has expired, and no error")
	}
	return err
}

var sentinels = map[string]error{
	"ErrInvalidRequest": client.ErrInvalidRequest, "ErrUnauthorized": client.ErrUnauthorized, "ErrOrganizationNotFound": client.ErrOrganizationNotFound,
	"ErrRateLimited": client.ErrRateLimited, "ErrServer": client.ErrServer, "ErrMalformedResponse": client.ErrMalformedResponse,
}

// judge holds what came out of a call to the table.
func (c *cell) judge(t *testing.T, err error, took time.Duration) {
	t.Helper()
	f, column := c.fault, map[int]int{1: 0, 2: 1, always: 2}[c.times]
	want, ok := f.outcome(column)
	if got := len(c.attempts); got != want || ok != (err == nil) {
		t.Errorf("%d attempts and the error %v, want %d and success: %v", got, err, want, ok)
	}
	arrive := want
	switch by := f.by; {
	case f.arrive != nil:
		arrive = f.arrive[column]
	case by.dial == nil && (!by.secure || by.answer != nil):
	case c.times == always:
		arrive = 0
	default:
		arrive -= min(want, c.times)
	}
	if got := int(c.arrived.Load()); got != arrive {
		t.Errorf("%d requests arrived in %d attempts, want %d", got, len(c.attempts), arrive)
	}
	// In a bubble only waits and stalls take time.
	if most := f.atMost(want, ok); took > most {
		t.Errorf("took %v, want at most %v", took, most)
	}
	for i, a := range c.attempts {
		if i > 0 && (a.Wait > f.wait(i) || f.asks > 0 && a.Wait < f.asks) {
			t.Errorf("waited %v for attempt %d, want at most %v", a.Wait, i+1, f.wait(i))
		}
		if a.Err != nil {
			c.judgeError(t, a.Err)
			if a.Duration != f.each && f.deadline == 0 {
				t.Errorf("attempt %d took %v, want %v (%v)", i+1, a.Duration, f.each, a.Err)
			}
		}
	}
	if err == nil {
		return
	}
	e := c.judgeError(t, err)
	for name, sentinel := range sentinels {
		if got, want := errors.Is(err, sentinel), sentinel == f.is; got != want {
			t.Errorf("errors.Is(%v, %s) = %v, want %v", err, name, got, want)
		}
	}
	if e.Attempts != want || e.RetryAfter.Round(time.Millisecond) != f.asks || e.Hint() == "" || f.between && !c.public() && !strings.Contains(e.Hint(), "between") {
		t.Errorf("Attempts %d, RetryAfter %v, Hint %q, want %d, %v and a hint, that names what stands between: %v (%v)", e.Attempts, e.RetryAfter, e.Hint(), want, f.asks, f.between, err)
	}
}

// public reports whether the call is for the CDN's file, for which hints are about the file.
func (c *cell) public() bool { return c.operation == icons && c.dialect == client.DialectGenerateLink }

// judgeError checks status and cause of an attempt's error or the call's, and that no form of it has a secret.
func (c *cell) judgeError(t *testing.T, err error) *client.Error {
	t.Helper()
	f := c.fault
	e := new(client.Error)
	if !errors.As(err, &e) || e.StatusCode != f.status && (f.status != success || e.StatusCode/100 != 2) {
		t.Errorf("StatusCode = %d, want %d (%v)", e.StatusCode, f.status, err)
	}
	if f.cause.found != nil && !f.cause.found(err) {
		t.Errorf("the cause is lost: want %s in %v", f.cause.name, err)
	}
	secrets := []string{c.portal.APIKey, strings.TrimPrefix(c.portal.APIKey, "sk_sandbox_"), secret}
	for _, link := range c.portal.Links() {
		_, token, _ := strings.Cut(link.URL, "?")
		secrets = append(secrets, token)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		text := fmt.Sprintf("%v\n%+v\n%#v\n%s\n%s\n%s\n%s", err, err, err, e.Body, e.Description, e.RequestID, e.Hint())
		for _, s := range secrets {
			if s == "" || strings.Contains(text, s) {
				t.Error("an error shows a secret")
			}
		}
	}
	return e
}
