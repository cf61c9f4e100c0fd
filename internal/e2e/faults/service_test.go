package faults

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// certified has a certificate for example.com, until 2084. Time in a bubble starts in 2000. The client trusts its authorities.
var certified, authorities = func() (*tls.Config, *x509.CertPool) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return srv.TLS, pool
}()

// client makes the client under test. Its options are the defaults, and so is the transport, except for the network.
func (c *cell) client(t *testing.T, n *network) *client.Client {
	t.Helper()
	by, baseURL := c.fault.by, "http://127.0.0.1"
	transport := &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: authorities},
		ForceAttemptHTTP2:     by.http2,
		ExpectContinueTimeout: time.Second,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if by.dial != nil && c.hit() {
				return by.dial(ctx)
			}
			return n.dial(), nil
		},
	}
	if by.secure || by.http2 {
		baseURL = "https://example.com"
	}
	if by.trust != nil {
		by.trust(transport.TLSClientConfig)
	}
	if by.connect != 0 {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"})
	}
	standard := http.DefaultTransport
	http.DefaultTransport = transport
	t.Cleanup(func() { http.DefaultTransport = standard })
	observe := client.WithObserver(func(_ context.Context, a client.Attempt) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.attempts = append(c.attempts, a)
	})
	portal, err := client.New(c.portal.APIKey, client.WithBaseURL(baseURL), client.WithDialect(c.dialect), observe)
	if err != nil {
		t.Fatal(err)
	}
	return portal
}

// serve starts the service, in the way that the fault needs it.
func (c *cell) serve(n *network) (stop func()) {
	by := c.fault.by
	server := &http.Server{
		Handler:  c,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			if secured, ok := conn.(*tls.Conn); ok {
				conn = secured.NetConn()
			}
			return context.WithValue(ctx, serverEndKey{}, conn)
		},
	}
	listener := net.Listener(n)
	if by.connect != 0 {
		proxy, behind := listener, newNetwork()
		listener = behind
		go func() { _ = (&http.Server{Handler: c.proxy(behind)}).Serve(proxy) }()
	}
	if (by.secure || by.http2) && !by.plain {
		config := certified.Clone()
		config.NextProtos = nil
		if by.http2 {
			config.NextProtos = []string{"h2"}
		}
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if by.tls == nil || !c.hit() {
				return nil, nil
			}
			changed := certified.Clone()
			return changed, by.tls(changed, hello.Conn)
		}
		listener = tls.NewListener(listener, config)
	}
	go func() { _ = server.Serve(listener) }()
	return func() {
		_, _ = server.Close(), n.Close()
		time.Sleep(time.Minute) // for the service to end what it has begun
	}
}

// proxy connects to the network behind it, or refuses to.
func (c *cell) proxy(behind *network) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if c.hit() {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(c.fault.by.connect)
			_, _ = io.WriteString(w, "<html>a page that nobody sees</html>")
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		behind.arriving <- conn
	})
}

// ServeHTTP is the service.
func (c *cell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	by := c.fault.by
	c.arrived.Add(1)
	if !c.armed.Load() {
		time.Sleep(time.Second) // for the calls before to be under way at the same time
	}
	// net/http watches for the client's leaving once the body has been read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	conn, _ := r.Context().Value(serverEndKey{}).(*end)
	if by.answer != nil && (!by.oldOnly || conn.wire.old.Load()) && c.hit() {
		by.answer(w, r, c.portal)
		return
	}
	c.portal.ServeHTTP(w, r)
}
