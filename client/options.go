package client

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// An Option changes how [New] makes a client. Options apply in order; a nil one
// is skipped.
type Option func(*settings) error

// settings are what options set.
type settings struct {
	baseURL        string
	cdnURL         string // empty: follows baseURL
	httpClient     *http.Client
	userAgent      string
	keySource      func(context.Context) (string, error)
	retry          RetryPolicy
	limiter        Limiter
	dialect        Dialect
	margin         time.Duration
	linkHosts      map[string]bool
	logger         *slog.Logger
	idempotencyKey func() string
	observer       func(context.Context, Attempt)
	maxBody        int64
}

// A Limiter holds attempts back, for example so that several processes share one
// budget. *rate.Limiter of golang.org/x/time/rate is one.
//
// Wait is asked before every attempt and returns nil when it may be sent. Its
// error ends the call and is in the error's chain; where it has
// RetryAfter() time.Duration, that is the error's. A Limiter that also has
// Pause(context.Context, time.Duration) is told of every 429 with the time to stay
// away. It must be safe for concurrent use.
type Limiter interface {
	Wait(ctx context.Context) error
}

// WithBaseURL sets the API's address: https://api.workos.com unless told. It must
// be https, or http on loopback; a path is kept, so that a gateway may serve the
// API under a prefix.
func WithBaseURL(baseURL string) Option {
	return func(s *settings) (err error) {
		if s.baseURL, err = parseBaseURL(baseURL); err != nil {
			return invalid("base URL", err.Error())
		}
		return nil
	}
}

// WithCDNURL sets the address of the icon file, under the same rule. Unless told
// it is https://cdn.workos.com for the real base URL and else the base URL itself,
// so that a test never leaves its server.
func WithCDNURL(cdnURL string) Option {
	return func(s *settings) (err error) {
		if s.cdnURL, err = parseBaseURL(cdnURL); err != nil {
			return invalid("CDN URL", err.Error())
		}
		return nil
	}
}

// WithHTTPClient sets the HTTP client: its transport, cookie jar and timeout. It is
// copied, and the copy follows no redirects. Without a transport of its own, and
// when nil, it uses the package's, which keeps connections for many concurrent
// callers.
func WithHTTPClient(hc *http.Client) Option {
	return func(s *settings) error {
		s.httpClient = hc
		return nil
	}
}

// WithUserAgent replaces the User-Agent, by default "adminportal-go/v1.2.3" with the
// version of this module that the program was built with.
func WithUserAgent(userAgent string) Option {
	return func(s *settings) error {
		if strings.TrimSpace(userAgent) == "" || !printable(userAgent) {
			return invalid("user agent", "must be printable text, and not empty")
		}
		s.userAgent = userAgent
		return nil
	}
}

// WithAPIKeySource asks source for the key, once per call, instead of using a
// fixed one: a key can then be rotated without a restart. Calls that ask at the
// same time share one question, and source is never asked twice at a time. After
// a 401 it is asked once more, and a different key is tried once.
//
// The source wins over the key given to [New], which may then be empty. Nil is no
// source. Its context ends when nobody waits for the answer any more; its error
// ends the call and is in the error's chain.
func WithAPIKeySource(source func(context.Context) (string, error)) Option {
	return func(s *settings) error {
		s.keySource = source
		return nil
	}
}

// WithRetry sets the retry policy. Zero fields mean the defaults.
func WithRetry(policy RetryPolicy) Option {
	return func(s *settings) (err error) {
		s.retry, err = policy.withDefaults()
		return err
	}
}

// WithLimiter makes every attempt at the API wait for limiter, after the client's
// own gate. Nil is none. The CDN is not limited.
func WithLimiter(limiter Limiter) Option {
	return func(s *settings) error {
		s.limiter = limiter
		return nil
	}
}

// WithDialect pins the dialect instead of letting the client find out.
func WithDialect(dialect Dialect) Option {
	return func(s *settings) error {
		if dialect < DialectAuto || dialect > DialectGenerateLink {
			return invalid("dialect", "must be DialectAuto, DialectPortalLinks or DialectGenerateLink")
		}
		s.dialect = dialect
		return nil
	}
}

// WithExpiryMargin sets how much life a link must have left for EnsureFresh to
// keep it: 30 s unless told. Zero keeps it to the last moment.
func WithExpiryMargin(margin time.Duration) Option {
	return func(s *settings) error {
		if margin < 0 {
			return invalid("expiry margin", fmt.Sprintf("must not be negative (%v)", margin))
		}
		s.margin = margin
		return nil
	}
}

// WithLinkHosts allows links to these hosts alone, each "host", at any port, or
// "host:port"; a
// link elsewhere is [ErrMalformedResponse]. Unless told any https host is
// allowed, since an organization may have a domain of its own. None at all means
// the same.
func WithLinkHosts(hosts ...string) Option {
	return func(s *settings) error {
		s.linkHosts = make(map[string]bool, len(hosts))
		for _, host := range hosts {
			if host == "" || strings.ContainsAny(host, "/@ ") {
				return invalid("link hosts", "each must be a host, such as id.workos.com, without a scheme or path")
			}
			s.linkHosts[normalHost(host)] = true
		}
		return nil
	}
}

// WithLogger logs every attempt: failures as warnings, successes at debug level.
// No secret is logged. Nil logs nothing, which is the default.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) error {
		s.logger = logger
		return nil
	}
}

// WithIdempotencyKey sets where the Idempotency-Key of each generate call comes
// from: random text unless told. It is asked once per call, and all attempts of
// the call carry the same; empty text sends none.
func WithIdempotencyKey(key func() string) Option {
	return func(s *settings) error {
		if key == nil {
			return invalid("idempotency key", "must be a function; return empty text to send no key")
		}
		s.idempotencyKey = key
		return nil
	}
}

// WithObserver calls observer with every attempt as it ends, on the goroutine of
// the call: enough to make a metric or a span of. It must be safe for concurrent
// use and should be quick. Nil is none.
func WithObserver(observer func(context.Context, Attempt)) Option {
	return func(s *settings) error {
		s.observer = observer
		return nil
	}
}

// WithMaxBody caps how many bytes of an answer are read, after decompression: 1 MiB
// unless told. An answer that is longer is an error, and its connection is
// dropped.
func WithMaxBody(bytes int64) Option {
	return func(s *settings) error {
		if bytes <= 0 || bytes > 1<<40 {
			return invalid("maximum body", fmt.Sprintf("must be a positive number of bytes (%d)", bytes))
		}
		s.maxBody = bytes
		return nil
	}
}

func validIdempotencyKey(key string) bool { return len(key) <= 255 && printable(key) }

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func normalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
