package portaltest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// An error status is answered in the words of the operation's dialect, and nothing
// is done for the request.
func TestFaultStatus(t *testing.T) {
	c := serve(t)
	for _, tc := range []struct {
		fault portaltest.Fault
		path  string
		want  string
	}{
		{portaltest.Fault{Status: 500}, sheetLinks, `{"error":"server_error","error_description":"Something went wrong on our side","code":"server_error"}`},
		{portaltest.Fault{Status: 429}, sheetLinks, `{"error":"rate_limited","error_description":"Too many requests","code":"rate_limit_exceeded"}`},
		{portaltest.Fault{Status: 404}, sheetLinks, `{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`},
		{portaltest.Fault{Status: 401}, sheetLinks, `{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`},
		{portaltest.Fault{Status: 500}, liveLinks, `{"message":"Internal server error","code":"internal_server_error"}`},
		{portaltest.Fault{Status: 429}, liveLinks, `{"message":"Too many requests.","code":"rate_limit_exceeded"}`},
		{portaltest.Fault{Status: 403}, liveLinks, `{"message":"Forbidden","code":"forbidden"}`},
		{portaltest.Fault{Status: 401}, liveLinks, `{"message":"Unauthorized"}`},
	} {
		c.partial = tc.fault.Status == 429 // no rate headers, see below
		c.portal.Fail(tc.fault)
		a := c.send("POST", tc.path, c.request("sso")).want(t, tc.fault.Status)
		sameJSON(t, a.body, tc.want)
	}
	if got := len(c.portal.Links()); got != 0 {
		t.Errorf("%d links were issued to requests that were answered with an error", got)
	}
	c.partial = false
	if _, remaining, _ := c.send("GET", sheetIcons, "").rates(t); remaining != 99 {
		t.Errorf("remaining = %d after 8 faults, want 99: they count against no budget", remaining)
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

// A success's status, body and headers can be spoiled after the deed.
func TestFaultAfterTheDeed(t *testing.T) {
	c := serve(t)
	c.partial = true
	c.portal.Fail(portaltest.Fault{Status: 200})
	a := c.send("POST", liveLinks, c.request("sso")).want(t, 200)
	if !strings.Contains(a.body, "/portal/launch?secret=") {
		t.Errorf("body = %s, want the link", a.body)
	}
	c.portal.Fail(portaltest.Fault{Status: 200}) // not a success: the truth
	c.send("POST", liveLinks, `{}`).want(t, 422)

	c.portal.Fail(portaltest.Fault{Body: []byte("<h1>Hello</h1>")})
	a = c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
	if got := a.header.Get("Content-Type"); a.body != "<h1>Hello</h1>" || !strings.HasPrefix(got, "text/html") {
		t.Errorf("body, Content-Type = %q, %q", a.body, got)
	}
	c.portal.Fail(portaltest.Fault{Body: []byte{}})
	if a := c.send("POST", sheetLinks, c.request("sso")).want(t, 200); a.body != "" {
		t.Errorf("body = %q, want none", a.body)
	}
	c.portal.Fail(portaltest.Fault{Header: http.Header{"x-example": {"a", "b"}, "date": nil, "X-RateLimit-Remaining": {"banana"}}})
	a = c.send("POST", sheetLinks, c.request("sso"), func(r *http.Request) { c.t = quiet{t} }).want(t, 200)
	c.t = t
	if len(a.header["X-Example"]) != 2 || a.header["Date"] != nil || a.header.Get("X-Ratelimit-Remaining") != "banana" {
		t.Errorf("header = %v, want two X-Example, no Date and a banana", a.header)
	}
	if got := len(c.portal.Links()); got != 4 {
		t.Errorf("%d links were issued, want 4", got)
	}

	c.portal.Fail(portaltest.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example/"}}})
	if a := c.send("POST", sheetLinks, c.request("sso")).want(t, 302); a.header.Get("Location") != "https://evil.example/" || len(c.portal.Links()) != 4 {
		t.Errorf("Location = %q with %d links, want the fault's and no new link", a.header.Get("Location"), len(c.portal.Links()))
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
	c.portal.Fail(portaltest.Fault{Status: 503, RetryAfter: time.Minute})
	if got := c.send("GET", liveIcons, "").want(t, 503).header.Get("Retry-After"); got != "60" {
		t.Errorf("Retry-After = %s, want 60", got)
	}
}

// A cut, a stall and a drip, on a socket and in memory alike.
func TestFaultsOnTheWay(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...portaltest.Option) *caller{"socket": serve, "memory": inMemory} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			c.partial = true
			post := func() (answer, error) { return c.try("POST", sheetLinks, c.request("sso")) }

			c.portal.Fail(portaltest.Fault{Cut: portaltest.BeforeAnswer})
			if a, err := post(); !errors.Is(err, io.EOF) {
				t.Errorf("cut before the answer: %v, %v; want EOF", a, err)
			}
			c.portal.Fail(portaltest.Fault{Cut: portaltest.WithinBody})
			if a, err := post(); !errors.Is(err, io.ErrUnexpectedEOF) || a.status != 200 || len(a.body) < 10 {
				t.Errorf("cut within the body: %v, %v; want 200, half a body and an unexpected EOF", a, err)
			}
			c.portal.Fail(portaltest.Fault{Cut: portaltest.WithinBody, Body: []byte{}})
			if a, err := post(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("cut within an empty body: %v, %v; want an unexpected EOF", a, err)
			}
			for _, place := range []portaltest.Place{portaltest.BeforeAnswer, portaltest.WithinBody} {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				c.portal.Fail(portaltest.Fault{Stall: place})
				a, err := c.try("POST", sheetLinks, c.request("sso"), func(r *http.Request) { *r = *r.WithContext(ctx) })
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) || (a.status == 200) != (place == portaltest.WithinBody) {
					t.Errorf("stall at %v: %v, %v; want the deadline", place, a, err)
				}
			}
			if got := len(c.portal.Links()); got != 5 {
				t.Errorf("%d links were issued, want 5: the deed was done each time", got)
			}
			want := []int{0, 200, 200, 0, 200}
			for i, r := range c.portal.Requests() {
				if r.Status != want[i] {
					t.Errorf("Requests()[%d].Status = %d, want %d", i, r.Status, want[i])
				}
			}
		})
	}
}

func TestFaultTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		start := time.Now()
		c.portal.Fail(portaltest.Fault{Latency: time.Minute})
		a := c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
		if got := time.Since(start); got != time.Minute {
			t.Errorf("it took %v, want a minute", got)
		}
		if got := a.date(t); !got.Equal(start) {
			t.Errorf("Date = %v, want the time of the deed, %v", got, start)
		}
		if got := c.portal.Requests()[0].Duration; got != time.Minute {
			t.Errorf("Duration = %v, want a minute", got)
		}

		// A client that leaves ends the wait.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.portal.Fail(portaltest.Fault{Latency: time.Hour})
		if _, err := c.try("GET", sheetIcons, "", func(r *http.Request) { *r = *r.WithContext(ctx) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the deadline", err)
		}
		synctest.Wait()
		if requests := c.portal.Requests(); requests[len(requests)-1].Duration != time.Second {
			t.Errorf("the request was open for %v, want 1 s", requests[len(requests)-1].Duration)
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
	for range 10 {
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
	names := map[string]bool{
		portaltest.OperationGeneratePortalLink: true, portaltest.OperationListProviderIcons: true,
		portaltest.OperationGenerateLink: true, portaltest.OperationListCDNProviderIcons: true,
		portaltest.OperationPortalPage: true,
	}
	for _, id := range portaltest.Operations() {
		if !names[id] {
			t.Errorf("operation %s has no constant", id)
		}
		delete(names, id)
	}
	if len(names) > 0 {
		t.Errorf("no operation of the contract is called %v", names)
	}
}
