package client

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// defaultBaseURL and defaultCDNURL are the servers of openapi.yaml.
const defaultBaseURL = "https://api.workos.com"
const defaultCDNURL = "https://cdn.workos.com"

// An Option changes how [New] makes a client. Options apply in order; a nil one is skipped.
type Option func(*settings)

// settings are what options set.
type settings struct {
	baseURL, baseURLName string // the address, and what errors call it
	trust                trust
	httpClient           *http.Client
	timeout              timeout // of an attempt
	userAgent            string
	keySource            func(context.Context) (string, error)
	keyName              string // what errors call the key that is given to New
	retry                RetryPolicy
	limiter              Limiter
	pinned               Dialect
	margin               time.Duration
	observer             func(context.Context, Attempt)
	logger               *slog.Logger
}

// WithBaseURL sets the API's address: https://api.workos.com by default. It must be https, or http
// on loopback, that is, at its addresses, at localhost and at names below localhost that the system
// resolves; an empty one is refused. A path is kept, so that a gateway may serve the API under a
// prefix.
func WithBaseURL(baseURL string) Option {
	return func(s *settings) { s.baseURL, s.baseURLName = baseURL, "base URL" }
}

// WithCDNURL sets the address of the icon file, under the same rule. By default, and when empty, it
// is https://cdn.workos.com for the real base URL, and else the base URL itself, so that a test
// never leaves its server.
func WithCDNURL(cdnURL string) Option { return func(s *settings) { s.trust.cdnURL = cdnURL } }

// WithPlainHTTPForTests allows plain http off loopback, for the base URL, the CDN URL and links:
// for a sandbox under a container's name. Never use it with a real key, which anyone on the way
// could read.
func WithPlainHTTPForTests() Option { return func(s *settings) { s.trust.plainHTTP = true } }

// WithHTTPClient takes the transport and the timeout of an HTTP client, which is not changed. The
// timeout bounds each attempt if it is shorter than [RetryPolicy].AttemptTimeout. CheckRedirect and
// Jar are not used: no redirect is followed, since one would carry the key elsewhere. Without a
// transport, and when nil, the package's own is used: a clone of http.DefaultTransport that keeps
// connections for many concurrent callers.
//
// A transport of yours is used as it is. It may send a request through a gateway, but the path must
// still end in the request's: otherwise it counts as a followed redirect. To recover from dead
// connections as quickly as the package's own, set its MaxIdleConnsPerHost to the number of
// concurrent callers, and its HTTP2 to &http.HTTP2Config{SendPingTimeout: 1500 * time.Millisecond,
// PingTimeout: 2 * time.Second}. The package's own also closes its idle connections after an
// attempt that timed out, and knows a proxy's refusal to connect by its status; with yours only the
// standard words for the status show it.
func WithHTTPClient(hc *http.Client) Option {
	return func(s *settings) { s.httpClient = cmp.Or(hc, new(http.Client)) }
}

// WithUserAgent replaces the User-Agent, which is by default "adminportal-go/v1.2.3" with the
// version of this module that the program was built with. It must be printable ASCII, and not
// empty.
func WithUserAgent(userAgent string) Option { return func(s *settings) { s.userAgent = userAgent } }

// WithAPIKeySource asks source for the key, once per call, instead of using a fixed one: a key can
// then be rotated without a restart. Calls that ask at the same time share one question. Only one
// question runs at a time, unless source ignores its context, which ends when nobody waits for the
// answer any more. If asking is slow or costs money, let the source keep its answer for some
// minutes.
//
// An error of source ends the call and is in the error's chain. After a 401 the source is asked
// once more, and a different key is tried once; an error of source then leaves the 401 as it is.
//
// What the client knows of the rate limit belongs to the client, not to the key: after a rotation
// it keeps to what the service said to the old one. The source wins over the key given to [New],
// which may then be empty. Nil is no source.
func WithAPIKeySource(source func(context.Context) (string, error)) Option {
	return func(s *settings) { s.keySource = source }
}

// WithRetry sets the retry policy. Zero fields mean the defaults.
func WithRetry(policy RetryPolicy) Option { return func(s *settings) { s.retry = policy } }

// WithLimiter makes every attempt at the API wait for limiter, after the client's own gate. Nil is
// none. The CDN is not limited.
func WithLimiter(limiter Limiter) Option { return func(s *settings) { s.limiter = limiter } }

// WithDialect pins the dialect instead of letting the client find out.
func WithDialect(dialect Dialect) Option { return func(s *settings) { s.pinned = dialect } }

// WithExpiryMargin sets how much life a link must have left for EnsureFresh to keep it: 30 s by
// default. Zero keeps it to the last moment, and a negative one is refused.
func WithExpiryMargin(margin time.Duration) Option { return func(s *settings) { s.margin = margin } }

// WithLinkHosts allows links to these hosts alone, each "host", at any port, or "host:port". A link
// elsewhere is [ErrMalformedResponse]. By default any https host is allowed, since an organization
// may have a domain of its own. Without hosts it means the default.
func WithLinkHosts(hosts ...string) Option {
	return func(s *settings) { s.trust.linkHosts = slices.Clone(hosts) }
}

// WithLogger logs every attempt: failures as warnings, successes at debug level, with the fields of
// an [Attempt] as attributes. No secret is logged. Nil logs nothing, which is the default.
func WithLogger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// WithObserver calls observer with every attempt as it ends, on the goroutine of the call: enough
// to make a metric or a span of. It must be safe for concurrent use, should be quick, and must not
// call Warm or EnsureFresh, whose request may be the one that it hears of. Nil is none. Package
// otelhttp's transport under [WithHTTPClient] adds what an observer cannot: the header traceparent.
func WithObserver(observer func(context.Context, Attempt)) Option {
	return func(s *settings) { s.observer = observer }
}

// newSettings applies options, refuses what cannot be meant, and fills in what was not given.
func newSettings(apiKey string, opts []Option) (s settings, err error) {
	s = settings{
		baseURL: defaultBaseURL, httpClient: new(http.Client), keyName: "API key",
		userAgent: "adminportal-go/" + version(debug.ReadBuildInfo()), margin: 30 * time.Second, // a redirect and a slow page
	}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	switch {
	case s.keySource == nil && keyRule(apiKey) != "":
		return s, invalid(s.keyName, keyRule(apiKey))
	case strings.TrimSpace(s.userAgent) == "" || strings.ContainsFunc(s.userAgent, func(r rune) bool { return r < ' ' || r > '~' }):
		return s, invalid("user agent", "must be printable ASCII, and not empty")
	case s.retry.MaxAttempts < 0:
		return s, invalid("RetryPolicy.MaxAttempts", fmt.Sprintf("must not be negative (%d): 1 turns retries off", s.retry.MaxAttempts))
	case s.pinned < DialectAuto || s.pinned > DialectGenerateLink:
		return s, invalid("dialect", "must be DialectAuto, DialectPortalLinks or DialectGenerateLink")
	case s.margin < 0:
		return s, invalid("expiry margin", fmt.Sprintf("must not be negative (%v)", s.margin))
	case slices.ContainsFunc(s.trust.linkHosts, func(host string) bool { return normalHost(host) == "" || strings.ContainsAny(host, "/@ ") }):
		return s, invalid("link hosts", "each must be a host, such as id.workos.com, without a scheme or path")
	}
	if s.baseURL, err = parseBaseURL(s.baseURL, s.trust.plainHTTP); err != nil {
		return s, invalid(s.baseURLName, err.Error())
	}
	if s.trust.cdnURL == "" && strings.EqualFold(strings.TrimSuffix(s.baseURL, ":443"), defaultBaseURL) {
		s.trust.cdnURL = defaultCDNURL
	}
	if s.trust.cdnURL, err = parseBaseURL(cmp.Or(s.trust.cdnURL, s.baseURL), s.trust.plainHTTP); err != nil {
		return s, invalid("CDN URL", err.Error())
	}
	s.retry = s.retry.withDefaults()
	s.timeout = timeout{s.retry.AttemptTimeout, "RetryPolicy.AttemptTimeout"}
	if limit := s.httpClient.Timeout; limit > 0 && limit < s.timeout.limit {
		s.timeout = timeout{limit, "http.Client.Timeout"}
	}
	return s, nil
}

const modulePath = "github.com/adminportal-go/adminportal"

// version is the module's, as the program was built with it: a release's tag or a pseudo-version;
// "devel" where the code is that of a folder; "unknown" where the program was built without
// modules.
func version(info *debug.BuildInfo, ok bool) string {
	if ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == modulePath {
				return cmp.Or(strings.Trim(m.Version, "()"), "devel")
			}
		}
	}
	return "unknown"
}
