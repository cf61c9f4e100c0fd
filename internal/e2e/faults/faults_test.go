package faults

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/adminportal-go/adminportal/client"
)

// A fault is one line of the table: what goes wrong, and what the client makes of it.
type fault struct {
	what     string
	by       mishap
	wire     toxics   // how toxiproxy does the same; nil: it does not
	where    where    // the cells that the line is for; zero: all
	attempts attempts // when it happens once, twice, for ever
	is       error    // the sentinel that the error matches; nil: none
	status   int      // the error's
	cause    cause    // what else the error matches

	each     time.Duration // that an attempt which it hits takes
	asks     time.Duration // how long the server asks to wait; 0: the backoff decides
	straight bool          // there is no wait between the attempts
	slow     time.Duration // the most that the attempt which succeeds takes

	unseen bool    // the service sees nothing of an attempt that is hit
	arrive *[3]int // requests that the service sees, if not one for each attempt; negative: or more
}

// attempts are how many a call makes when the fault strikes once, twice and for ever.
// Negative: the last of them fails, too.
type attempts [3]int

var (
	again    = attempts{2, 3, -4}   // it may pass, so the call goes on, with up to 1 s, 2 s and 4 s in between
	atOnce   = attempts{-1, -1, -1} // it will not pass: the call fails at once
	harmless = attempts{1, 1, 1}
)

// where narrows a line down to some of the cells.
type where struct {
	only     operation
	dialects []client.Dialect // nil: all three
}

var (
	pinned = []client.Dialect{client.DialectPortalLinks, client.DialectGenerateLink}
	auto   = []client.Dialect{client.DialectAuto}
)

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
		{what: "connection refused", by: dialError(syscall.ECONNREFUSED), wire: portClosed, attempts: again, unseen: true, cause: is("syscall.ECONNREFUSED", syscall.ECONNREFUSED)},
		{what: "network unreachable", by: dialError(syscall.ENETUNREACH), attempts: again, unseen: true, cause: is("syscall.ENETUNREACH", syscall.ENETUNREACH)},
		{what: "packets dropped on the way", by: unanswered(), wire: toxics{toxic("timeout", upstream, "timeout", 0)}, attempts: again, unseen: true, each: attemptTimeout, cause: ownTimeout},
		{what: "no such host", by: lookupError(net.DNSError{Err: "no such host", IsNotFound: true}), attempts: again, unseen: true,
			cause: as("*net.DNSError", func(e *net.DNSError) bool { return e.IsNotFound })},
		{what: "no answer from DNS", by: lookupError(net.DNSError{Err: "i/o timeout", IsTimeout: true, IsTemporary: true}), attempts: again, unseen: true,
			cause: as("*net.DNSError", func(e *net.DNSError) bool { return e.IsTimeout })},
	}},
	{"TLS", []fault{
		{what: "certificate expired", by: handshake(expired), attempts: atOnce, unseen: true,
			cause: as("x509.CertificateInvalidError", func(e x509.CertificateInvalidError) bool { return e.Reason == x509.Expired })},
		{what: "certificate of an authority that nobody trusts", by: handshake(foreign), attempts: atOnce, unseen: true, cause: as[x509.UnknownAuthorityError]("x509.UnknownAuthorityError", nil)},
		{what: "certificate of another host", by: handshake(another), attempts: atOnce, unseen: true, cause: as[x509.HostnameError]("x509.HostnameError", nil)},
		{what: "TLS refused: version", by: handshake(with(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 })), attempts: atOnce, unseen: true, cause: words("protocol version not supported")},
		{what: "TLS refused: client certificate wanted", by: handshake(with(func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })), attempts: atOnce, unseen: true, cause: words("certificate required")},
		{what: "no TLS: plain HTTP on the port", by: plain(), attempts: atOnce, unseen: true, cause: is("http.ErrSchemeMismatch", http.ErrSchemeMismatch)},
		{what: "TLS refused: internal error", by: broken(), attempts: again, unseen: true, cause: words("internal error")},
		{what: "connection closed in the handshake", by: hangingUp(), attempts: again, unseen: true, cause: is("io.EOF", io.EOF)},
	}},
	{"Before the answer", []fault{
		{what: "connection reset", by: resetting(), wire: toxics{toxic("reset_peer", downstream, "timeout", 0)}, attempts: again, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "connection closed", by: closing(), wire: toxics{toxic("limit_data", downstream, "bytes", 0)}, attempts: again, cause: is("io.EOF", io.EOF)},
		{what: "nothing comes", by: stalling(), wire: toxics{toxic("timeout", downstream, "timeout", 0)}, attempts: again, each: attemptTimeout, cause: ownTimeout},
		{what: "the answer drips, a byte a second", by: drippingAll(time.Second), wire: toxics{toxic("slicer", downstream, "average_size", 1, "delay", 100_000)}, attempts: again, each: attemptTimeout, cause: ownTimeout},
		{what: "the answer takes 9 s", by: late(9 * time.Second), wire: toxics{toxic("latency", downstream, "latency", 200)}, attempts: harmless, slow: 9 * time.Second},
	}},
	{"Within the answer", []fault{
		{what: "connection reset in the body", by: within(reset), wire: toxics{toxic("limit_data", downstream, "bytes", inBody), lingering}, attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "connection closed in the body", by: within(cut), wire: toxics{toxic("limit_data", downstream, "bytes", inBody)}, attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("io.ErrUnexpectedEOF", io.ErrUnexpectedEOF)},
		{what: "the body stops coming", by: within(stall), attempts: again, is: client.ErrMalformedResponse, status: success, each: attemptTimeout, cause: ownTimeout},
		{what: "the body drips, a byte a second", by: dripping(1, time.Second), attempts: again, is: client.ErrMalformedResponse, status: success, each: attemptTimeout, cause: ownTimeout},
		{what: "the body comes in many pieces", by: dripping(64, 10*time.Millisecond), wire: toxics{toxic("slicer", downstream, "average_size", 64, "size_variation", 32, "delay", 100), toxic("bandwidth", downstream, "rate", 64)}, attempts: harmless, slow: 5 * time.Second},
		{what: "truncated gzip", by: gzipped(func(b []byte) []byte { return b[:len(b)/2] }), attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("io.ErrUnexpectedEOF", io.ErrUnexpectedEOF)},
		{what: "gzip that is none", by: gzipped(func([]byte) []byte { return []byte("this is not compressed") }), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not encoded as it says")},
		{what: "Content-Length too large", by: length(+10), attempts: again, is: client.ErrMalformedResponse, status: success, cause: is("io.ErrUnexpectedEOF", io.ErrUnexpectedEOF)},
		{what: "Content-Length too small", by: length(-10), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not JSON")},
		{what: "200 with a page", by: page(200), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not JSON")},
		{what: "200 with megabytes", by: flooding(), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("too large")},
		{what: "200 with nothing", by: nothing(), attempts: atOnce, is: client.ErrMalformedResponse, status: success, cause: words("not JSON")},
	}},
	{"Statuses", []fault{
		{what: "302", by: says(302, "Location", "https://elsewhere.test/"), attempts: atOnce, status: 302},
		{what: "404 with a page", by: page(404), where: where{only: links, dialects: pinned}, attempts: atOnce, is: client.ErrOrganizationNotFound, status: 404},
		{what: "404 with a page", by: page(404), where: where{only: links, dialects: auto}, attempts: attempts{2, -2, -2}, straight: true, status: 404},
		{what: "404 with a page", by: page(404), where: where{only: icons, dialects: pinned}, attempts: atOnce, status: 404},
		{what: "404 with a page", by: page(404), where: where{only: icons, dialects: auto}, attempts: attempts{2, -2, -2}, straight: true, status: 404},
		{what: "407", by: says(407, "Proxy-Authenticate", "Basic"), attempts: atOnce, status: 407},
		{what: "408", by: says(408), attempts: atOnce, status: 408},
		{what: "425", by: says(425), attempts: atOnce, status: 425},
		{what: "429", by: says(429), attempts: again, is: client.ErrRateLimited, status: 429},
		{what: "429, Retry-After: 2", by: says(429, "Retry-After", "2"), attempts: again, is: client.ErrRateLimited, status: 429, asks: 2 * time.Second},
		{what: "429, Retry-After: 3600", by: says(429, "Retry-After", "3600"), attempts: atOnce, is: client.ErrRateLimited, status: 429, asks: time.Hour},
		{what: "500", by: says(500), attempts: again, is: client.ErrServer, status: 500},
		{what: "501", by: says(501), attempts: atOnce, is: client.ErrServer, status: 501},
		{what: "502 with a page", by: page(502), attempts: again, is: client.ErrServer, status: 502},
		{what: "503", by: says(503), attempts: again, is: client.ErrServer, status: 503},
		{what: "503, Retry-After: 3", by: says(503, "Retry-After", "3"), attempts: again, is: client.ErrServer, status: 503, asks: 3 * time.Second},
		{what: "504 with a page", by: page(504), attempts: again, is: client.ErrServer, status: 504},
		{what: "520 with a page", by: page(520), attempts: atOnce, is: client.ErrServer, status: 520},
		{what: "522 with a page", by: page(522), attempts: atOnce, is: client.ErrServer, status: 522},
		{what: "526 with a page", by: page(526), attempts: atOnce, is: client.ErrServer, status: 526},
	}},
	{"HTTP/2", []fault{
		{what: "stream refused", by: refusingStreams(), where: where{only: links}, attempts: again, cause: words("REFUSED_STREAM")},
		{what: "stream refused", by: refusingStreams(), where: where{only: icons}, attempts: attempts{1, 1, -4}, arrive: &[3]int{2, 3, 20}, slow: 1100 * time.Millisecond, each: attemptTimeout, cause: ownTimeout},
		{what: "GOAWAY instead of an answer, after 3 s", by: goingAway(3 * time.Second), where: where{only: links}, attempts: again, each: 3 * time.Second, cause: words("GOAWAY")},
		{what: "GOAWAY instead of an answer, after 3 s", by: goingAway(3 * time.Second), where: where{only: icons}, attempts: attempts{1, 1, -4}, arrive: &[3]int{2, 3, -12}, slow: 6 * time.Second, each: attemptTimeout, cause: ownTimeout},
		{what: "GOAWAY within the answer", by: goingAwayWithin(), attempts: again, each: 2 * time.Second, is: client.ErrMalformedResponse, status: success, cause: words("GOAWAY")},
		{what: "stream reset before the answer", by: breakingStream(), attempts: again, cause: streamReset},
		{what: "stream reset within the answer", by: breakingStreamWithin(), attempts: again, each: time.Second, is: client.ErrMalformedResponse, status: success, cause: streamReset},
	}},
	{"A proxy on the way", []fault{
		{what: "407 to CONNECT", by: proxy(407), attempts: atOnce, unseen: true, cause: words("Proxy Authentication Required")},
		{what: "502 to CONNECT", by: proxy(502), attempts: again, unseen: true, cause: words("Bad Gateway")},
	}},
	{"A connection kept from before", []fault{
		{what: "closed when the request comes", by: kept(closing()), where: where{only: links}, attempts: again, cause: is("io.EOF", io.EOF)},
		{what: "closed when the request comes", by: kept(closing()), where: where{only: icons}, attempts: attempts{1, 2, -4}, arrive: &[3]int{2, 3, 5}, cause: is("io.EOF", io.EOF)},
		{what: "reset when the request comes", by: kept(resetting()), where: where{only: links}, attempts: again, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
		{what: "reset when the request comes", by: kept(resetting()), where: where{only: icons}, attempts: attempts{1, 2, -4}, arrive: &[3]int{2, 3, 5}, cause: is("syscall.ECONNRESET", syscall.ECONNRESET)},
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
	streamReset = as("http2.StreamError", func(e http2.StreamError) bool { return e.Code == http2.ErrCodeInternal })
)

func TestInMemory(t *testing.T) {
	for _, ch := range table {
		for _, f := range ch.faults {
			t.Run(f.label(), func(t *testing.T) {
				for _, c := range f.cells() {
					t.Run(c.String(), c.inMemory)
				}
			})
		}
	}
}

// Cells on the wire spend their time waiting, so some run at once.
func TestOnTheWire(t *testing.T) {
	const atOnce = 16
	var (
		cells sync.WaitGroup
		turns = make(chan struct{}, atOnce)
	)
	for _, ch := range table {
		for _, f := range ch.faults {
			for _, c := range f.cells() {
				if f.wire == nil || c.dialect == client.DialectAuto || f.each > 0 && c.times != forEver {
					continue
				}
				turns <- struct{}{}
				cells.Go(func() {
					defer func() { <-turns }()
					c.onTheWire(named{t, f.label()})
				})
			}
		}
	}
	cells.Wait()
}

// named says which line of the table an error is about.
type named struct {
	testing.TB
	line string
}

func (n named) Errorf(format string, args ...any) {
	n.Helper()
	n.TB.Errorf(n.line+": "+format, args...)
}

func (f fault) cells() (list []*cell) {
	for _, op := range []operation{links, icons} {
		if f.where.only != both && f.where.only != op {
			continue
		}
		dialects := f.where.dialects
		if dialects == nil {
			dialects = slices.Concat(pinned, auto)
		}
		for _, d := range dialects {
			for _, times := range []int{1, 2, forEver} {
				list = append(list, newCell(f, op, d, times))
			}
		}
	}
	return list
}
