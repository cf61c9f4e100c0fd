package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// host is the service's name where it has TLS.
const host = "portal.test"

// Time in a bubble starts in 2000.
var (
	longAgo   = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	lastYear  = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	longAhead = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

var (
	trusted   = newAuthority()
	untrusted = newAuthority()

	sound   = config(trusted.certificate(host, longAhead))
	expired = config(trusted.certificate(host, lastYear))
	foreign = config(untrusted.certificate(host, longAhead))
	another = config(trusted.certificate("elsewhere.test", longAhead))
)

func config(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}}
}

// with is a change to the sound configuration.
func with(change func(*tls.Config)) *tls.Config {
	c := sound.Clone()
	change(c)
	return c
}

// An authority issues certificates.
type authority struct {
	certificate509 *x509.Certificate
	key            *ecdsa.PrivateKey
}

func newAuthority() *authority {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"},
		NotBefore: longAgo, NotAfter: longAhead,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return &authority{parse(template, template, key, key), key}
}

func (a *authority) certificate(name string, until time.Time) tls.Certificate {
	key := newKey()
	leaf := parse(&x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name},
		NotBefore: longAgo, NotAfter: until,
	}, a.certificate509, key, a.key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate509)
	return pool
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func parse(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return certificate
}
