package portaltest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A client that leaves early leaves no goroutine behind: the bubble would not end.
func TestTransportAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := portaltest.NewHandler()
		hc := &http.Client{Transport: h.Transport()}
		get := func(ctx context.Context) (*http.Response, error) {
			return hc.Do(mustRequest(ctx, "http://portal.test"+liveIcons))
		}

		// Before the answer.
		h.Fail(portaltest.Fault{Latency: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the deadline", err)
		}

		// Within the body, by closing it.
		h.Fail(portaltest.Fault{Stall: portaltest.WithinBody})
		resp, err := get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 3)); err != nil {
			t.Error(err)
		}
		resp.Body.Close()

		// Within the body, by the context.
		h.Fail(portaltest.Fault{Stall: portaltest.WithinBody})
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if resp, err = get(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v, want the deadline", err)
		}
		resp.Body.Close()
	})
}
