package client

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A Client makes portal links and lists provider icons. Make one with [New] for each API key and
// share it: it is safe for concurrent use, and what it learns of the rate limit and the dialect
// holds for all its callers. Copies share everything. The zero Client is not ready: its methods panic.
type Client struct{ core *core }

// core is what copies of a client share.
type core struct {
	servers
	settings
	gate         gate
	links, icons *learner // which dialect works for each
	warming      flight[struct{}]
}

// New returns a client that authenticates with apiKey, "sk_…" from the WorkOS Dashboard. The key
// belongs on servers only.
//
// A malformed key or option is refused with an [*Error] that matches [ErrInvalidRequest], names
// the option in its Field, and never repeats the key. New sends nothing.
func New(apiKey string, opts ...Option) (*Client, error) {
	s, err := newSettings(apiKey, opts)
	if err != nil {
		return nil, during("new client", err)
	}
	c := &core{settings: s, links: newLearner(), icons: newLearner()}
	last := &attempt{timeout: s.timeout, halve: s.retry.MaxAttempts > 1, observer: s.observer, logger: s.logger}
	if last.transport = s.httpClient.Transport; last.transport == nil {
		last.transport, last.closeIdle = sharedTransport()
	}
	// From the innermost step to the outermost, which runs first.
	var chain gen.HttpRequestDoer = last                                                  // one attempt, observed
	chain = &limit{chain, &c.gate, s.limiter, s.retry.MaxWait, s.retry.BaseDelay}         // is there budget?
	chain = &retry{next: chain, policy: s.retry}                                          // again? after how long?
	chain = &authorize{next: chain, key: apiKey, source: s.keySource, timeout: s.timeout} // the key
	accept, userAgent := []string{"application/json"}, []string{s.userAgent}
	headers := gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header["Accept"], req.Header["User-Agent"] = accept, userAgent
		return nil
	})
	if c.api, err = gen.NewClient(s.baseURL, gen.WithHTTPClient(chain), headers); err == nil {
		// The CDN gets no key and is not part of the budget.
		c.cdn, err = gen.NewClient(s.trust.cdnURL, gen.WithHTTPClient(&retry{next: last, policy: s.retry}), headers)
	}
	if err != nil {
		return nil, during("new client", err)
	}
	return &Client{c}, nil
}

// NewFromEnv is [New] with the key from WORKOS_API_KEY and, where that is set, the base URL from
// WORKOS_BASE_URL. Options win over the environment.
func NewFromEnv(opts ...Option) (*Client, error) {
	return New(os.Getenv("WORKOS_API_KEY"), append([]Option{func(s *settings) {
		s.keyName = "WORKOS_API_KEY"
		if baseURL := os.Getenv("WORKOS_BASE_URL"); baseURL != "" {
			s.baseURL, s.baseURLName = baseURL, "WORKOS_BASE_URL"
		}
	}}, opts...)...)
}

// newCall begins a call. What it learns of the dialect goes into known.
func (c *core) newCall(ctx context.Context, name string, known *learner, job *job) *call {
	call := &call{job: job, name: name, known: known, trust: &c.trust, release: func() {}, idle: time.Now()}
	call.Context = context.WithValue(ctx, callKey{}, call)
	return call
}

// RateLimit is what the client knows of the API's budget now, without what requests under way may
// use. It is the zero RateLimit while nothing is known.
func (c *Client) RateLimit() RateLimit { return c.core.gate.known() }

// String names the server, and not the key.
func (c Client) String() string { return "adminportal client for " + c.core.baseURL }
