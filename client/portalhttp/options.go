package portalhttp

import (
	"log/slog"
	"net/http"
	"time"
)

// An Option changes how [NewHandler] makes a handler. Options apply in order; a nil one is skipped.
type Option func(*handler)

// WithReturnURL sets where the admin goes when leaving the portal, and where a failure's page leads back to, if the
// function gives no ReturnURL of its own: the settings page, as an absolute https URL (or http on loopback).
//
// Without either the handler guesses: the page with the button, if the browser says that it is of the handler's own
// origin (the Referer, without its query), else the front page of the Host with https. A guess leads nowhere on plain
// http, and behind a proxy that rewrites Host. The first one is logged as a warning.
func WithReturnURL(returnURL string) Option {
	return func(h *handler) {
		if err := checkAddress(returnURL); err != nil {
			panic("portalhttp: WithReturnURL: " + err.Error())
		}
		h.returnURL = returnURL
	}
}

// defaultTimeout is as long as a person looks at a blank tab.
const defaultTimeout = 10 * time.Second

// WithTimeout bounds a click from its arrival to its answer, with all retries and waits: 10 s by default. Zero means
// the default, negative only the request's own context. The package's documentation says what the bound means for
// waits.
func WithTimeout(timeout time.Duration) Option {
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return func(h *handler) { h.timeout = timeout }
}

// WithLogger sets where the handler logs a line for every click: slog.Default by default; nil means no log. A link is
// logged at info level, with organization and intent and without the link itself. A failure is an error if only the
// operator can fix it, a warning if it passes by itself or another site is behind it, and information or less if the
// person can fix it.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return func(h *handler) { h.logger = logger }
}

// WithErrorHandler replaces the page, and the JSON, of every failure. err is always a [*Failure], which has all that
// a page needs and can also serve itself. onError is called after the failure is logged and its headers (Allow,
// Retry-After, Cache-Control, …) are set; it is not called if the person has left. Nil means the default.
func WithErrorHandler(onError func(w http.ResponseWriter, r *http.Request, err error)) Option {
	return func(h *handler) { h.onError = onError }
}

// WithTrustedOrigins accepts clicks from pages of these origins too, for a settings page that is served from
// elsewhere than the handler. Each is an origin as browsers send it, in the form that [http.CrossOriginProtection]
// takes: "https://app.example.com", "http://intranet:8080", "capacitor://localhost". A script there needs CORS
// headers besides: add them where the rest of your API gets them.
func WithTrustedOrigins(origins ...string) Option {
	return func(h *handler) {
		for _, origin := range origins {
			if err := h.origins.AddTrustedOrigin(origin); err != nil {
				panic("portalhttp: WithTrustedOrigins: " + err.Error())
			}
		}
	}
}
