package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/adminportal-go/adminportal/client"
)

const (
	apiKey      = "sk_example_123456789"
	path        = "/portal_links"
	callTimeout = 10 * time.Second
)

// A call asks for one link.
type call func() error

// A way is one way to make the call.
type way struct {
	name string
	open func(testing.TB, target) call
}

// A target is what a way is opened for.
type target struct {
	baseURL   string
	transport http.RoundTripper // nil for the way's own, as it comes
	atOnce    bool              // retry without a wait
}

var ways = []way{
	{"hand", byHand},
	{"retryablehttp", byRetryable},
	{"resty", byResty},
	{"adminportal", byClient},
}

// answeredWays are the ways to make a call that is answered at once.
var answeredWays = slices.Insert(slices.Clone(ways), 1, way{"headers", byHandWithHeaders})

type linkRequest struct {
	Organization string `json:"organization"`
	Intent       string `json:"intent"`
	ReturnURL    string `json:"return_url"`
}

type linkAnswer struct {
	Link      string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

var wanted = linkRequest{Organization: "org_01EHWNCE74X7JSDV0X3SZ3KJNY", Intent: "sso", ReturnURL: "https://example.com/settings"}

// posting makes the call with send, which posts a body of JSON.
func posting(send func(ctx context.Context, body []byte) (*http.Response, error)) call {
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		body, err := json.Marshal(wanted)
		if err != nil {
			return err
		}
		resp, err := send(ctx, body)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", resp.Status, answer)
		}
		var link linkAnswer
		return json.Unmarshal(answer, &link)
	}
}

// byHand is what people write who use no library: a timeout, no retry, no rate limit, no check of the link.
func byHand(_ testing.TB, to target) call { return hand(to, func(http.Header) {}) }

// byHandWithHeaders sends the headers of package client, too: the part of its cost that is on the wire.
func byHandWithHeaders(_ testing.TB, to target) call {
	return hand(to, func(h http.Header) {
		h.Set("Accept", "application/json")
		h.Set("User-Agent", "adminportal-go/v1.2.3")
		h.Set("Idempotency-Key", rand.Text())
	})
}

func hand(to target, more func(http.Header)) call {
	hc := &http.Client{Transport: to.transport}
	if to.transport == nil {
		hc.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return posting(func(ctx context.Context, body []byte) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.baseURL+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+apiKey)
		req.Header.Set("Content-Type", "application/json")
		more(req.Header)
		return hc.Do(req)
	})
}

// byRetryable is go-retryablehttp as it comes, without its log.
func byRetryable(_ testing.TB, to target) call {
	c := retryablehttp.NewClient()
	c.Logger = nil
	if to.atOnce {
		c.RetryWaitMin, c.RetryWaitMax = 0, 0
	}
	if to.transport != nil {
		c.HTTPClient.Transport = to.transport
	}
	return posting(func(ctx context.Context, body []byte) (*http.Response, error) {
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, to.baseURL+path, body)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+apiKey)
		req.Header.Set("Content-Type", "application/json")
		return c.Do(req)
	})
}

// byResty is resty with the retries that it leaves to its user: of a 429, as often as
// the others retry, after as long as the server asks for.
func byResty(_ testing.TB, to target) call {
	c := resty.New().SetBaseURL(to.baseURL).SetAuthToken(apiKey).
		SetRetryCount(3).SetRetryMaxWaitTime(30 * time.Second).
		AddRetryCondition(func(r *resty.Response, _ error) bool { return r.StatusCode() == http.StatusTooManyRequests }).
		SetRetryAfter(func(_ *resty.Client, r *resty.Response) (time.Duration, error) {
			seconds, err := strconv.Atoi(r.Header().Get("Retry-After"))
			return time.Duration(seconds) * time.Second, err
		})
	if to.transport != nil {
		c.SetTransport(to.transport)
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		var link linkAnswer
		resp, err := c.R().SetContext(ctx).SetBody(&wanted).SetResult(&link).Post(path)
		if err == nil && resp.StatusCode() != http.StatusOK {
			err = fmt.Errorf("%s: %s", resp.Status(), resp.Body())
		}
		return err
	}
}

// byClient has every default on: retries, the gate, a timeout for each attempt, an Idempotency-Key, the checks of the link.
func byClient(tb testing.TB, to target) call {
	tb.Helper()
	_, call := dial(tb, to)
	return call
}

func dial(tb testing.TB, to target) (*client.Client, call) {
	tb.Helper()
	opts := []client.Option{client.WithBaseURL(to.baseURL)}
	if to.transport != nil {
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: to.transport}))
	}
	if to.atOnce {
		opts = append(opts, client.WithRetry(client.RetryPolicy{BaseDelay: -1}))
	}
	portal, err := client.New(apiKey, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return portal, func() error {
		_, err := portal.GeneratePortalLink(context.Background(), client.PortalLinkRequest{
			Organization: wanted.Organization, Intent: client.IntentSSO, ReturnURL: wanted.ReturnURL,
		})
		return err
	}
}
