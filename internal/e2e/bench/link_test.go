package bench

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A remote is a sandbox with TLS at the far end of a link.
type remote struct {
	*portaltest.Handler
	url         string
	roundTrip   time.Duration
	authorities *x509.CertPool
	connections atomic.Int32
}

func newRemote(tb testing.TB, roundTrip time.Duration) *remote {
	tb.Helper()
	portal := portaltest.NewHandler(portaltest.WithExamples(), portaltest.WithRateLimit(1_000_000))
	s := &remote{Handler: portal, roundTrip: roundTrip, authorities: x509.NewCertPool()}
	srv := httptest.NewUnstartedServer(s.Handler)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	tb.Cleanup(srv.Close)
	s.authorities.AddCert(srv.Certificate())
	near, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = near.Close() })
	s.url = "https://" + near.Addr().String()
	go func() {
		for {
			conn, err := near.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			go s.link(conn, srv.Listener.Addr().String())
		}
	}()
	return s
}

// link connects two ends. Each direction takes half of the round trip. What the near end
// sends at once counts as sent a round trip later: on a real link it would first have to
// wait for the far end to accept the connection.
func (s *remote) link(near net.Conn, address string) {
	open := time.Now().Add(s.roundTrip)
	far, err := net.Dial("tcp", address)
	if err != nil {
		_ = near.Close()
		return
	}
	go s.carry(far, near, open)
	s.carry(near, far, open)
}

type packet struct {
	due  time.Time
	data []byte
}

func (s *remote) carry(to, from net.Conn, open time.Time) {
	packets := make(chan packet, 1024)
	go func() {
		defer close(packets)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			sent := time.Now()
			if sent.Before(open) {
				sent = open
			}
			packets <- packet{sent.Add(s.roundTrip / 2), buffer[:n]}
			if err != nil {
				return
			}
		}
	}()
	for p := range packets {
		time.Sleep(time.Until(p.due))
		_, _ = to.Write(p.data)
	}
	_ = to.Close()
	_, _ = io.Copy(io.Discard, from)
}

// transport is a new one, with no connection.
func (s *remote) transport(http2 bool) *http.Transport {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.authorities}, ForceAttemptHTTP2: http2}
	if !http2 {
		t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	return t
}
