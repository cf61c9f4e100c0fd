package client

import (
	"context"
	"log/slog"
	"time"
)

// An Attempt tells an observer how one request went, as it ends. It holds no secret.
type Attempt struct {
	Operation  string        // the operationId in openapi.yaml: "generatePortalLink", …
	Dialect    Dialect       // the dialect spoken
	Number     int           // 1 for a call's first
	Warm       bool          // sent by Client.Warm
	Start      time.Time     // when it was sent
	Duration   time.Duration // from Start to the last byte
	Wait       time.Duration // before Start: backoff, gate and limiter
	StatusCode int           // 0 if no answer came
	RequestID  string        // X-Request-Id
	RateLimit  RateLimit     // what the answer's headers said
	Err        error         // nil for a success
}

// An observation is who hears of attempts: either may be nil.
type observation struct {
	observer func(context.Context, Attempt)
	logger   *slog.Logger
}

// tell hands the last attempt of a call to observer and log.
func (o observation) tell(ctx context.Context, c *call, waited time.Duration) {
	level := slog.LevelDebug
	if c.failure != nil {
		level = slog.LevelWarn
	}
	logs := o.logger != nil && o.logger.Enabled(ctx, level)
	if o.observer == nil && !logs {
		return
	}
	a := &c.answer
	t := Attempt{
		Operation: c.operation, Dialect: c.dialect, Number: c.attempts, Warm: c.warm,
		Start: a.sent, Duration: time.Since(a.sent), Wait: waited, StatusCode: a.status, RequestID: c.requestID(),
	}
	t.RateLimit, _ = readRateLimit(a)
	if c.failure != nil {
		failure := *c.failure // the call may go on to change its own
		t.Err = &failure
	}
	if logs {
		attrs := []slog.Attr{
			slog.String("operation", t.Operation), slog.String("dialect", t.Dialect.String()), slog.Int("attempt", t.Number), slog.Bool("warm", t.Warm),
			slog.Int("status", t.StatusCode), slog.Duration("duration", t.Duration), slog.Duration("wait", t.Wait), slog.String("request_id", t.RequestID),
		}
		if t.Err != nil {
			attrs = append(attrs, slog.String("error", t.Err.Error()))
		}
		o.logger.LogAttrs(ctx, level, "adminportal: "+c.name, attrs...)
	}
	if o.observer != nil {
		o.observer(ctx, t)
	}
}
