package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"
)

// maxBody is the most that is read of an answer, after decompression. A link is a few hundred
// bytes, a list of icons a few dozen KiB.
const maxBody = 1 << 20

// attempt is the last link: it sends a request once, reads the whole answer, judges it, and tells
// observer and log. It asks the transport itself, since http.Client would follow redirects.
type attempt struct {
	transport http.RoundTripper
	timeout   timeout
	halve     bool   // another attempt may follow the first, which therefore takes half of the time
	closeIdle func() // closes the transport's idle connections; nil for a transport of the user's
	observed  observation
}

// Do returns the answer, whose body the call has, or the call's failure if none came.
func (l *attempt) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c := callOf(ctx)
	c.attempts++
	c.answer = nil
	sent := time.Now()
	waited := sent.Sub(c.idle)

	bound := l.timeout
	if deadline, ok := ctx.Deadline(); ok && l.halve && c.attempts == 1 && !c.warm && !c.shared {
		bound = bound.atMost(timeout{deadline.Sub(sent) / 2, "half of the context's time"})
	}
	limited, cancel := bound.begin(ctx)
	defer cancel()
	resp, a := l.exchange(req.WithContext(limited), c.attempts > 1)
	a.sent = sent
	a.err = bound.blame(limited, ctx, a.err)
	if l.closeIdle != nil && errors.Is(a.err, context.DeadlineExceeded) {
		// The connection may be dead without a word, and others with it.
		l.closeIdle()
	}
	c.conclude(a)
	l.observed.tell(ctx, c, waited)
	c.idle = time.Now()
	if resp == nil {
		return nil, c.failure
	}
	return resp, nil
}

// exchange sends the request and reads the answer. The response is nil if none came.
func (l *attempt) exchange(req *http.Request, again bool) (*http.Response, *answer) {
	a := new(answer)
	if again && req.GetBody != nil {
		if req.Body, a.err = req.GetBody(); a.err != nil {
			return nil, a
		}
	}
	resp, err := l.transport.RoundTrip(req)
	a.received = time.Now()
	switch {
	case err != nil:
	case resp == nil:
		err = errNothing
	case redirected(req.URL, resp):
		err = errRedirected
		_ = resp.Body.Close()
	}
	if err != nil {
		if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		server := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}
		a.err = &url.Error{Op: req.Method[:1] + strings.ToLower(req.Method[1:]), URL: server.String(), Err: err}
		return nil, a
	}
	a.status, a.header = resp.StatusCode, resp.Header
	a.date, _ = parseDate(resp.Header.Get("Date"))
	a.body, a.err = readBody(resp.Body)
	resp.Body = http.NoBody
	return resp, a
}

// redirected reports whether the transport has followed a redirect, as fetch does for programs
// that are built for js/wasm whatever it is told.
func redirected(asked *url.URL, resp *http.Response) bool {
	if resp.Request == nil || resp.Request.URL == nil || resp.Request.URL == asked {
		return false
	}
	answered := resp.Request.URL
	return resp.Request.Response != nil || !strings.HasSuffix(answered.Path, asked.Path) ||
		runtime.GOOS == "js" && answered.String() != asked.String()
}

// readBody reads to the end, so that the connection can be used again, or to the cap.
func readBody(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer func() { _ = body.Close() }() // all of it has been read, or is not wanted
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if len(text) > maxBody {
		return text[:maxBody], errTooLarge
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), err
}

// A timeout bounds an attempt or a question to the key source. It knows the setting that it comes
// from, since several may run out in one call, and all say only "context deadline exceeded".
type timeout struct {
	limit   time.Duration // 0: none
	setting string
}

// atMost is the shorter of two timeouts.
func (t timeout) atMost(other timeout) timeout {
	if t.limit == 0 || other.limit > 0 && other.limit < t.limit {
		return other
	}
	return t
}

func (t timeout) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, t.limit)
}

// blame names the setting in an error that the timeout has caused: its own context is over, and
// the caller's is not.
func (t timeout) blame(own, caller context.Context, err error) error {
	if err == nil || own.Err() != context.DeadlineExceeded || caller.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("timed out after %v (%s): %w", t.limit, t.setting, err)
}
