package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A cell of the table: one fault, so many times, in one operation and dialect.
type cell struct {
	fault     fault
	operation operation
	dialect   client.Dialect
	times     int  // forEver, or how often the fault strikes
	wired     bool // on sockets

	portal  *portaltest.Handler // what serves the attempts that are not hit
	armed   atomic.Bool
	hits    atomic.Int32
	arrived atomic.Int32 // requests, at the service

	mu       sync.Mutex
	attempts []client.Attempt
	secrets  []string
}

const forEver = -1

func newCell(f fault, op operation, d client.Dialect, times int) *cell {
	c := &cell{fault: f, operation: op, dialect: d, times: times, portal: portaltest.NewHandler()}
	c.secrets = []string{c.portal.APIKey, strings.TrimPrefix(c.portal.APIKey, "sk_sandbox_"), secret}
	return c
}

func (c *cell) String() string {
	times, ok := map[int]string{forEver: "for ever", 1: "once", 2: "twice"}[c.times]
	if !ok {
		times = fmt.Sprint(c.times, " times")
	}
	return fmt.Sprintf("%v/%v/%s", c.operation, c.dialect, times)
}

// want is the number of attempts that the table gives for this cell, and whether the
// last of them succeeds.
func (c *cell) want() (attempts int, ok bool) {
	n := c.fault.attempts[c.column()]
	return max(n, -n), n > 0
}

func (c *cell) column() int { return map[int]int{1: 0, 2: 1, forEver: 2}[c.times] }

// hit reports whether the fault strikes here. What can be hit is asked once.
func (c *cell) hit() bool {
	return c.armed.Load() && (c.times == forEver || int(c.hits.Add(1)) <= c.times)
}

// ServeHTTP is the service. It counts what arrives.
func (c *cell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.armed.Load() {
		c.arrived.Add(1)
	}
	// net/http watches for the client's leaving once the body has been read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	portal := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.portal.ServeHTTP(&keeper{w, c}, r) })
	if c.fault.by.answer != nil && c.hit() {
		c.fault.by.answer(w, r, portal)
		return
	}
	portal(w, r)
}

// A keeper remembers the links that are given out.
type keeper struct {
	http.ResponseWriter
	cell *cell
}

var linkIn = regexp.MustCompile(`"link":\s*"([^"]+)"`)

func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func (k *keeper) Write(b []byte) (int, error) {
	if m := linkIn.FindSubmatch(b); m != nil {
		if u, err := url.Parse(string(m[1])); err == nil {
			k.cell.mu.Lock()
			k.cell.secrets = append(k.cell.secrets, u.RequestURI())
			k.cell.mu.Unlock()
		}
	}
	return k.ResponseWriter.Write(b)
}

// client makes the client under test.
func (c *cell) client(t testing.TB, baseURL string, transport http.RoundTripper, policy client.RetryPolicy) *client.Client {
	t.Helper()
	portal, err := client.New(c.portal.APIKey,
		client.WithBaseURL(baseURL),
		client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithDialect(c.dialect),
		client.WithRetry(policy),
		client.WithObserver(func(_ context.Context, a client.Attempt) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.armed.Load() {
				c.attempts = append(c.attempts, a)
			}
		}))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return portal
}

// made is how many attempts have ended.
func (c *cell) made() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.attempts)
}

// An operation is one of the client's two.
type operation int

const (
	both operation = iota
	links
	icons
)

func (o operation) String() string { return [...]string{"both", "links", "icons"}[o] }

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
	"ErrInvalidRequest":       client.ErrInvalidRequest,
	"ErrUnauthorized":         client.ErrUnauthorized,
	"ErrOrganizationNotFound": client.ErrOrganizationNotFound,
	"ErrRateLimited":          client.ErrRateLimited,
	"ErrServer":               client.ErrServer,
	"ErrMalformedResponse":    client.ErrMalformedResponse,
}

// judge holds what came out of a call to the table.
func (c *cell) judge(t testing.TB, err error) {
	t.Helper()
	f := c.fault
	want, ok := c.want()
	if got := len(c.attempts); got != want {
		t.Errorf("%v: %d attempts, want %d (%v)", c, got, want, err)
	}
	if arrive := c.wantArrived(want); !c.arrivedAs(arrive) {
		t.Errorf("%v: %d requests arrived in %d attempts, want %d", c, c.arrived.Load(), len(c.attempts), arrive)
	}
	for i, a := range c.attempts {
		c.wantNoSecret(t, fmt.Sprintf("attempt %d", i+1), a.Err)
		if a.Number != i+1 {
			t.Errorf("%v: attempt %d has the number %d", c, i+1, a.Number)
		}
		if a.Err != nil {
			c.wantCause(t, fmt.Sprintf("attempt %d: ", i+1), a.Err)
		}
	}
	if ok {
		if err != nil {
			t.Errorf("%v: got %v, want success at attempt %d", c, err, want)
		}
		return
	}
	e := new(client.Error)
	if !errors.As(err, &e) {
		t.Errorf("%v: got %v (%T), want a *client.Error", c, err, err)
		return
	}
	c.wantNoSecret(t, "the error", err)
	c.wantCause(t, "", err)
	for name, sentinel := range sentinels {
		if got, want := errors.Is(err, sentinel), sentinel == f.is; got != want {
			t.Errorf("%v: errors.Is(%v, %s) = %v, want %v", c, err, name, got, want)
		}
	}
	if e.Attempts != want || e.RetryAfter != f.asks || e.Hint() == "" {
		t.Errorf("%v: Attempts %d, RetryAfter %v, Hint %q, want %d, %v and a hint (%v)", c, e.Attempts, e.RetryAfter, e.Hint(), want, f.asks, err)
	}
}

// wantArrived is how many of the attempts the service sees.
func (c *cell) wantArrived(attempts int) int {
	if c.fault.arrive != nil {
		return c.fault.arrive[c.column()]
	}
	if !c.fault.unseen {
		return attempts
	}
	if c.times == forEver {
		return 0
	}
	return attempts - min(attempts, c.times)
}

func (c *cell) arrivedAs(want int) bool {
	got := int(c.arrived.Load())
	switch {
	case want < 0:
		return got >= -want
	case c.wired && c.fault.each > 0:
		return got <= want // a short attempt may be over before it is there
	}
	return got == want
}

// wantCause checks status and cause, of an attempt's error or the call's.
func (c *cell) wantCause(t testing.TB, which string, err error) {
	t.Helper()
	f := c.fault
	e := new(client.Error)
	if !errors.As(err, &e) || e.StatusCode != f.status && (f.status != success || e.StatusCode/100 != 2) {
		t.Errorf("%v: %sStatusCode = %d, want %d (%v)", c, which, e.StatusCode, f.status, err)
	}
	if f.cause.found != nil && !f.cause.found(err) {
		t.Errorf("%v: %sthe cause is lost: want %s in %v", c, which, f.cause.name, err)
	}
}

func (c *cell) wantNoSecret(t testing.TB, which string, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		text := fmt.Sprintf("%v\n%+v\n%#v\n%q", err, err, err, err)
		if e, own := err.(*client.Error); own {
			text += fmt.Sprintf("\n%#v\n%s\n%s\n%s\n%s", *e, e.Body, e.Description, e.RequestID, e.Hint())
		}
		for _, s := range c.secrets {
			if strings.Contains(text, s) {
				t.Errorf("%v: %s shows a secret", c, which)
				return
			}
		}
	}
}

// atMost is the longest that a call of these attempts takes.
func (f fault) atMost(attempts int, ok bool) time.Duration {
	var total time.Duration
	if ok {
		total = f.slow
	}
	for n := 1; n <= attempts; n++ {
		if n < attempts || !ok {
			total += f.each
		}
		if n < attempts {
			total += f.wait(n)
		}
	}
	return total
}

// wait is the longest wait after the nth attempt.
func (f fault) wait(n int) time.Duration {
	switch {
	case f.straight:
		return 0
	case f.asks > 0:
		return f.asks
	}
	return time.Second << (n - 1)
}
