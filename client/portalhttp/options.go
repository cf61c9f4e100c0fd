package portalhttp

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// An Option changes how [NewHandler] makes a handler. Options apply in order; a
// nil one is skipped.
type Option func(*settings) error

// settings are what options set.
type settings struct {
	origins   *http.CrossOriginProtection
	returnURL string
	timeout   time.Duration // zero or less: none but the request's own
	logger    *slog.Logger  // nil: slog.Default
	onError   func(http.ResponseWriter, *http.Request, error)
}

// defaultTimeout is as long as a person looks at a blank tab.
const defaultTimeout = 10 * time.Second

func defaults() settings {
	return settings{
		origins: http.NewCrossOriginProtection(),
		timeout: defaultTimeout,
		onError: serveFailure,
	}
}

// WithReturnURL sets where the admin goes when leaving the portal, and where a
// failure's page leads back to, if the function gives no ReturnURL of its own: the
// settings page, as an absolute https URL (or http on loopback).
//
// Without either it is the page that the button is on, as far as the browser says
// that it is of the handler's own origin (the Referer, without its query), and
// else the front page of that origin. That is a guess: set this option.
func WithReturnURL(returnURL string) Option {
	return func(s *settings) error {
		if err := checkAddress(returnURL); err != nil {
			return fmt.Errorf("return URL: %w", err)
		}
		s.returnURL = returnURL
		return nil
	}
}

// WithTimeout bounds a click from its arrival to its answer, all retries and waits
// included: 10 s unless told. A wait for the rate limit that would be longer is
// not begun; the person reads at once when to come back. Zero means the default,
// negative no bound but the request's own context.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) error {
		if timeout == 0 {
			timeout = defaultTimeout
		}
		s.timeout = timeout
		return nil
	}
}

// WithLogger sets where a line for every click goes: slog.Default unless told, nil
// nowhere. Links made are logged at info level, with organization and intent and
// without the link. Of failures, those that only the operator can mend are errors;
// those that pass by themselves and those from other sites, warnings; those that
// the person can mend, information.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return func(s *settings) error {
		s.logger = logger
		return nil
	}
}

// WithErrorHandler replaces the page, and the JSON, of every failure. err is
// always a [*Failure], which has all that a page needs and can also serve itself:
//
//	portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
//		if errors.Is(err, portalhttp.ErrUnauthenticated) {
//			http.Redirect(w, r, "/login", http.StatusSeeOther)
//			return
//		}
//		var failure *portalhttp.Failure
//		errors.As(err, &failure)
//		failure.ServeHTTP(w, r)
//	})
//
// The failure has been logged, and its headers (Allow, Retry-After, Cache-Control,
// …) are set already. It is not called where the person has left. Nil is the
// default.
func WithErrorHandler(onError func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(s *settings) error {
		if onError == nil {
			onError = serveFailure
		}
		s.onError = onError
		return nil
	}
}

// WithTrustedOrigins accepts clicks from pages of these origins too, each
// "https://app.example.com": for a settings page that is served from elsewhere
// than the handler. Unless told, only the handler's own origin is accepted. A page
// that asks for JSON needs CORS headers besides, which are the business of
// whatever adds them to the rest of your API.
func WithTrustedOrigins(origins ...string) Option {
	return func(s *settings) error {
		for _, origin := range origins {
			if err := checkAddress(origin); err != nil {
				return fmt.Errorf("trusted origin: %w", err)
			}
			if err := s.origins.AddTrustedOrigin(origin); err != nil {
				return fmt.Errorf("trusted origin: %w", err)
			}
		}
		return nil
	}
}
