package portaltest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// With an error status nothing is done for the request and nothing is taken from the
// budget. (TestDocumentStatusesAreFaults has the words of every status.)
func TestFaultStatus(t *testing.T) {
	c := serve(t)
	c.portal.Fail(portaltest.Fault{Status: 500, Times: 3})
	for _, path := range []string{sheetLinks, liveLinks, liveLinks} {
		c.send("POST", path, c.request("sso")).want(t, 500)
	}
	if got := len(c.portal.Links()); got != 0 {
		t.Errorf("%d links were issued to requests that were answered with an error", got)
	}
	if _, remaining, _ := c.send("GET", sheetIcons, "").rates(t); remaining != 99 {
		t.Errorf("remaining = %d after 3 faults, want 99", remaining)
	}
	c.partial = true
	c.portal.Fail(portaltest.Fault{Status: 503, Operation: portaltest.OperationListCDNProviderIcons})
	if a := c.send("GET", liveIcons, "").want(t, 503); a.body != "Service Unavailable\n" {
		t.Errorf("the CDN's 503 says %q", a.body)
	}
	c.portal.Fail(portaltest.Fault{Status: 418})
	c.send("GET", "/nowhere", "").want(t, 418)
	c.portal.Fail(portaltest.Fault{Status: 502, Operation: portaltest.OperationPortalPage})
	c.send("GET", c.link(sheetLinks, "sso"), "").want(t, 502)
}

// A success's status, body and headers can be changed after the link was issued.
func TestFaultAfterTheDeed(t *testing.T) {
	c := serve(t)
	c.partial = true
	post := func(f portaltest.Fault, body string) answer {
		c.portal.Fail(f)
		return c.send("POST", liveLinks, body)
	}
	if a := post(portaltest.Fault{Status: 200}, c.request("sso")).want(t, 200); !strings.Contains(a.body, "/portal/launch?secret=") {
		t.Errorf("body = %s, want the link", a.body)
	}
	post(portaltest.Fault{Status: 200}, `{}`).want(t, 422) // not a success: the true status
	a := post(portaltest.Fault{Body: []byte("<h1>Hello</h1>")}, c.request("sso")).want(t, 201)
	if got := a.header.Get("Content-Type"); a.body != "<h1>Hello</h1>" || !strings.HasPrefix(got, "text/html") {
		t.Errorf("body, Content-Type = %q, %q", a.body, got)
	}
	if a := post(portaltest.Fault{Body: []byte{}}, c.request("sso")).want(t, 201); a.body != "" {
		t.Errorf("body = %q, want none", a.body)
	}
	c.t = quiet{t} // there is no Date
	a = post(portaltest.Fault{Header: http.Header{"x-example": {"a", "b"}, "date": nil, "X-RateLimit-Remaining": {"banana"}}}, c.request("sso")).want(t, 201)
	c.t = t
	if len(a.header["X-Example"]) != 2 || a.header["Date"] != nil || a.header.Get("X-Ratelimit-Remaining") != "banana" {
		t.Errorf("header = %v, want two X-Example, no Date and a banana", a.header)
	}
	a = post(portaltest.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example/"}}}, c.request("sso")).want(t, 302)
	if a.header.Get("Location") != "https://evil.example/" || len(c.portal.Links()) != 4 {
		t.Errorf("Location = %q with %d links, want the fault's and 4", a.header.Get("Location"), len(c.portal.Links()))
	}
}

// quiet is a test that does not mind what the kit minds.
type quiet struct{ testing.TB }

func (quiet) Errorf(string, ...any) {}

func TestFaultRateHeaders(t *testing.T) {
	c := serve(t)
	c.portal.Fail(portaltest.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond})
	a := c.send("GET", sheetIcons, "").want(t, 429)
	if _, remaining, reset := a.rates(t); remaining != 0 || reset != 2 || a.header.Get("Retry-After") != "2" {
		t.Errorf("remaining, reset, Retry-After = %d, %d, %s; want 0, 2, 2", remaining, reset, a.header.Get("Retry-After"))
	}
	c.partial = true
	c.portal.Fail(portaltest.Fault{Status: 429})
	a = c.send("GET", sheetIcons, "").want(t, 429)
	if a.header["X-Ratelimit-Remaining"] != nil || a.header["Retry-After"] != nil {
		t.Errorf("header = %v, want neither rates nor Retry-After", a.header)
	}
}

// A cut and a stall, on a socket and in memory alike.
func TestFaultsOnTheWay(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...portaltest.Option) *caller{"socket": serve, "memory": inMemory} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			c.partial = true
			for _, tc := range []struct {
				fault  portaltest.Fault
				err    error
				status int // that arrives
			}{
				{portaltest.Fault{Cut: portaltest.BeforeAnswer}, io.EOF, 0},
				{portaltest.Fault{Cut: portaltest.WithinBody}, io.ErrUnexpectedEOF, 200},
				{portaltest.Fault{Cut: portaltest.WithinBody, Body: []byte{}}, io.ErrUnexpectedEOF, 200},
				{portaltest.Fault{Stall: portaltest.BeforeAnswer}, context.DeadlineExceeded, 0},
				{portaltest.Fault{Stall: portaltest.WithinBody}, context.DeadlineExceeded, 200},
			} {
				ctx, cancel := t.Context(), func() {}
				if tc.fault.Stall != portaltest.Nowhere {
					ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
				}
				c.portal.Fail(tc.fault)
				a, err := c.try("POST", sheetLinks, c.request("sso"), func(r *http.Request) { *r = *r.WithContext(ctx) })
				cancel()
				if !errors.Is(err, tc.err) || a.status != tc.status {
					t.Errorf("%+v: %v, %v; want status %d and %v", tc.fault, a, err, tc.status, tc.err)
				}
				if got := last(c); got.Status != tc.status || !got.Fault {
					t.Errorf("%+v: Status, Fault = %d, %v; want %d, true", tc.fault, got.Status, got.Fault, tc.status)
				}
			}
			if got := len(c.portal.Links()); got != 5 {
				t.Errorf("%d links were issued, want 5: the deed was done each time", got)
			}
		})
	}
}

func TestFaultLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		start := time.Now()
		c.portal.Fail(portaltest.Fault{Latency: time.Minute})
		a := c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
		if got := time.Since(start); got != time.Minute || last(c).Duration != time.Minute {
			t.Errorf("it took %v, and Duration = %v; want a minute", got, last(c).Duration)
		}
		if got := a.date(t); !got.Equal(start) {
			t.Errorf("Date = %v, want the time of the deed, %v", got, start)
		}

		// A client that leaves ends the wait.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.portal.Fail(portaltest.Fault{Latency: time.Hour})
		if _, err := c.try("GET", sheetIcons, "", func(r *http.Request) { *r = *r.WithContext(ctx) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the deadline", err)
		}
		synctest.Wait()
		if got := last(c).Duration; got != time.Second {
			t.Errorf("the request was open for %v, want 1 s", got)
		}
	})
}

// The script: by operation, so many times, the first that fits.
func TestFaultScript(t *testing.T) {
	c := serve(t)
	c.partial = true
	icons := func() int { return c.send("GET", sheetIcons, "").status }
	c.portal.Fail(portaltest.Fault{Status: 500, Operation: portaltest.OperationGenerateLink})
	c.portal.Fail(portaltest.Fault{Status: 502, Times: 2})
	c.portal.Fail(portaltest.Fault{Status: 503})
	for i, want := range []int{502, 502, 503, 200} {
		if got := icons(); got != want {
			t.Errorf("answer %d = %d, want %d", i, got, want)
		}
	}
	pending := c.portal.PendingFaults()
	if len(pending) != 1 || pending[0].Status != 500 || pending[0].Times != 1 {
		t.Errorf("PendingFaults() = %+v, want the one of the other operation", pending)
	}
	c.portal.ClearFaults()
	c.portal.Fail(portaltest.Fault{Status: 500, Times: -1})
	if got := len(c.portal.PendingFaults()); got != 1 {
		t.Errorf("%d faults are pending, want the one that has not struck", got)
	}
	for range 5 {
		if got := icons(); got != 500 {
			t.Errorf("answer = %d, want 500 without end", got)
		}
	}
	if got := c.portal.PendingFaults(); got != nil {
		t.Errorf("PendingFaults() = %+v, want none: what has no end has struck", got)
	}
}

func TestImpossibleFaults(t *testing.T) {
	h := portaltest.NewHandler()
	for _, f := range []portaltest.Fault{
		{Operation: "generatePortalLinks"}, {Status: 99}, {Status: 600}, {Status: -1},
		{Latency: -1}, {RetryAfter: -1}, {Cut: 3}, {Stall: -1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Fail(%+v) took it", f)
				}
			}()
			h.Fail(f)
		}()
	}
	if got := h.PendingFaults(); got != nil {
		t.Errorf("PendingFaults() = %+v, want none", got)
	}
}

// What a test keeps of a fault is its own.
func TestFaultIsCopied(t *testing.T) {
	c := serve(t)
	c.partial = true
	f := portaltest.Fault{Header: http.Header{"X-Example": {"a"}}, Body: []byte("a"), Times: 2}
	c.portal.Fail(f)
	f.Header.Set("X-Example", "b")
	f.Body[0] = 'b'
	c.portal.PendingFaults()[0].Body[0] = 'b'
	c.portal.PendingFaults()[0].Header.Set("X-Example", "b")
	if a := c.send("GET", sheetIcons, ""); a.body != "a" || a.header.Get("X-Example") != "a" {
		t.Errorf("body, header = %q, %q; want a, a", a.body, a.header.Get("X-Example"))
	}
}

// Every operation of the contract can be named, under the name that it has there.
func TestOperationNames(t *testing.T) {
	want := []string{
		portaltest.OperationGenerateLink, portaltest.OperationGeneratePortalLink, portaltest.OperationListCDNProviderIcons,
		portaltest.OperationListProviderIcons, portaltest.OperationPortalPage,
	}
	if got := portaltest.Operations(); !slices.Equal(got, want) {
		t.Errorf("the contract's operations are %v, and the constants %v", got, want)
	}
}
