package portaltest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A whole client in a bubble: its waits cost nothing, and time is what it says.
func TestTransportInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := portaltest.NewHandler()
		portal, err := client.New(h.APIKey,
			client.WithBaseURL("https://portal.test"), client.WithLinkHosts("portal.test"),
			client.WithHTTPClient(&http.Client{Transport: h.Transport()}))
		if err != nil {
			t.Fatal(err)
		}
		h.Fail(portaltest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 40 * time.Second})
		start := time.Now()
		link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: h.Organization, Intent: client.IntentSSO})
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 40*time.Second || waited > 50*time.Second {
			t.Errorf("the client waited %v, want the 40 s that it was told", waited)
		}
		if !strings.HasPrefix(link.URL, "https://portal.test/") {
			t.Errorf("link = %s, want one at the address that was asked", link.URL)
		}
	})
}

// Who leaves early leaves nothing behind: the bubble would not end.
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
