package portaltest

import (
	"cmp"
	"strings"
	"time"
)

// A Dialect is one of the two sets of routes at which the Admin Portal does the same two things;
// the module's openapi.yaml describes both.
type Dialect int

const (
	// DialectBoth serves both sets. It is the default.
	DialectBoth Dialect = iota
	// DialectPortalLinks is WorkOS's reference: POST /portal_links, GET /provider_icons.
	DialectPortalLinks
	// DialectGenerateLink is what WorkOS's SDKs call: POST /portal/generate_link, and GET
	// /provider-icons.json on the CDN.
	DialectGenerateLink
)

// An Option changes how a portal is made. The last one wins, and nil is skipped.
type Option func(*settings)

type settings struct {
	dialect                 Dialect
	limit                   int // negative: no limit
	window                  time.Duration
	referenceLife, liveLife time.Duration
	baseURL                 string
	log                     func(Request)
	examples, strict        bool
	kept                    int // how many links and how many requests are kept
}

const (
	defaultLimit         = 100 // the standard tier: https://workos.com/docs/reference/admin-portal
	defaultWindow        = time.Minute
	defaultReferenceLife = 10 * time.Minute // https://workos.com/docs/reference/admin-portal/portal-link
	defaultLiveLife      = 5 * time.Minute  // of the live service's links
)

func newSettings(opts []Option) settings {
	s := settings{limit: defaultLimit, window: defaultWindow, referenceLife: defaultReferenceLife, liveLife: defaultLiveLife, kept: 10_000}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	return s
}

// WithDialect serves one dialect alone: the other's routes answer 404.
func WithDialect(d Dialect) Option { return func(s *settings) { s.dialect = d } }

// WithRateLimit sets how many requests a key may send in a window. Zero is the default, 100. A
// negative number is no limit and no rate headers.
func WithRateLimit(requests int) Option {
	return func(s *settings) { s.limit = cmp.Or(requests, defaultLimit) }
}

// WithRateWindow sets the length of a rate window. Zero is the default, a minute.
func WithRateWindow(d time.Duration) Option {
	return func(s *settings) { s.window = cmp.Or(max(d, 0), defaultWindow) }
}

// WithLinkLife sets how long a dialect's links live; [DialectBoth] sets both. Zero is the default:
// 10 minutes for [DialectPortalLinks], 5 for [DialectGenerateLink]. Links with a negative life have
// expired when they are issued.
func WithLinkLife(d Dialect, life time.Duration) Option {
	return func(s *settings) {
		if d != DialectGenerateLink {
			s.referenceLife = cmp.Or(life, defaultReferenceLife)
		}
		if d != DialectPortalLinks {
			s.liveLife = cmp.Or(life, defaultLiveLife)
		}
	}
}

// WithBaseURL sets the address under which the portal is reached: http://sandbox:8787 between
// containers, https://portal.test/prefix behind a proxy that terminates TLS and strips the prefix.
// Links and icons are under it, and its host may use the control address. The default is a
// [Server]'s own URL, and for a [Handler] the scheme and host of each request.
func WithBaseURL(baseURL string) Option {
	return func(s *settings) { s.baseURL = strings.TrimRight(baseURL, "/") }
}

// WithRequestLog calls f with every request once it has been answered, cut or abandoned, in the
// request's goroutine. f gets what [Handler.Requests] lists.
func WithRequestLog(f func(Request)) Option { return func(s *settings) { s.log = f } }

// WithStrictFields refuses a request with a field that the contract does not know, so that a
// misspelled field fails the test. By default the portal ignores it, as WorkOS does, and names it
// in [Request.Notes].
func WithStrictFields() Option { return func(s *settings) { s.strict = true } }

const exampleKey, exampleOrganization = "sk_example_123456789", "org_01EHWNCE74X7JSDV0X3SZ3KJNY"

// WithExamples also accepts the key and the organization of the examples in WorkOS's reference, so
// that its commands work with another host. Keep it on loopback.
func WithExamples() Option { return func(s *settings) { s.examples = true } }
