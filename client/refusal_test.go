package client_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
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
