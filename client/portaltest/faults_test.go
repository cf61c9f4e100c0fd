package portaltest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func under(ctx context.Context) edit { return func(r *http.Request) { *r = *r.WithContext(ctx) } }

// With an error status nothing is done for the request and nothing is taken from the
// budget. (TestDocumentStatusesAreFaults has the words of every status.)
func TestFaultStatus(t *testing.T) {
	c := serve(t)
	c.portal.Fail(portaltest.Fault{Status: 500, Times: 3})
	for _, path := range []string{referenceLinks, liveLinks, liveLinks} {
		c.post(path, c.request("sso"), 500)
	}
	equal(t, "number of links after 3 faults", len(c.portal.Links()), 0)
	equal(t, "rates after 3 faults", c.get(referenceIcons, 200).rates(), "100 99 60 -")
	c.portal.Fail(portaltest.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond})
	equal(t, "rates of a 429", c.get(referenceIcons, 429).rates(), "100 0 2 2")
	c.partial = true
	c.portal.Fail(portaltest.Fault{Status: 429})
	equal(t, "rates of a 429 without RetryAfter", c.get(referenceIcons, 429).rates(), "- - - -")
	c.portal.Fail(portaltest.Fault{Status: 503, Operation: portaltest.OperationListCDNProviderIcons})
	equal(t, "the CDN's 503", c.get(liveIcons, 503).body, "Service Unavailable\n")
	c.portal.Fail(portaltest.Fault{Status: 418})
	c.get("/nowhere", 418)
	c.portal.Fail(portaltest.Fault{Status: 502, Operation: portaltest.OperationPortalPage})
	c.get(c.link(referenceLinks, "sso"), 502)
	// A 404 is about the organization that was asked for.
	c.portal.Fail(portaltest.Fault{Operation: portaltest.OperationGenerateLink, Status: 404})
	a := c.post(liveLinks, c.request("sso", "organization", "org_asked"), 404)
	a.is(`{"message":"Organization not found: 'org_asked'.","code":"entity_not_found","entity_id":"org_asked"}`)
}

// A success's status, body and headers can be changed after the link was issued.
func TestFaultAfterTheDeed(t *testing.T) {
	c := serve(t)
	c.partial = true
	post := func(f portaltest.Fault, body string, status int) answer {
		t.Helper()
		c.portal.Fail(f)
		return c.post(liveLinks, body, status)
	}
	post(portaltest.Fault{Status: 200}, c.request("sso"), 200).has("/portal/launch?secret=")
	post(portaltest.Fault{Status: 200}, `{}`, 422) // not a success: the true status
	a := post(portaltest.Fault{Body: []byte("<h1>Hello</h1>")}, c.request("sso"), 201)
	equal(t, "body and Content-Type", a.body+" "+a.header.Get("Content-Type"), "<h1>Hello</h1> text/html; charset=utf-8")
	a = post(portaltest.Fault{Body: []byte(`{"a":1}`)}, c.request("sso"), 201)
	equal(t, "body and Content-Type", a.body+" "+a.header.Get("Content-Type"), `{"a":1} application/json`)
	equal(t, "an empty body", post(portaltest.Fault{Body: []byte{}}, c.request("sso"), 201).body, "")
	h := post(portaltest.Fault{Header: http.Header{"x-example": {"a", "b"}, "date": nil, "X-RateLimit-Remaining": {"banana"}}}, c.request("sso"), 201).header
	equal(t, "header", fmt.Sprint(h["X-Example"], h["Date"], h["X-Ratelimit-Remaining"]), "[a b] [] [banana]")
	a = post(portaltest.Fault{Status: 302, Header: http.Header{"Location": {"https://evil.example/"}}}, c.request("sso"), 302)
	equal(t, "Location", a.header.Get("Location"), "https://evil.example/")
	equal(t, "number of links, without those of 422 and 302", len(c.portal.Links()), 5)
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
				a, err := c.try("POST", referenceLinks, c.request("sso"), under(ctx))
				cancel()
				if got := c.last(); !errors.Is(err, tc.err) || a.status != tc.status || got.Status != tc.status || !got.Fault {
					t.Errorf("%+v: %v, %v, listed as %+v; want status %d and %v", tc.fault, a, err, got, tc.status, tc.err)
				}
			}
			equal(t, "number of links, one for each request", len(c.portal.Links()), 5)
		})
	}
}

func TestFaultLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		start := time.Now()
		c.portal.Fail(portaltest.Fault{Latency: time.Minute})
		a := c.post(referenceLinks, c.request("sso"), 200)
		equal(t, "time for the answer", time.Since(start), time.Minute)
		equal(t, "Duration", c.last().Duration, time.Minute)
		equal(t, "Date, which is that of the deed", a.header.Get("Date"), start.UTC().Format(http.TimeFormat))

		// A client that leaves ends the wait.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.portal.Fail(portaltest.Fault{Latency: time.Hour})
		if _, err := c.try("GET", referenceIcons, "", under(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the deadline", err)
		}
		synctest.Wait()
		equal(t, "Duration of the request that was left", c.last().Duration, time.Second)
	})
}

// The script: by operation, so many times, the first that fits.
func TestFaultScript(t *testing.T) {
	c := serve(t)
	c.partial = true
	c.portal.Fail(portaltest.Fault{Status: 500, Operation: portaltest.OperationGenerateLink})
	c.portal.Fail(portaltest.Fault{Status: 502, Times: 2})
	c.portal.Fail(portaltest.Fault{Status: 503, Operation: portaltest.OperationListProviderIcons})
	for _, status := range []int{502, 502, 503, 200} {
		c.get(referenceIcons, status)
	}
	equal(t, "PendingFaults()", c.portal.PendingFaults(), []portaltest.Fault{{Status: 500, Operation: portaltest.OperationGenerateLink, Times: 1}})
	requests := c.portal.Requests()
	equal(t, "Fault", []bool{requests[2].Fault, requests[3].Fault}, []bool{true, false})
	c.portal.ClearFaults()
	c.portal.Fail(portaltest.Fault{Status: 500, Times: -1})
	equal(t, "PendingFaults() before an endless fault has hit", c.portal.PendingFaults(), []portaltest.Fault{{Status: 500, Times: -1}})
	for range 5 {
		c.get(referenceIcons, 500)
	}
	equal(t, "PendingFaults() after that", c.portal.PendingFaults(), []portaltest.Fault(nil))
}

// What could never happen is a mistake in the test.
func TestPanics(t *testing.T) {
	h := portaltest.NewHandler(portaltest.WithDialect(portaltest.DialectPortalLinks))
	panics := func(what string, f func()) {
		defer func() {
			errorIf(t, recover() == nil, "%s was taken", what)
		}()
		f()
	}
	for _, f := range []portaltest.Fault{{Operation: "generatePortalLinks"}, {Operation: portaltest.OperationGenerateLink, Status: 500}, {Times: 2}, {Status: 99}, {Status: 600}, {Latency: -1}, {RetryAfter: -1}, {Cut: 3}, {Stall: -1}} {
		panics(fmt.Sprintf("Fail(%+v)", f), func() { h.Fail(f) })
	}
	panics("an ID that no request could name", func() { h.PutOrganization(portaltest.Organization{ID: "acme"}) })
	equal(t, "PendingFaults()", h.PendingFaults(), []portaltest.Fault(nil))
}

// What a test keeps of a fault is its own.
func TestFaultIsCopied(t *testing.T) {
	c := serve(t)
	c.partial = true
	f := portaltest.Fault{Header: http.Header{"X-Example": {"a"}}, Body: []byte("a")}
	c.portal.Fail(f)
	for _, mine := range []portaltest.Fault{f, c.portal.PendingFaults()[0]} {
		mine.Header.Set("X-Example", "b")
		mine.Body[0] = 'b'
	}
	a := c.get(referenceIcons, 200)
	equal(t, "body and header", a.body+a.header.Get("X-Example"), "aa")
}
