package portalhttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A browser that clicks twice gives up the first request and follows the second.
func TestDoubleClick(t *testing.T) {
	first := make(chan struct{})
	portal := &fake{}
	portal.answer = func(ctx context.Context, _ client.PortalLinkRequest) (*client.PortalLink, error) {
		if len(portal.requests()) == 1 {
			close(first)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return &client.PortalLink{URL: linkURL}, nil
	}
	returned := make(chan struct{}, 2)
	log := new(journal)
	h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger()))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		returned <- struct{}{}
	}))
	t.Cleanup(srv.Close)
	srv.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	ctx, giveUp := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, nil)
		resp, err := srv.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		gone <- err
	}()
	<-first
	if got := click(t, srv); got.StatusCode != http.StatusSeeOther {
		t.Errorf("second click = %d, want 303", got.StatusCode)
	}
	<-returned
	giveUp()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("first click = %v, want it given up", err)
	}
	<-returned
	if text := log.String(); strings.Contains(text, "ERROR") || strings.Contains(text, "WARN") || !strings.Contains(text, "DEBUG") {
		t.Errorf("log = %s, want nothing above INFO", text)
	}
}

// Two clicks that both arrive get a link each.
func TestTwoClicksTwoLinks(t *testing.T) {
	portal := new(fake)
	srv, _ := serve(t, portal, admin)
	for range 2 {
		if got := click(t, srv); got.StatusCode != http.StatusSeeOther {
			t.Errorf("click = %d, want 303", got.StatusCode)
		}
	}
}

func TestNothingIsWrittenToThoseWhoLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	portal := &fake{answer: func(ctx context.Context, _ client.PortalLinkRequest) (*client.PortalLink, error) {
		leave()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	log, called := new(journal), false
	h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger()),
		portalhttp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) { called = true }))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
	if rec.Body.Len() > 0 || rec.Code < 400 || called {
		t.Errorf("answer = %d %q (error handler called: %v), want no page, no success, no call", rec.Code, rec.Body, called)
	}
	if line := log.line(t); line["level"] != "DEBUG" {
		t.Errorf("log line = %v, want level DEBUG", line)
	}
}
