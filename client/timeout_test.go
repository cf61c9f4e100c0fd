package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// Whoever reads "context deadline exceeded" wants to know which: the attempt's own
// timeout has a name, and the caller's deadline has none.
func TestTimeoutsAreNamed(t *testing.T) {
	const (
		policy = "timed out after 3s (RetryPolicy.AttemptTimeout): "
		theirs = "timed out after 2s (http.Client.Timeout): "
		post   = `Post "https://api.workos.com": `
	)
	// Transports that answer nothing, and no more than headers.
	silent := roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	stuck := roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(stuckReader{r.Context()})}, nil
	})
	source := func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", fmt.Errorf("vault: %w", ctx.Err())
	}
	for name, tt := range map[string]struct {
		http   http.Client
		source func(context.Context) (string, error)
		within time.Duration // the caller's deadline; 0: none
		want   string
		took   time.Duration
	}{
		"before the headers":            {http: http.Client{Transport: silent}, want: policy + post, took: 3 * time.Second},
		"in the body":                   {http: http.Client{Transport: stuck}, want: "200 OK: " + policy, took: 3 * time.Second},
		"http.Client's":                 {http: http.Client{Transport: silent, Timeout: 2 * time.Second}, want: theirs + post, took: 2 * time.Second},
		"http.Client's, but longer":     {http: http.Client{Transport: silent, Timeout: 4 * time.Second}, want: policy + post, took: 3 * time.Second},
		"the key source's":              {source: source, want: "API key source: " + policy + "vault: ", took: 3 * time.Second},
		"the caller's, no headers":      {http: http.Client{Transport: silent}, within: time.Second, took: time.Second},
		"the caller's, in the body":     {http: http.Client{Transport: stuck}, within: time.Second, want: "200 OK: ", took: time.Second},
		"the caller's, of a key source": {source: source, within: time.Second, took: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			portal := newClient(t, client.WithHTTPClient(&tt.http), client.WithAPIKeySource(tt.source), client.WithDialect(client.DialectPortalLinks),
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: 3 * time.Second}))
			ctx := context.Background()
			if tt.within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.within)
				defer cancel()
			}
			start := time.Now()
			_, err := portal.GeneratePortalLink(ctx, sso)
			if took := time.Since(start); took != tt.took {
				t.Errorf("%s: took %v, want %v", name, took, tt.took)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: errors.Is(%v, context.DeadlineExceeded) = false, want true", name, err)
			}
			if got, want := asError(t, err).Error(), "adminportal: generate portal link: "+tt.want+"context deadline exceeded"; got != want {
				t.Errorf("%s: got  %s\nwant %s", name, got, want)
			}
			if timeout, named := interface{ Timeout() bool }(nil), tt.within == 0; named && (!errors.As(err, &timeout) || !timeout.Timeout()) {
				t.Errorf("%s: %v is no timeout to those who ask errors.As", name, err)
			}
			if got := strings.Contains(err.Error(), "timed out"); got != (tt.within == 0) {
				t.Errorf("%s: %v speaks of a timeout of the client's: %v", name, err, got)
			}
		})
	}
}

// A stuckReader is a body that never comes.
type stuckReader struct{ ctx context.Context }

func (r stuckReader) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}
