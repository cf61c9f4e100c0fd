package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An Attempt tells an observer how one request went, as it ends. It holds no secret.
type Attempt struct {
	Operation  string        // the operationId in openapi.yaml: "generatePortalLink", …
	Dialect    Dialect       // the dialect spoken
	Number     int           // 1 for a call's first
	Warm       bool          // sent by Client.Warm
	Start      time.Time     // when it was sent
	Duration   time.Duration // from Start to the last byte
	Wait       time.Duration // before Start: all that the call waited for, such as backoff, budget, key source
	StatusCode int           // 0 if no answer came
	RequestID  string        // X-Request-Id
	RateLimit  RateLimit     // what the answer's headers said
	Err        error         // nil for a success, and for the refusal that Warm expects
}

// attempt is the last step: it sends a request once, reads the whole answer, judges it, and tells
// observer and log. It asks the transport itself, since http.Client would follow redirects.
type attempt struct {
	transport http.RoundTripper
	timeout   timeout
	halve     bool                           // another attempt may follow the first, which therefore takes half of the time
	closeIdle func()                         // closes the transport's idle connections; nil for a transport of the user's
	observer  func(context.Context, Attempt) // nil: none
	logger    *slog.Logger                   // nil: none
}

// Do returns the answer, whose body has been read and closed, or the call's failure.
func (l *attempt) Do(req *http.Request) (*http.Response, error) {
	ctx, c := req.Context(), callOf(req)
	c.attempts++
	c.answer = answer{sent: time.Now()}
	a := &c.answer
	bound := l.timeout
	half := deadlineOf(ctx).Sub(a.sent) / 2
	// Callers with more time may join a shared call: its first attempt is not made short.
	if l.halve && c.attempts == 1 && !c.warm && half < bound.limit && (!c.shared || half > time.Second) {
		bound = timeout{half, "half of the context's time"}
	}
	limited, cancel := context.WithTimeout(ctx, bound.limit)
	defer cancel()
	resp, err := l.exchange(req.WithContext(limited), a, c.attempts > 1)
	a.err = bound.blame(limited, ctx, err)
	if l.closeIdle != nil && errors.Is(a.err, context.DeadlineExceeded) {
		// The connection may be dead without a word, and others with it.
		l.closeIdle()
	}
	c.conclude()
	l.tell(c, a.sent.Sub(c.idle))
	if c.failure != nil {
		c.idle = time.Now()
		return nil, c.failure
	}
	return resp, nil
}

// tell hands the last attempt of a call to observer and log.
func (l *attempt) tell(c *call, waited time.Duration) {
	if l.observer == nil && l.logger == nil {
		return
	}
	t := Attempt{
		Operation: c.operations[c.dialect], Dialect: c.dialect, Number: c.attempts, Warm: c.warm, Start: c.answer.sent,
		Duration: time.Since(c.answer.sent), Wait: waited, StatusCode: c.answer.status, RequestID: c.requestID(),
	}
	t.RateLimit, _ = readRateLimit(&c.answer)
	level, attrs := slog.LevelDebug, []any{
		"operation", t.Operation, "dialect", t.Dialect.String(), "attempt", t.Number, "warm", t.Warm,
		"status", t.StatusCode, "duration", t.Duration, "wait", t.Wait, "request_id", t.RequestID,
	}
	if c.failure != nil {
		t.Err, level, attrs = c.failure, slog.LevelWarn, append(attrs, "error", c.failure.Error())
	}
	if l.logger != nil {
		l.logger.Log(c.Context, level, "adminportal: "+c.name, attrs...)
	}
	if l.observer != nil {
		l.observer(c.Context, t)
	}
}

// exchange sends the request and reads the answer. The response is nil if none came that is of use.
func (l *attempt) exchange(req *http.Request, a *answer, again bool) (resp *http.Response, err error) {
	if again && req.GetBody != nil {
		req.Body, _ = req.GetBody() // of what is in memory: it cannot fail
	}
	resp, err = l.transport.RoundTrip(req)
	a.received = time.Now()
	if err == nil && resp == nil {
		err = errors.New("the HTTP client's transport returned neither an answer nor an error")
	} else if err == nil && l.redirected(req.URL, resp.Request) {
		err = errRedirected
		_ = cmp.Or[io.ReadCloser](resp.Body, http.NoBody).Close()
	}
	if err != nil {
		if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		return nil, &url.Error{Op: req.Method[:1] + strings.ToLower(req.Method[1:]), URL: req.URL.Scheme + "://" + req.URL.Host, Err: err}
	}
	a.status, a.header, a.date = resp.StatusCode, resp.Header, parseDate(resp.Header.Get("Date"))
	return resp, a.readBody(resp)
}

// redirected reports whether the transport has followed a redirect, as fetch does in a browser.
// With a transport that is not net/http's own the host and a prefix of the path may differ, since
// it may send through a gateway.
func (l *attempt) redirected(asked *url.URL, answered *http.Request) bool {
	_, exact := l.transport.(*http.Transport)
	return answered != nil && answered.URL != nil &&
		(answered.Response != nil || exact && *answered.URL != *asked || !strings.HasSuffix(answered.URL.Path, asked.Path))
}

// readBody reads to the end, so that the connection can be used again, or to the cap.
func (a *answer) readBody(resp *http.Response) (err error) {
	body := cmp.Or[io.ReadCloser](resp.Body, http.NoBody) // a fake transport may leave it out
	defer func() { _ = body.Close() }()                   // all of it has been read, or is not wanted
	size := cmp.Or(max(resp.ContentLength, 0), 511)       // a hint: a transport may have changed the body
	a.body = make([]byte, 0, min(size, maxBody)+1)        // with room to see the end
	// What follows a 101 is no body, and net/http would wait for it beyond the context's end.
	for err == nil && len(a.body) <= maxBody && a.status != http.StatusSwitchingProtocols {
		var n int
		a.body = slices.Grow(a.body, 1)
		n, err = body.Read(a.body[len(a.body):cap(a.body)])
		a.body = a.body[:len(a.body)+n]
	}
	if err == io.EOF {
		err = nil
	}
	if len(a.body) > maxBody {
		a.body, err = a.body[:maxBody], errTooLarge
	}
	a.body = bytes.TrimLeft(a.body, "\ufeff \t\r\n") // a byte order mark
	return err
}

// A timeout bounds an attempt or a question to the key source. It knows the setting that it comes
// from, since several may run out in one call, and all say only "context deadline exceeded".
type timeout struct {
	limit   time.Duration
	setting string
}

// blame names the setting in an error that the timeout has caused: its own context is over, and the
// caller's is not.
func (t timeout) blame(own, caller context.Context, err error) error {
	if own.Err() == nil || caller.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("timed out after %v (%s): %w", t.limit, t.setting, err)
}
