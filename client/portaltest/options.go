package portaltest

import (
	"strings"
	"time"
)

// A Dialect is a set of addresses at which the Admin Portal is asked for the same
// two things; see package adminportal's document.
type Dialect int

const (
	// DialectBoth is both at once. It is the default.
	DialectBoth Dialect = iota
	// DialectPortalLinks is WorkOS's reference: POST /portal_links and
	// GET /provider_icons.
	DialectPortalLinks
	// DialectGenerateLink is what WorkOS's SDKs call: POST /portal/generate_link,
	// and GET /provider-icons.json on the CDN.
	DialectGenerateLink
)

// An Option changes how [NewServer] and [NewHandler] make a portal. Later ones win;
// nil is skipped.
type Option func(*settings)

type settings struct {
	dialect    Dialect
	limit      int
	window     time.Duration
	resetStyle ResetStyle
	life       map[Dialect]time.Duration
	seed       *uint64
	baseURL    string
	logger     func(Request)
	examples   bool

	// Bounds on what is kept; tests make them small.
	maxLinks, maxRequests, maxBytes int
}

// Lives of links: https://workos.com/docs/reference/admin-portal/portal-link says
// 10 minutes; the live service's are good for 5.
const (
	defaultPortalLinkLife   = 10 * time.Minute
	defaultGenerateLinkLife = 5 * time.Minute
)

func newSettings(opts []Option) settings {
	s := settings{
		limit:  defaultLimit,
		window: defaultWindow,
		life: map[Dialect]time.Duration{
			DialectPortalLinks:  defaultPortalLinkLife,
			DialectGenerateLink: defaultGenerateLinkLife,
		},
		maxLinks:    10_000,
		maxRequests: 10_000,
		maxBytes:    16 << 20,
	}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	return s
}

// WithDialect serves one dialect alone: the other's routes are 404, as the routes
// that a service does not have are. The default is [DialectBoth].
func WithDialect(d Dialect) Option { return func(s *settings) { s.dialect = d } }

// WithRateLimit sets how many requests a key may send in a window. Zero is the
// default, 100; negative is no limit and no rate headers.
func WithRateLimit(requests int) Option {
	return func(s *settings) {
		if s.limit = requests; requests == 0 {
			s.limit = defaultLimit
		}
	}
}

// WithRateWindow sets the length of a rate window. Zero and less is the default, a
// minute.
func WithRateWindow(d time.Duration) Option {
	return func(s *settings) {
		if s.window = d; d <= 0 {
			s.window = defaultWindow
		}
	}
}

// WithResetStyle sets how X-RateLimit-Reset is spelled: [ResetDelta] by default.
func WithResetStyle(style ResetStyle) Option { return func(s *settings) { s.resetStyle = style } }

// WithLinkLife sets how long a dialect's links live; [DialectBoth] sets both. Zero
// is the default: 10 minutes for [DialectPortalLinks], 5 for [DialectGenerateLink].
// Links with a negative life are dead when they are issued.
func WithLinkLife(d Dialect, life time.Duration) Option {
	return func(s *settings) {
		for dialect, standard := range map[Dialect]time.Duration{
			DialectPortalLinks:  defaultPortalLinkLife,
			DialectGenerateLink: defaultGenerateLinkLife,
		} {
			if d != DialectBoth && d != dialect {
				continue
			}
			if s.life[dialect] = life; life == 0 {
				s.life[dialect] = standard
			}
		}
	}
}

// WithSeed makes secrets, identifiers and chances repeatable: every portal of one
// seed, zero included, makes the same ones in the same order. Without it they come
// from the system's random source.
//
// A seeded portal's secrets are no secrets. Keep it on loopback.
func WithSeed(seed uint64) Option { return func(s *settings) { s.seed = &seed } }

// WithBaseURL sets the address under which the portal is reached, for links and
// icons, such as https://portal.test/prefix behind a proxy that strips the prefix.
// Empty is the default: a [Server]'s own URL, and for a [Handler] the scheme and
// host of each request.
func WithBaseURL(baseURL string) Option {
	return func(s *settings) { s.baseURL = strings.TrimRight(baseURL, "/") }
}

// WithRequestLog calls f with every request once it has been answered, cut or
// abandoned, in the request's own goroutine. What f gets is what [Handler.Requests]
// tells: no secrets. Nil is no log.
func WithRequestLog(f func(Request)) Option { return func(s *settings) { s.logger = f } }

// The key and the organization of the examples in WorkOS's Admin Portal reference.
const (
	exampleKey          = "sk_example_123456789"
	exampleOrganization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
)

// WithExamples makes the key and the organization of the reference's own examples
// good as well, so that its commands work with nothing but the host changed. That key
// is no secret: keep such a portal on loopback.
func WithExamples() Option { return func(s *settings) { s.examples = true } }
