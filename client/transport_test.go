package client_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A countingListener counts the connections that it takes.
type countingListener struct {
	net.Listener
	taken atomic.Int32
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.taken.Add(1)
	}
	return conn, err
}

// counted starts a server whose connections are counted.
func counted(t testing.TB, h http.HandlerFunc) (srv *httptest.Server, connections *atomic.Int32) {
	t.Helper()
	srv = httptest.NewUnstartedServer(h)
	l := &countingListener{Listener: srv.Listener}
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return srv, &l.taken
}

// fromMany makes each call from that many goroutines in all.
func fromMany(goroutines, calls int, call func()) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range calls / goroutines {
				call()
			}
		})
	}
	wg.Wait()
}

// A call that fails gives its connection back as well as one that does not.
func TestManyCallsShareFewConnections(t *testing.T) {
	var served atomic.Int32
	for _, tt := range []struct {
		name   string
		calls  int
		answer http.HandlerFunc
	}{
		{"links", 3200, func(w http.ResponseWriter, _ *http.Request) { sheetLink(w) }},
		{"refusals", 960, func(w http.ResponseWriter, _ *http.Request) { reply(w, 422, contractNotFound) }},
		{"both", 960, func(w http.ResponseWriter, r *http.Request) {
			if served.Add(1)%3 == 0 {
				status(503)(w, r)
				return
			}
			sheetLink(w)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, connections := counted(t, tt.answer)
			portal := newClient(t, client.WithBaseURL(srv.URL), client.WithRetry(client.RetryPolicy{BaseDelay: time.Microsecond, MaxAttempts: 20}))
			var failed atomic.Int32
			fromMany(64, tt.calls, func() {
				if _, err := portal.GeneratePortalLink(context.Background(), sso); err != nil {
					failed.Add(1)
				}
			})
			if got := connections.Load(); got > 70 {
				t.Errorf("%d calls from 64 goroutines opened %d connections, want at most 70", tt.calls, got)
			}
			if got := failed.Load(); got != 0 && tt.name != "refusals" {
				t.Errorf("%d calls failed, want none", got)
			}
		})
	}
}

// Clients without an HTTP client of their own share connections.
func TestClientsShareConnections(t *testing.T) {
	srv, connections := counted(t, func(w http.ResponseWriter, _ *http.Request) { sheetLink(w) })
	for range 10 {
		generate(t, newClient(t, client.WithBaseURL(srv.URL)))
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("ten clients opened %d connections one after the other, want 1", got)
	}
}

func TestHTTPClientIsCopied(t *testing.T) {
	var seen tally
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.note(r)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	asked := 0
	theirs := &http.Client{
		Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			asked++
			return http.ErrUseLastResponse
		},
	}
	portal := newClient(t, client.WithBaseURL(srv.URL), client.WithHTTPClient(theirs))
	for range 2 {
		if _, err := portal.GeneratePortalLink(t.Context(), sso); err == nil {
			t.Error("got no error for a redirect")
		}
	}
	if asked != 0 || seen.total() != 2 {
		t.Errorf("CheckRedirect was called %d times and %d requests arrived, want 0 and 2", asked, seen.total())
	}
	if theirs.Transport != nil || theirs.Timeout != time.Minute || theirs.CheckRedirect == nil {
		t.Errorf("the caller's client was changed: %+v", theirs)
	}
	resp, err := theirs.Get(srv.URL)
	if err == nil {
		_ = resp.Body.Close()
	}
	if asked == 0 {
		t.Error("the caller's client does not ask its own CheckRedirect any more")
	}
	http.DefaultClient.CloseIdleConnections()

	// A later change by the caller does not reach in either.
	theirs.Transport = roundTripper(func(*http.Request) (*http.Response, error) { t.Error("used a transport set later"); return nil, io.EOF })
	_, _ = portal.GeneratePortalLink(t.Context(), sso)
}

func TestHTTPClientTimeoutHolds(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	portal := newClient(t, client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: -1}), client.WithHTTPClient(&http.Client{
		Timeout:   20 * time.Millisecond,
		Transport: memory(func(_ http.ResponseWriter, r *http.Request) { <-released }),
	}))
	_, err := portal.GeneratePortalLink(t.Context(), sso)
	timeout := new(url.Error)
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v, want the HTTP client's own timeout", err)
	}
}

func TestOverTLS(t *testing.T) {
	var proto atomic.Value
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		sheetLink(w)
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails below
	srv.StartTLS()
	defer srv.Close()

	generate(t, newClient(t, client.WithBaseURL(srv.URL), client.WithHTTPClient(srv.Client())))
	if got := proto.Load(); got != "HTTP/2.0" {
		t.Errorf("spoke %v with a caller's client, want HTTP/2.0", got)
	}
	srv.Client().CloseIdleConnections()

	// A certificate that nobody vouches for is refused at once, and not retried.
	_, err := newClient(t, client.WithBaseURL(srv.URL)).GeneratePortalLink(t.Context(), sso)
	if e := asError(t, err); e.StatusCode != 0 || e.Attempts != 1 {
		t.Errorf("got %v after %d attempts, want the certificate refused after one", err, e.Attempts)
	}
}
