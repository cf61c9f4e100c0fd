package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A fault is one line of the table: what goes wrong, and what the client makes of it.
type fault struct {
	what     string
	by       mishap
	only     operation        // the operation that the line is for; zero: both
	dialects []client.Dialect // those that it is for; nil: all
	attempts attempts         // when it happens once, twice, always
	is       error            // the sentinel that the error matches; nil: none
	status   int              // the error's
	cause    cause            // what else the error matches
	between  bool             // the hint names what stands between

	each     time.Duration // that an attempt takes which the fault hits
	asks     time.Duration // how long the server asks to wait; 0: the backoff decides
	straight bool          // there is no wait between the attempts
	slow     time.Duration // the most that the attempt takes which succeeds
	deadline time.Duration // of the call's context; 0: none

	arrive *[3]int // requests that the service sees, if not one for each attempt
}

// attempts are how many a call makes when the fault strikes once, twice and always. Negative: the last of them fails, too.
type attempts [3]int

var (
	again     = attempts{2, 3, -4}   // it may pass: the call goes on, with up to 1 s, 2 s and 4 s in between
	atOnce    = attempts{-1, -1, -1} // it does not pass: the call fails at once
	harmless  = attempts{1, 1, 1}
	elsewhere = attempts{2, -2, -2} // the other dialect is tried, once

	pinned = []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink}
	auto   = []client.Dialect{client.DialectAuto}
)

// outcome is the number of attempts of a column, and whether the last of them succeeds.
func (f fault) outcome(column int) (attempts int, ok bool) {
	n := f.attempts[column]
	return max(n, -n), n > 0
}

// wait is the longest wait after the nth attempt.
func (f fault) wait(n int) time.Duration {
	switch {
	case f.straight:
		return 0
	case f.asks > 0:
		return f.asks
	}
	return max(time.Second<<(n-1)-f.each, 0) // counted from the start of the attempt that failed
}

// atMost is the longest that a call of these attempts takes.
func (f fault) atMost(attempts int, ok bool) time.Duration {
	total := time.Duration(attempts) * f.each
	if ok {
		total += f.slow - f.each
	}
	for n := 1; n < attempts; n++ {
		total += f.wait(n)
	}
	if f.deadline > 0 {
		total = min(total, f.deadline)
	}
	return total
}

type chapter struct {
	title  string
	faults []fault
}

const (
	attemptTimeout = 10 * time.Second // the client's default
	success        = 200              // or 201, as the live dialect has it
)

var table = []chapter{
	{"No connection", []fault{
		{what: "connection refused", by: dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), attempts: again, cause: is("syscall.ECONNREFUSED", syscall.ECONNREFUSED)},
		{what: "network unreachable", by: dialError(os.NewSyscallError("connect", syscall.ENETUNREACH)), attempts: again, cause: is("syscall.ENETUNREACH", syscall.ENETUNREACH)},
		{what: "packets dropped on the way", by: unanswered(), attempts: again, each: attemptTimeout, cause: ownTimeout},
		{what: "no such host", by: dialError(&net.DNSError{Name: "api.workos.com", Err: "no such host", IsNotFound: true}), attempts: again,
			cause: as("*net.DNSError", func(e *net.DNSError) bool { return e.IsNotFound })},
		{what: "no answer from DNS", by: dialError(&net.DNSError{Name: "api.workos.com", Err: "i/o timeout", IsTimeout: true, IsTemporary: true}), attempts: again,
			cause: as("*net.DNSError", func(e *net.DNSError) bool { return e.IsTimeout })},
	}},
	{"TLS", []fault{
		{what: "certificate expired", by: clientTLS(func(c *tls.Config) { c.Time = func() time.Time { return time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC) } }), attempts: atOnce,
			cause: as("x509.CertificateInvalidError", func(e x509.CertificateInvalidError) bool { return e.Reason == x509.Expired })},
		{what: "certificate of an authority that nobody trusts", by: clientTLS(func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }), attempts: atOnce, cause: as[x509.UnknownAuthorityError]("x509.UnknownAuthorityError", nil)},
		{what: "certificate of another host", by: clientTLS(func(c *tls.Config) { c.ServerName = "example.org" }), attempts: atOnce, cause: as[x509.HostnameError]("x509.HostnameError", nil)},
		{what: "TLS refused: version", by: serverTLS(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }), attempts: atOnce, cause: words("protocol version not supported")},
		{what: "TLS refused: client certificate wanted", by: serverTLS(func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), attempts: atOnce, cause: words("certificate required")},
		{what: "no TLS: plain HTTP on the port", by: mishap{secure: true, plain: true}, attempts: atOnce, cause: is("http.ErrSchemeMismatch", http.ErrSchemeMismatch)},
		{what: "TLS refused: internal error", by: failingTLS(func(net.Conn) error { return errors.New("broken") }), attempts: again, cause: words("internal error")},
		{what: "connection closed in the handshake", by: failingTLS(net.Conn.Close), attempts: again, cause: is("io.EOF", io.EOF)},
	}},
	{"Before the answer", []fault{
		{what: "connection reset", by: resetting(), attempts: again, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "connection closed", by: closing(), attempts: again, cause: is("io.EOF", io.EOF)},
		{what: "nothing comes", by: stalling(), attempts: again, each: attemptTimeout, cause: ownTimeout},
		{what: "the answer takes 9 s", by: late(9 * time.Second), attempts: harmless, slow: 9 * time.Second},
	}},
	{"Within the answer", []fault{
		{what: "connection reset in the body", by: within(reset), attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "connection closed in the body", by: within(cut), attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("io.ErrUnexpectedEOF", io.ErrUnexpectedEOF)},
		{what: "the body stops coming", by: within(stall), attempts: again, is: client.ErrMalformedResponse, status: success, each: attemptTimeout, cause: ownTimeout},
		{what: "the body drips, a byte a second", by: dripping(1, time.Second), attempts: again, is: client.ErrMalformedResponse, status: success, each: attemptTimeout, cause: ownTimeout},
		{what: "the body comes in many pieces", by: dripping(64, 10*time.Millisecond), attempts: harmless, slow: 5 * time.Second},
		{what: "truncated gzip", by: rewritten(func(b []byte) []byte { return half(compressed(b)) }, "Content-Encoding", "gzip"), attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("io.ErrUnexpectedEOF", io.ErrUnexpectedEOF)},
		{what: "gzip that is none", by: rewritten(same, "Content-Encoding", "gzip"), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: is("gzip.ErrHeader", gzip.ErrHeader)},
		{what: "half of the body, as if it were all", by: rewritten(half), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not a ")},
		{what: "200 with a page", by: page(200), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not a ")},
		{what: "200 with megabytes", by: rewritten(func([]byte) []byte { return bytes.Repeat([]byte(" "), 4<<20) }), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("too large")},
		{what: "200 with nothing", by: says(200, "text/plain", ""), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not a ")},
	}},
	{"Statuses", []fault{
		{what: "302", by: status(302, "Location", "https://elsewhere.test/"), attempts: atOnce, status: 302},
		{what: "407", by: status(407, "Proxy-Authenticate", "Basic"), attempts: atOnce, status: 407},
		{what: "408", by: status(408), attempts: atOnce, status: 408},
		{what: "425", by: status(425), attempts: atOnce, status: 425},
		{what: "429", by: status(429), attempts: again, is: client.ErrRateLimited, status: 429},
		{what: "429, Retry-After: 2", by: status(429, "Retry-After", "2"), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: 1.997", by: status(429, "Retry-After", "1.997"), attempts: again, is: client.ErrRateLimited, status: 429, asks: 1997 * time.Millisecond},
		{what: "429, Retry-After: 1, 2", by: status(429, "Retry-After", "1, 2"), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, two Retry-After", by: status(429, "Retry-After", "2", "Retry-After", "1"), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: a date in 2 s", by: inAWhile(2*time.Second, http.TimeFormat), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: the same in RFC 3339", by: inAWhile(2*time.Second, time.RFC3339), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: the same with +0000", by: inAWhile(2*time.Second, time.RFC1123Z), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: 0", by: status(429, "Retry-After", "0"), attempts: again, is: client.ErrRateLimited, status: 429},
		{what: "429, Retry-After: 3600", by: status(429, "Retry-After", "3600"), attempts: atOnce, is: client.ErrRateLimited, status: 429, asks: time.Hour},
		{what: "500", by: status(500), attempts: again, is: client.ErrServer, status: 500},
		{what: "503", by: status(503), attempts: again, is: client.ErrServer, status: 503},
		{what: "503, Retry-After: 3", by: status(503, "Retry-After", "3"), attempts: again, is: client.ErrServer, status: 503, asks: 3 * time.Second},
	}},
	{"In the service's place", []fault{
		{what: "400 with a page", by: page(400), attempts: atOnce, status: 400, between: true},
		{what: "401 with a page, of a gateway", by: page(401), attempts: atOnce, status: 401, between: true},
		{what: "403 with a page, of a firewall", by: page(403, "Cf-Mitigated", "challenge"), attempts: atOnce, status: 403, between: true},
		{what: "403 with JSON and a Cf-Mitigated header", by: status(403, "Cf-Mitigated", "challenge"), attempts: atOnce, status: 403, between: true},
		{what: "422 with a text", by: text(422, "unprocessable"), attempts: atOnce, status: 422, between: true},
		{what: "404 with a page", by: page(404), only: links, dialects: pinned, attempts: again, status: 404, between: true},
		{what: "404 with a page", by: page(404), dialects: auto, attempts: elsewhere, straight: true, status: 404},
		{what: "404 with a page, after a success", by: page(404).kept(), only: links, attempts: again, status: 404, between: true},
		{what: "404 with a text, after a success", by: text(404, "default backend - 404").kept(), only: links, attempts: again, status: 404, between: true},
		{what: "404 with a page that names the path, after a success", by: text(404, "The requested URL /portal_links was not found").kept(), only: links, attempts: again, status: 404, between: true},
		{what: "404 with nothing, after a success", by: says(404, "text/plain", "").kept(), only: links, attempts: again, status: 404, between: true},
		{what: "405", by: page(405), only: links, dialects: pinned, attempts: atOnce, status: 405},
		{what: "405", by: page(405), dialects: auto, attempts: elsewhere, straight: true, status: 405},
		{what: "410", by: page(410), dialects: auto, attempts: elsewhere, straight: true, status: 410},
		{what: "501", by: status(501), only: links, dialects: pinned, attempts: atOnce, is: client.ErrServer, status: 501},
		{what: "501", by: status(501), dialects: auto, attempts: elsewhere, straight: true, status: 501},
		{what: "403 “Missing Authentication Token”, of AWS API Gateway", by: says(403, "application/json", `{"message":"Missing Authentication Token","seen":"%s https://id.workos.com/?%s"}`), only: links, dialects: auto, attempts: elsewhere, straight: true, status: 403},
		{what: "502 with a page", by: page(502), attempts: again, is: client.ErrServer, status: 502},
		{what: "504 with a page", by: page(504), attempts: again, is: client.ErrServer, status: 504},
		{what: "520 with a page", by: page(520), attempts: again, is: client.ErrServer, status: 520},
		{what: "522 with a page", by: page(522), attempts: again, is: client.ErrServer, status: 522},
		{what: "524 with a page", by: page(524), attempts: again, is: client.ErrServer, status: 524},
		{what: "526 with a page", by: page(526), attempts: atOnce, is: client.ErrServer, status: 526},
		{what: "a byte order mark before the body", by: rewritten(func(b []byte) []byte { return append([]byte("\ufeff"), b...) }), attempts: harmless},
		{what: "the call before was answered by a cache, with a spent budget", by: rewritten(same, "Age", "3600", "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60").before(), attempts: harmless},
		{what: "the call before had X-RateLimit-Limit: 0 and -Remaining: 0", by: rewritten(same, "X-RateLimit-Limit", "0", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60").before(), attempts: harmless},
	}},
	{"HTTP/2", []fault{
		{what: "GOAWAY after the answer", by: rewritten(same, "Connection", "close").overHTTP2(), attempts: harmless},
		{what: "stream reset before the answer", by: closing().overHTTP2(), attempts: again, cause: streamReset},
		{what: "stream reset within the answer", by: within(cut).overHTTP2(), attempts: again, each: time.Second, is: client.ErrMalformedResponse, status: success, cause: streamReset},
	}},
	{"A proxy on the way", []fault{
		{what: "401 to CONNECT", by: proxy(401), attempts: atOnce, cause: words("proxy on the way"), between: true},
		{what: "403 to CONNECT", by: proxy(403), attempts: atOnce, cause: words("proxy on the way"), between: true},
		{what: "405 to CONNECT", by: proxy(405), attempts: atOnce, cause: words("proxy on the way"), between: true},
		{what: "407 to CONNECT", by: proxy(407), attempts: atOnce, cause: words("Proxy Authentication Required"), between: true},
		{what: "451 to CONNECT", by: proxy(451), attempts: atOnce, cause: words("proxy on the way"), between: true},
		{what: "502 to CONNECT", by: proxy(502), attempts: again, cause: words("Bad Gateway")},
		{what: "511 to CONNECT", by: proxy(511), attempts: atOnce, cause: words("proxy on the way"), between: true},
	}},
	{"A connection kept from before", []fault{
		{what: "closed when the request comes", by: closing().kept(), attempts: attempts{1, 2, -4}, arrive: &[3]int{2, 3, 5}, cause: is("io.EOF", io.EOF)},
		{what: "reset when the request comes", by: resetting().kept(), attempts: attempts{1, 2, -4}, arrive: &[3]int{2, 3, 5}, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "of twenty, each is closed when a request comes", by: closing().keptTwenty(), dialects: pinned, attempts: harmless, arrive: &[3]int{2, 3, 21}},
		{what: "silent", by: silent(1), attempts: attempts{2, 2, 2}, arrive: &[3]int{1, 1, 1}, each: attemptTimeout, cause: ownTimeout},
		{what: "twenty, all of them silent", by: silent(20), dialects: pinned, attempts: attempts{2, 2, 2}, arrive: &[3]int{1, 1, 1}, each: attemptTimeout, cause: ownTimeout},
		{what: "silent, over HTTP/2", by: silent(1).overHTTP2(), attempts: attempts{2, 2, 2}, arrive: &[3]int{1, 1, 1}, each: 3500 * time.Millisecond},
	}},
	{"With ten seconds for the call, as behind a button", []fault{
		{what: "packets dropped on the way", by: unanswered(), attempts: attempts{2, -2, -2}, each: 5 * time.Second, deadline: 10 * time.Second, cause: is("context.DeadlineExceeded", context.DeadlineExceeded)},
		{what: "nothing comes", by: stalling(), attempts: attempts{2, -2, -2}, each: 5 * time.Second, deadline: 10 * time.Second, cause: is("context.DeadlineExceeded", context.DeadlineExceeded)},
		{what: "the kept connection is silent", by: silent(1), attempts: attempts{2, 2, 2}, arrive: &[3]int{1, 1, 1}, each: 5 * time.Second, deadline: 10 * time.Second, cause: is("context.DeadlineExceeded", context.DeadlineExceeded)},
		{what: "the kept connection is silent, over HTTP/2", by: silent(1).overHTTP2(), attempts: attempts{2, 2, 2}, arrive: &[3]int{1, 1, 1}, each: 3500 * time.Millisecond, deadline: 10 * time.Second},
	}},
}

// A cause is what errors.Is or errors.As finds in an error.
type cause struct {
	name  string
	found func(error) bool
}

func is(name string, target error) cause {
	return cause{"`" + name + "`", func(err error) bool { return errors.Is(err, target) }}
}

func as[T error](name string, holds func(T) bool) cause {
	return cause{"`" + name + "`", func(err error) bool {
		e, ok := errors.AsType[T](err)
		return ok && (holds == nil || holds(e))
	}}
}

// words finds no more than words: what was behind them has been lost by net/http.
func words(text string) cause {
	return cause{"“" + text + "”", func(err error) bool { return strings.Contains(err.Error(), text) }}
}

var (
	ownTimeout = cause{"`context.DeadlineExceeded`, “RetryPolicy.AttemptTimeout”", func(err error) bool {
		return errors.Is(err, context.DeadlineExceeded) && strings.Contains(err.Error(), " (RetryPolicy.AttemptTimeout)")
	}}
	streamReset = words("INTERNAL_ERROR")
)

func TestFaults(t *testing.T) {
	for _, ch := range table {
		for _, f := range ch.faults {
			for _, c := range f.cells() {
				t.Run(fmt.Sprintf("%s/%s/%v/%d", f.label(), c.operation, c.dialect, c.times), c.run)
			}
		}
	}
}

func (f fault) cells() (list []*cell) {
	for _, op := range []operation{links, icons} {
		if f.only != both && f.only != op {
			continue
		}
		dialects := f.dialects
		if dialects == nil {
			dialects = slices.Concat(pinned, auto)
		}
		for _, d := range dialects {
			for _, times := range []int{1, 2, always} {
				list = append(list, &cell{fault: f, operation: op, dialect: d, times: times, portal: portaltest.NewHandler()})
			}
		}
	}
	return list
}
