package client

import (
	"context"
	"log/slog"
	"time"
)

// An Attempt tells an observer how one request went, as it ends. It holds no
// secret.
type Attempt struct {
	Operation  string        // the operationId in openapi.yaml: "generatePortalLink", …
	Dialect    Dialect       // the dialect spoken
	Number     int           // 1 for a call's first
	StatusCode int           // 0 if no answer came
	Duration   time.Duration // from sending to the last byte
	Wait       time.Duration // before sending: backoff, gate and limiter
	RequestID  string        // X-Request-Id
	RateLimit  RateLimit     // what the answer's headers said
	Err        error         // nil for a success
}

// observe hands the record of an attempt to whoever listens.
func (c *core) observe(ctx context.Context, call string, r *route, number int, waited time.Duration, a *answer, e *Error) {
	logs := c.logger != nil && c.logger.Enabled(ctx, level(e))
	if c.observer == nil && !logs {
		return
	}
	t := Attempt{
		Operation:  r.operation,
		Dialect:    r.dialect,
		Number:     number,
		StatusCode: a.status,
		Duration:   time.Since(a.sent),
		Wait:       waited,
	}
	if a.header != nil {
		t.RequestID = snippet(scrub(first(a.header, headerRequestID), ""), 128)
		t.RateLimit, _ = readRateLimit(a.header, a.received)
	}
	if e != nil {
		frozen := *e // the call may go on to change its own
		t.Err = &frozen
	}
	if logs {
		c.log(ctx, call, t, level(e))
	}
	if c.observer != nil {
		c.observer(ctx, t)
	}
}

func level(e *Error) slog.Level {
	if e != nil {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func (c *core) log(ctx context.Context, call string, t Attempt, level slog.Level) {
	attrs := []slog.Attr{
		slog.String("operation", t.Operation),
		slog.String("dialect", t.Dialect.String()),
		slog.Int("attempt", t.Number),
		slog.Int("status", t.StatusCode),
		slog.Duration("duration", t.Duration),
		slog.Duration("wait", t.Wait),
	}
	if t.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", t.RequestID))
	}
	if t.Err != nil {
		attrs = append(attrs, slog.String("error", t.Err.Error()))
	}
	c.logger.LogAttrs(ctx, level, "adminportal: "+call, attrs...)
}
