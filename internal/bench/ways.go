package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/gen"
)

const (
	apiKey       = "sk_test_0123456789"
	organization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	returnURL    = "https://example.com/settings"
	path         = "/portal_links"
	callTimeout  = 10 * time.Second
)

// A call asks for one link and returns where it leads.
type call func(context.Context) (string, error)

// A way is one way to make the call.
type way struct {
	name string // for people
	key  string // for benchstat
	ours bool
	// open makes the call ready. Without a transport it uses its own, as it comes.
	open func(transport http.RoundTripper, baseURL string) (call, error)
}

// The yardstick comes first: by hand, with the timeout without which a call can hang
// for ever. The one without is for those who live with that.
var ways = []way{
	{name: "net/http by hand", key: "hand", open: byHand(callTimeout)},
	{name: "net/http by hand, no timeout", key: "hand-no-timeout", open: byHand(0)},
	{name: "generated client alone", key: "generated", open: generated},
	{name: "hashicorp/go-retryablehttp", key: "retryablehttp", open: retryable},
	{name: "go-resty/resty v2", key: "resty", open: restyCall(false)},
	{name: "adminportal", key: "adminportal", ours: true, open: ours()},
}

type linkRequest struct {
	Organization string `json:"organization"`
	Intent       string `json:"intent"`
	ReturnURL    string `json:"return_url,omitempty"`
	SuccessURL   string `json:"success_url,omitempty"`
}

type linkAnswer struct {
	Link      string    `json:"link"`
	ExpiresAt time.Time `json:"expires_at"`
}

var wanted = linkRequest{Organization: organization, Intent: "sso", ReturnURL: returnURL}

// byHand is what people write who use no client: no retry, no rate limit, no cap on
// the body, no check of the link.
func byHand(timeout time.Duration) func(http.RoundTripper, string) (call, error) {
	return func(transport http.RoundTripper, baseURL string) (call, error) {
		hc := &http.Client{Transport: orStandard(transport)}
		address := baseURL + path
		return func(ctx context.Context) (string, error) {
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			body, err := json.Marshal(wanted)
			if err != nil {
				return "", err
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
			if err != nil {
				return "", err
			}
			req.Header.Set("Authorization", "Bearer "+apiKey)
			req.Header.Set("Content-Type", "application/json")
			resp, err := hc.Do(req)
			if err != nil {
				return "", err
			}
			defer func() { _ = resp.Body.Close() }()
			return readByHand(resp)
		}, nil
	}
}

func readByHand(resp *http.Response) (string, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, body)
	}
	var link linkAnswer
	err = json.Unmarshal(body, &link)
	return link.Link, err
}

func generated(transport http.RoundTripper, baseURL string) (call, error) {
	c, err := gen.NewClientWithResponses(baseURL,
		gen.WithHTTPClient(&http.Client{Transport: orStandard(transport)}),
		gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+apiKey)
			return nil
		}))
	return func(ctx context.Context) (string, error) {
		resp, err := c.GeneratePortalLinkWithResponse(ctx, nil,
			gen.PortalLinkRequest{Organization: organization, Intent: gen.IntentSSO, ReturnURL: returnURL})
		if err != nil {
			return "", err
		}
		if resp.JSON200 == nil {
			return "", fmt.Errorf("%s: %s", resp.Status(), resp.Body)
		}
		return resp.JSON200.Link, nil
	}, err
}

// retryable is go-retryablehttp as it comes, without its log.
func retryable(transport http.RoundTripper, baseURL string) (call, error) {
	c := retryablehttp.NewClient()
	c.Logger = nil
	if transport != nil {
		c.HTTPClient.Transport = transport
	}
	address := baseURL + path
	return func(ctx context.Context) (string, error) {
		body, err := json.Marshal(wanted)
		if err != nil {
			return "", err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, address, body)
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+apiKey)
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(req)
		if err != nil {
			return "", err
		}
		defer func() { _ = resp.Body.Close() }()
		return readByHand(resp)
	}, nil
}

// restyCall is resty as it comes, or with the retries that it leaves to its user: as
// often as ours, and after as long as the server asks for.
func restyCall(retry bool) func(http.RoundTripper, string) (call, error) {
	return func(transport http.RoundTripper, baseURL string) (call, error) {
		c := resty.New().SetBaseURL(baseURL).SetAuthToken(apiKey)
		if transport != nil {
			c.SetTransport(transport)
		}
		if retry {
			c.SetRetryCount(3).SetRetryMaxWaitTime(30 * time.Second).
				AddRetryCondition(func(r *resty.Response, _ error) bool { return r.StatusCode() == http.StatusTooManyRequests }).
				SetRetryAfter(func(_ *resty.Client, r *resty.Response) (time.Duration, error) {
					seconds, err := strconv.Atoi(r.Header().Get("Retry-After"))
					return time.Duration(seconds) * time.Second, err
				})
		}
		return func(ctx context.Context) (string, error) {
			var link linkAnswer
			resp, err := c.R().SetContext(ctx).SetBody(&wanted).SetResult(&link).Post(path)
			if err != nil {
				return "", err
			}
			if resp.StatusCode() != http.StatusOK {
				return "", fmt.Errorf("%s: %s", resp.Status(), resp.Body())
			}
			return link.Link, nil
		}, nil
	}
}

// ours has every default on: retries, the gate, a timeout per attempt, an
// Idempotency-Key, the cap on the body, the checks.
func ours(opts ...client.Option) func(http.RoundTripper, string) (call, error) {
	return func(transport http.RoundTripper, baseURL string) (call, error) {
		opts := append([]client.Option{client.WithBaseURL(baseURL)}, opts...)
		if transport != nil {
			opts = append(opts, client.WithHTTPClient(&http.Client{Transport: transport}))
		}
		portal, err := client.New(apiKey, opts...)
		return func(ctx context.Context) (string, error) {
			link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
				Organization: organization, Intent: client.IntentSSO, ReturnURL: returnURL,
			})
			if err != nil {
				return "", err
			}
			return link.URL, nil
		}, err
	}
}

// orStandard is the transport, or one like net/http's own that nobody else uses.
func orStandard(transport http.RoundTripper) http.RoundTripper {
	if transport == nil {
		standard, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			panic("bench: http.DefaultTransport is not net/http's own")
		}
		return standard.Clone()
	}
	return transport
}

// opened is every way, made ready for one transport and server.
func opened(ways []way, transport http.RoundTripper, baseURL string) ([]call, error) {
	var calls []call
	for _, w := range ways {
		c, err := w.open(transport, baseURL)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		if _, err := c(context.Background()); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		calls = append(calls, c)
	}
	return calls, nil
}
