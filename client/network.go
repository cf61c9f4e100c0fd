package client

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// What is wrong with an answer that came.
var (
	errTooLarge   = errors.New("the body is too large: more than 1 MiB")
	errNothing    = errors.New("the HTTP client's transport returned neither an answer nor an error")
	errRedirected = errors.New("the answer comes from another address than was asked: the HTTP client's transport followed a redirect")
)

// transient reports whether an error of the network may pass.
func transient(err error) bool {
	var (
		unverified  *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate x509.CertificateInvalidError
		notTLS      tls.RecordHeaderError
		corrupt     flate.CorruptInputError
	)
	switch {
	case errors.As(err, &unverified), errors.As(err, &unknown), errors.As(err, &hostname),
		errors.As(err, &certificate), errors.As(err, &notTLS), refusedByAlert(err):
		return false
	case errors.Is(err, errTooLarge), errors.Is(err, errRedirected), errors.Is(err, http.ErrSchemeMismatch),
		errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return false
	case errors.Is(err, context.Canceled):
		return false // not the caller's, who is dealt with before
	}
	status := proxyStatus(err)
	return status == 0 || status >= 500 && status != http.StatusNetworkAuthenticationRequired
}

// refusedByAlert reports whether the server ended the handshake with a TLS alert, for example
// because it wants a certificate of its clients. Only an internal error may pass. (Package tls has
// a type for alerts, but gives it to QUIC alone.)
func refusedByAlert(err error) bool {
	const internalError tls.AlertError = 80
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && op.Err.Error() != internalError.Error()
}

// A proxyRefusal is a proxy's answer to CONNECT.
type proxyRefusal struct{ status int }

func (p proxyRefusal) Error() string { return "proxy: " + http.StatusText(p.status) }

// proxyStatus is the status with which a proxy refused to connect, 0 if that is not what happened.
// Of the answer, net/http keeps the words of the status and nothing else.
func proxyStatus(err error) int {
	var own proxyRefusal
	if errors.As(err, &own) {
		return own.status
	}
	var sent *url.Error
	if !errors.As(err, &sent) {
		return 0
	}
	for status := http.StatusBadRequest; status <= http.StatusNetworkAuthenticationRequired; status++ {
		if words := http.StatusText(status); words != "" && sent.Err.Error() == words {
			return status
		}
	}
	return 0
}
