package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

const (
	// defaultBaseURL and defaultCDNURL are the servers of openapi.yaml.
	defaultBaseURL = "https://api.workos.com"
	defaultCDNURL  = "https://cdn.workos.com"
	// defaultMargin is the life that EnsureFresh wants left: enough for a redirect
	// and a slow page.
	defaultMargin = 30 * time.Second
)

// A Client makes portal links and lists provider icons. Make one with [New] for
// each API key and share it: it is safe for concurrent use, and what it learns of
// the rate limit and the dialect holds for all its callers. Copies share
// everything. The zero Client refuses every call.
type Client struct{ core *core }

// core is what copies of a client share.
type core struct {
	sender         sender
	routes         routes
	baseURL        string
	cdnURL         string
	keys           keys
	retry          RetryPolicy
	timeout        timeout // of an attempt
	gate           *gate   // apart from what calls only read
	limiter        Limiter
	pinned         Dialect
	links, icons   learner // which dialect works for each
	margin         time.Duration
	linkHosts      map[string]bool
	logger         *slog.Logger
	idempotencyKey func() string
	observer       func(context.Context, Attempt)
	maxBody        int64
}

// New returns a client that authenticates with apiKey, "sk_…" from the WorkOS
// Dashboard. The key belongs on servers only.
//
// A malformed key or option is refused with an error that matches
// [ErrInvalidRequest] and never repeats the key. New sends nothing.
func New(apiKey string, opts ...Option) (*Client, error) {
	const name = "new client"
	s := settings{
		baseURL:        defaultBaseURL,
		userAgent:      "adminportal-go/" + version(),
		retry:          defaultRetry,
		margin:         defaultMargin,
		idempotencyKey: rand.Text,
		maxBody:        maxBody,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&s); err != nil {
			return nil, during(name, err)
		}
	}
	fixed := s.keySource == nil
	if fixed {
		if err := checkKey(apiKey); err != nil {
			return nil, during(name, invalid("API key", err.Error()))
		}
		s.keySource = fixedKey(apiKey)
	}
	if s.cdnURL == "" {
		s.cdnURL = s.baseURL
		if s.baseURL == defaultBaseURL {
			s.cdnURL = defaultCDNURL
		}
	}
	// Both bound an attempt: the shorter one holds.
	bound := timeout{s.retry.AttemptTimeout, "RetryPolicy.AttemptTimeout"}
	if hc := s.httpClient; hc != nil && hc.Timeout > 0 && (bound.limit == 0 || hc.Timeout < bound.limit) {
		bound = timeout{hc.Timeout, "http.Client.Timeout"}
	}
	routes, err := newRoutes(s.baseURL, s.cdnURL, s.userAgent)
	if err != nil {
		return nil, during(name, invalid("base URL", errAddressRelative.Error()))
	}
	return &Client{&core{
		sender:         newSender(s.httpClient),
		routes:         routes,
		baseURL:        s.baseURL,
		cdnURL:         s.cdnURL,
		keys:           keys{source: s.keySource, fixed: fixed, timeout: bound},
		retry:          s.retry,
		timeout:        bound,
		gate:           new(gate),
		limiter:        s.limiter,
		pinned:         s.dialect,
		margin:         s.margin,
		linkHosts:      s.linkHosts,
		logger:         s.logger,
		idempotencyKey: s.idempotencyKey,
		observer:       s.observer,
		maxBody:        s.maxBody,
	}}, nil
}

// NewFromEnv is [New] with the key from WORKOS_API_KEY and, where that is set, the
// base URL from WORKOS_BASE_URL. Options win over the environment.
func NewFromEnv(opts ...Option) (*Client, error) {
	if baseURL := os.Getenv("WORKOS_BASE_URL"); baseURL != "" {
		opts = append([]Option{fromEnv("WORKOS_BASE_URL", WithBaseURL(baseURL))}, opts...)
	}
	key := os.Getenv("WORKOS_API_KEY")
	return New(key, append(opts, func(s *settings) error {
		if key == "" && s.keySource == nil {
			return invalid("WORKOS_API_KEY", "is not set: set it to an API key, sk_…, from the WorkOS Dashboard")
		}
		return nil
	})...)
}

// fromEnv names the variable in an option's error.
func fromEnv(variable string, opt Option) Option {
	return func(s *settings) error {
		err := opt(s)
		if e := new(Error); errors.As(err, &e) {
			return invalid(variable, e.Description)
		}
		return err
	}
}

// RateLimit tells what the client knows of the API's budget now.
func (c *Client) RateLimit() RateLimit {
	core, err := c.ready("")
	if err != nil {
		return RateLimit{}
	}
	return core.gate.known()
}

// ready refuses a client that New did not make.
func (c *Client) ready(operation string) (*core, error) {
	if c == nil || c.core == nil {
		return nil, during(operation, invalid("client", "is not set up: make one with New"))
	}
	return c.core, nil
}

// String names the server, and not the key.
func (c Client) String() string {
	if c.core == nil {
		return "adminportal client (not set up)"
	}
	return "adminportal client for " + c.core.baseURL
}

// Format prints String whatever the verb: the key is never printed.
func (c Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.String())) }

// LogValue logs String.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
