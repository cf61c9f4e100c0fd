package portalhttp_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// 500 clicks at once on a budget of 100 a minute: everyone gets a link, or a page
// that says when to try again, within the timeout.
func TestCrowd(t *testing.T) {
	const clicks, budget, timeout = 500, 100, 10 * time.Second
	srv := portaltest.NewServer(t, portaltest.WithRateLimit(budget))
	portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithHTTPClient(newHTTPClient(t)))
	if err != nil {
		t.Fatal(err)
	}
	app, _ := serve(t, portal, func(*http.Request) (client.PortalLinkRequest, error) {
		return client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO, ReturnURL: settingsPage}, nil
	}, portalhttp.WithTimeout(timeout))

	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		links = map[string]bool{}
		later int
	)
	start := time.Now()
	for range clicks {
		wg.Go(func() {
			got := click(t, app)
			mu.Lock()
			defer mu.Unlock()
			switch got.StatusCode {
			case http.StatusSeeOther:
				links[got.Header.Get("Location")] = true
			case http.StatusGatewayTimeout: // a machine that is busy with other things
				later++
				if !strings.Contains(got.body, "try again in ") {
					t.Errorf("page does not say when:\n%s", got.body)
				}
			case http.StatusServiceUnavailable:
				later++
				if s, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || s < 1 || s > 60 {
					t.Errorf("Retry-After = %q, want 1 to 60", got.Header.Get("Retry-After"))
				}
				if !strings.Contains(got.body, "try again in ") {
					t.Errorf("page does not say when:\n%s", got.body)
				}
			default:
				t.Errorf("answer = %d %s", got.StatusCode, got.body)
			}
		})
	}
	wg.Wait()
	// The timeout is the handler's; the rest of the way may take as long again where
	// the machine is busy.
	if took := time.Since(start); took > 2*timeout {
		t.Errorf("the last answer came after %v, want it within %v", took, timeout)
	}
	if len(links) > budget || len(links) == 0 || len(links)+later != clicks {
		t.Errorf("%d different links and %d to come later of %d clicks, want at most %d links and everyone answered", len(links), later, clicks, budget)
	}
}
