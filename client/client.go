package client

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// A Client makes portal links and lists provider icons. Make one with [New] for each API key and
// share it: it is safe for concurrent use, and what it learns of the rate limit and the dialect
// holds for all its callers. Copies share everything. The zero Client refuses every call.
type Client struct{ core *core }

// core is what copies of a client share.
type core struct {
	servers
	settings
	gate         gate
	timeout      timeout  // of an attempt
	links, icons *learner // which dialect works for each
	cold         error    // of the last Warm; under the gate's lock
	warming      flight[struct{}]
}

// New returns a client that authenticates with apiKey, "sk_…" from the WorkOS Dashboard. The key
// belongs on servers only.
//
// A malformed key or option is refused with an [*Error] that matches [ErrInvalidRequest], names
// the option in its Field, and never repeats the key. New sends nothing.
func New(apiKey string, opts ...Option) (*Client, error) {
	core, err := newCore(apiKey, opts)
	if err != nil {
		return nil, during("new client", err)
	}
	return &Client{core}, nil
}

// NewFromEnv is [New] with the key from WORKOS_API_KEY and, where that is set, the base URL from
// WORKOS_BASE_URL. Options win over the environment.
func NewFromEnv(opts ...Option) (*Client, error) {
	env := func(s *settings) {
		s.keyName = "WORKOS_API_KEY"
		if baseURL := os.Getenv("WORKOS_BASE_URL"); baseURL != "" {
			s.baseURL = setting{baseURL, "WORKOS_BASE_URL"}
		}
	}
	return New(os.Getenv("WORKOS_API_KEY"), append([]Option{env}, opts...)...)
}

func newCore(apiKey string, opts []Option) (c *core, err error) {
	s := settings{baseURL: setting{defaultBaseURL, ""}, userAgent: "adminportal-go/" + version(), keyName: "API key", margin: defaultMargin}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	fixed := s.keySource == nil
	if fixed {
		if rule := keyRule(apiKey); rule != "" {
			return nil, invalid(s.keyName, rule)
		}
		s.keySource = func(context.Context) (string, error) { return apiKey, nil }
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	c = &core{settings: s, links: newLearner(), icons: newLearner(), timeout: timeout{s.retry.AttemptTimeout, "RetryPolicy.AttemptTimeout"}}
	last := &attempt{halve: s.retry.MaxAttempts > 1, observer: s.observer, logger: s.logger}
	if hc := s.httpClient; hc != nil {
		last.transport = hc.Transport
		if hc.Timeout > 0 && hc.Timeout < c.timeout.limit {
			c.timeout = timeout{hc.Timeout, "http.Client.Timeout"}
		}
	}
	if last.transport == nil {
		last.transport, last.closeIdle = sharedTransport()
	}
	last.timeout = c.timeout

	var chain gen.HttpRequestDoer = last                                            // one attempt, observed
	chain = &limit{next: chain, gate: &c.gate, limiter: s.limiter, policy: s.retry} // is there budget?
	chain = &retry{next: chain, policy: s.retry}                                    // again? after how long?
	chain = &authorize{next: chain, source: s.keySource, fixed: fixed, timeout: c.timeout}
	accept, userAgent := []string{"application/json"}, []string{s.userAgent}
	headers := gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header["Accept"], req.Header["User-Agent"] = accept, userAgent
		return nil
	})
	if c.api, err = gen.NewClient(s.baseURL.value, gen.WithHTTPClient(chain), headers); err != nil {
		return nil, err
	}
	// The CDN gets no key and is not part of the budget.
	c.cdn, err = gen.NewClient(s.trust.cdnURL, gen.WithHTTPClient(&retry{next: last, policy: s.retry}), headers)
	return c, err
}

// newCall begins a call that learns the dialect for known.
func (c *core) newCall(ctx context.Context, name string, known *learner) *call {
	return &call{Context: ctx, name: name, known: known, aboutOrganization: known == c.links, trust: &c.trust, release: func() {}, idle: time.Now()}
}

// RateLimit is what the client knows of the API's budget now.
func (c *Client) RateLimit() RateLimit { return c.ready().gate.known() }

// ready is what the client works with. One that New did not make refuses every request.
func (c *Client) ready() *core {
	if c != nil && c.core != nil {
		return c.core
	}
	api := &gen.Client{Client: unset{}}
	return &core{servers: servers{api, api}, links: newLearner(), icons: newLearner(), timeout: timeout{limit: forever}}
}

// unset is the one link of a client that New did not make.
type unset struct{}

func (unset) Do(req *http.Request) (*http.Response, error) {
	return nil, during(callOf(req).name, invalid("client", "is not set up: make one with New"))
}

// String names the server, and not the key.
func (c Client) String() string {
	if c.core == nil {
		return "adminportal client (not set up)"
	}
	return "adminportal client for " + c.core.baseURL.value
}

const modulePath = "github.com/adminportal-go/adminportal"

// version is the module's, as the program was built with it: a release's tag or a pseudo-version;
// "devel" where the code is that of a folder; "unknown" where the program was built without modules.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionIn(info)
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath {
			return cmp.Or(strings.Trim(m.Version, "()"), "devel")
		}
	}
	return "unknown"
}
