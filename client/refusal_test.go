package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// A server or a proxy that refuses the connection for a reason that lasts is asked
// once, and the error says what it said.
func TestRefusedConnections(t *testing.T) {
	var requests atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusProxyAuthRequired) // what a proxy says to CONNECT
	}))
	defer plain.Close()
	shy := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	shy.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	shy.Config.ErrorLog = log.New(io.Discard, "", 0)
	shy.StartTLS()
	defer shy.Close()
	address, err := url.Parse(plain.URL)
	if err != nil {
		t.Fatal(err)
	}

	for name, tt := range map[string]struct {
		baseURL   string
		transport *http.Transport
		want      string
		is        error
		hint      string
	}{
		"proxy's 407":         {"https://api.workos.com", &http.Transport{Proxy: http.ProxyURL(address)}, "Proxy Authentication Required", nil, "HTTPS_PROXY"},
		"client certificate":  {shy.URL, shy.Client().Transport.(*http.Transport), "certificate required", nil, "network"},
		"HTTP where TLS goes": {"https" + strings.TrimPrefix(plain.URL, "http"), &http.Transport{}, "server gave HTTP response to HTTPS client", http.ErrSchemeMismatch, "base URL"},
	} {
		portal := newClient(t, client.WithBaseURL(tt.baseURL), client.WithHTTPClient(&http.Client{Transport: tt.transport}))
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		tt.transport.CloseIdleConnections()
		wantOnly(t, err, nil)
		e := asError(t, err)
		if e.StatusCode != 0 || e.Attempts != 1 || !strings.Contains(err.Error(), tt.want) || !strings.Contains(e.Hint(), tt.hint) {
			t.Errorf("%s: got %v (hint %q) after %d attempts, want %q and a hint at %q after one", name, err, e.Hint(), e.Attempts, tt.want, tt.hint)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: errors.Is(%v, %v) = false", name, err, tt.is)
		}
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests arrived, want the one CONNECT", got)
	}
}

// A proxy that refuses CONNECT is asked once, and the error does not read like a bad API key.
func TestRefusingProxies(t *testing.T) {
	for status, hint := range map[int]string{401: "refused the connection", 403: "refused the connection", 405: "refused the connection", 407: "wants credentials", 451: "refused the connection", 511: "refused the connection"} {
		requests := 0
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.WriteHeader(status)
		}))
		address, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		standard := http.DefaultTransport
		through := standard.(*http.Transport).Clone()
		through.Proxy = http.ProxyURL(address)
		http.DefaultTransport = through
		own := newClient(t) // made while the program's transport has a proxy
		http.DefaultTransport = standard
		theirs := newClient(t, client.WithHTTPClient(&http.Client{Transport: through}))
		for name, portal := range map[string]*client.Client{"the package's transport": own, "the caller's": theirs} {
			requests = 0
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, nil)
			if e := asError(t, err); requests != 1 || e.Attempts != 1 || !strings.Contains(err.Error(), "a proxy on the way") || !strings.Contains(e.Hint(), hint) {
				t.Errorf("%d, %s: got %v (hint %q) after %d CONNECTs, want words and a hint about the proxy after one", status, name, err, e.Hint(), requests)
			}
		}
		through.CloseIdleConnections()
		proxy.Close()
	}
}

// What a test puts into http.DefaultTransport does not outlast it.
func TestDefaultTransportIsFollowed(t *testing.T) {
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	var seen tally
	mock := memory(func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) })
	dialing := standard.(*http.Transport).Clone()
	dialing.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("a mock's dialer") }
	for _, swapped := range []http.RoundTripper{mock, dialing} {
		http.DefaultTransport = swapped
		_, _ = newClient(t, client.WithRetry(client.RetryPolicy{MaxAttempts: 1})).GeneratePortalLink(t.Context(), sso)
		http.DefaultTransport = standard
		generate(t, serve(t, succeed))
	}
	if seen.total() != 1 {
		t.Errorf("the mock served %d requests, want the one while it was there", seen.total())
	}
}
