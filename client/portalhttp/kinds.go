package portalhttp

import (
	"log/slog"
	"net/http"
)

// A kind is a sort of failure and what people are told of it: the person in title
// and message, which have no internals, the operator by the level of the log line.
type kind struct {
	status  int
	code    string
	level   slog.Level
	title   string
	message string
	passes  bool // by itself: the message ends with when to come back
}

// What the person can mend.
var (
	notPost = kind{
		status: http.StatusMethodNotAllowed, code: "method_not_allowed", level: slog.LevelDebug,
		title:   "The portal opens with its button",
		message: "This address opens nothing by itself. Go back and press the button there.",
	}
	prefetch = kind{
		status: http.StatusForbidden, code: "prefetch", level: slog.LevelDebug,
		title:   notPost.title,
		message: notPost.message,
	}
	crossOrigin = kind{
		status: http.StatusForbidden, code: "cross_origin", level: slog.LevelWarn,
		title:   "Start from the settings page",
		message: "Another site tried to open the admin portal for you, so it was not opened. Go back and press the button there. If that is what you did, your browser may be too old: update it and try again.",
	}
	unauthenticated = kind{
		status: http.StatusUnauthorized, code: "unauthenticated", level: slog.LevelInfo,
		title:   "You are signed out",
		message: "Go back, sign in, and press the button again.",
	}
	forbidden = kind{
		status: http.StatusForbidden, code: "forbidden", level: slog.LevelInfo,
		title:   "Your account may not open this",
		message: "Only some people of your organization may set this up. Ask one of its administrators to do it, or to let you.",
	}
	tooLarge = kind{
		status: http.StatusRequestEntityTooLarge, code: "too_large", level: slog.LevelWarn,
		title:   "Too much was sent",
		message: "The page sent more than its button should. Go back, reload the page, and press the button again.",
	}
)

// What the operator can mend.
var (
	internal = kind{
		status: http.StatusInternalServerError, code: "internal", level: slog.LevelError,
		title:   "The portal cannot be opened",
		message: "Something is wrong on our side. Trying again will not help until it is mended. Please tell our support, with the reference below.",
	}
	unknownOrganization = kind{
		status: http.StatusInternalServerError, code: "organization_not_found", level: slog.LevelError,
		title:   "Your organization is not connected yet",
		message: "The admin portal does not know your organization. Please tell our support, with the reference below: they can connect it.",
	}
)

// What time mends.
var (
	rateLimited = kind{
		status: http.StatusServiceUnavailable, code: "rate_limited", level: slog.LevelWarn, passes: true,
		title:   "Many people are here right now",
		message: "The admin portal lets in only so many at a time.",
	}
	unavailable = kind{
		status: http.StatusBadGateway, code: "unavailable", level: slog.LevelWarn, passes: true,
		title:   "The admin portal does not answer",
		message: "You did nothing wrong, and nothing was changed.",
	}
	malformed = kind{
		status: http.StatusBadGateway, code: "unavailable", level: slog.LevelError, passes: true,
		title:   unavailable.title,
		message: unavailable.message,
	}
	tooSlow = kind{
		status: http.StatusGatewayTimeout, code: "timeout", level: slog.LevelWarn, passes: true,
		title:   "The admin portal takes too long",
		message: "You did nothing wrong, and nothing was changed.",
	}
)
