package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"
)

// A RetryPolicy says how often and how patiently a call is attempted. For every
// field zero means the default, so a literal need only name what differs.
//
// What is retried: 429, 500, 502, 503, 504, and network failures other than a
// certificate that is not trusted, a handshake that the server refuses, and a proxy
// that wants credentials. A POST is retried like a GET: a second link is
// harmless, and both work until they expire.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too: 1 turns retries off. Default 4.
	// Finding out the dialect and trying a rotated key do not count.
	MaxAttempts int

	// BaseDelay bounds the wait before the second attempt; the bound doubles with
	// each further one, and the wait is drawn evenly from zero up to it. Default
	// 1 s, as WorkOS's reference advises. Negative means no wait.
	BaseDelay time.Duration

	// MaxDelay caps that bound. Default 30 s. It does not cap what the server asks
	// for: Retry-After is never cut short. Negative means no cap.
	MaxDelay time.Duration

	// MaxWait is the longest single wait that is begun, whether to back off or for
	// the rate limit. A call that would have to wait longer returns at once and
	// says in Error.RetryAfter how long. Default 2 min. Negative means no bound
	// but the context's.
	MaxWait time.Duration

	// AttemptTimeout bounds each attempt, from the connection to the last byte,
	// and each question to the API key source. Default 10 s. Negative means none.
	AttemptTimeout time.Duration
}

// Delays follow WorkOS's reference ("exponential backoff starting at 1 second");
// the other defaults are ours.
var defaultRetry = RetryPolicy{
	MaxAttempts:    4,
	BaseDelay:      time.Second,
	MaxDelay:       30 * time.Second,
	MaxWait:        2 * time.Minute,
	AttemptTimeout: 10 * time.Second,
}

func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	if p.MaxAttempts < 0 {
		return p, invalid("retry policy", fmt.Sprintf("MaxAttempts must not be negative (%d): 1 turns retries off", p.MaxAttempts))
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultRetry.MaxAttempts
	}
	for _, f := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&p.BaseDelay, defaultRetry.BaseDelay},
		{&p.MaxDelay, defaultRetry.MaxDelay},
		{&p.MaxWait, defaultRetry.MaxWait},
		{&p.AttemptTimeout, defaultRetry.AttemptTimeout},
	} {
		switch {
		case *f.value == 0:
			*f.value = f.standard
		case *f.value < 0:
			*f.value = 0 // off
		}
	}
	return p, nil
}

// backoff is the wait after the nth attempt when the server asks for none: full
// jitter, so that callers who failed together do not come back together.
func (p RetryPolicy) backoff(n int) time.Duration {
	bound := p.BaseDelay
	for ; n > 1 && (p.MaxDelay == 0 || bound < p.MaxDelay) && bound < 1<<60; n-- {
		bound *= 2
	}
	if p.MaxDelay > 0 {
		bound = min(bound, p.MaxDelay)
	}
	if bound <= 0 {
		return 0
	}
	return rand.N(bound + 1) //nolint:gosec // jitter, not a secret
}

// affordable reports whether a wait may be begun: it can end before the context's
// deadline and is not longer than MaxWait.
func (p RetryPolicy) affordable(ctx context.Context, wait time.Duration) bool {
	if p.MaxWait > 0 && wait > p.MaxWait {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || wait < time.Until(deadline)
}

// worthRetrying reports whether the same request may fare better next time. The
// caller's own context is not looked at here: once it has ended, nothing is.
func (a *answer) worthRetrying() bool {
	switch a.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	// A body cut short counts where it is needed: in a success, and in a 404,
	// which cannot be told apart without it.
	if a.err == nil || (a.status > 299 && a.status != http.StatusNotFound) {
		return false
	}
	return transient(a.err)
}

func transient(err error) bool {
	var (
		unverified  *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate x509.CertificateInvalidError
		notTLS      tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errBadEncoding), errors.Is(err, http.ErrSchemeMismatch):
		return false
	case errors.As(err, &unverified), errors.As(err, &unknown), errors.As(err, &hostname),
		errors.As(err, &certificate), errors.As(err, &notTLS):
		return false
	case refusedByAlert(err), refusedByProxy(err):
		return false
	case errors.Is(err, context.Canceled):
		return false // not ours: a canceled caller is dealt with before
	}
	return true
}

// refusedByAlert: the server ended the handshake with a TLS alert, for example since it
// wants a certificate of its clients or another version. Only an internal error may
// pass. (Package tls has a type for alerts, but gives it to QUIC alone.)
func refusedByAlert(err error) bool {
	const internalError tls.AlertError = 80
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && op.Err.Error() != internalError.Error()
}

// refusedByProxy: a proxy answered CONNECT with 407. Of its answer net/http keeps
// these words and nothing else.
func refusedByProxy(err error) bool {
	var sent *url.Error
	return errors.As(err, &sent) && sent.Err.Error() == http.StatusText(http.StatusProxyAuthRequired)
}

// pause waits, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
