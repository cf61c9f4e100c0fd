package portalhttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

func TestErrorHandler(t *testing.T) {
	cause := &client.Error{StatusCode: 429, RetryAfter: 1500 * time.Millisecond}
	srv, log := serve(t, failing(cause), admin, portalhttp.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, err error) {
		var failure *portalhttp.Failure
		if !errors.As(err, &failure) || !errors.Is(err, client.ErrRateLimited) {
			t.Errorf("error handler got %v, want a *Failure that is ErrRateLimited", err)
			return
		}
		w.WriteHeader(failure.Status)
		fmt.Fprintf(w, "%s %s %s %s", failure.Code, failure.ReturnURL, failure.RetryAfter, failure.Title)
	}))
	got := click(t, srv)
	if want := "rate_limited " + settingsPage + " 2s Many people are here right now"; got.body != want || got.StatusCode != 503 {
		t.Errorf("answer = %d %q, want 503 %q", got.StatusCode, got.body, want)
	}
	if got.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After = %q, want it set before the error handler", got.Header.Get("Retry-After"))
	}
	wantPrivate(t, got)
	if line := log.line(t); line["code"] != "rate_limited" {
		t.Errorf("log line = %v, want it whoever answers", line)
	}
}

func TestErrorHandlerHearsOfEverything(t *testing.T) {
	srv, _ := serve(t, new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{}, portalhttp.ErrUnauthenticated
	}, portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, portalhttp.ErrUnauthenticated) {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		var failure *portalhttp.Failure
		errors.As(err, &failure)
		failure.ServeHTTP(w, r)
	}))
	if got := click(t, srv); got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/login" {
		t.Errorf("signed out = %d to %q, want 303 to /login", got.StatusCode, got.Header.Get("Location"))
	}
	if got := send(t, srv, http.MethodGet, ""); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET = %d, Allow %q, want the failure to serve itself", got.StatusCode, got.Header.Get("Allow"))
	}
}

func TestFailureReads(t *testing.T) {
	var got []string
	h := portalhttp.WithErrorHandler(func(_ http.ResponseWriter, _ *http.Request, err error) { got = append(got, err.Error()) })
	for _, err := range []error{errors.New("database is away"), &client.Error{StatusCode: 500, Attempts: 4}} {
		rec, req := newClick()
		portalhttp.NewHandler(failing(err), admin, h, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
	}
	got = append(got, (&portalhttp.Failure{Code: "internal"}).Error())
	want := []string{
		"adminportal: open portal: database is away",
		"adminportal: 500 Internal Server Error (after 4 attempts)",
		"adminportal: open portal: internal",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Failure.Error() = %q, want %q", got[i], want[i])
		}
	}
}
