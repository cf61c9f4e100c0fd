package demo

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A journal is what one person's clicks led to, the latest first.
type journal struct {
	mu     sync.Mutex
	number int
	clicks []*click
}

// maxClicks is what the page shows.
const maxClicks = 8

// A click is what happened at one press of a button. It never has the link: what
// is kept of that is its life. A nil click is one that nobody writes down.
type click struct {
	Number       int
	Feature      *feature
	Organization Organization
	At           time.Time

	mu       sync.Mutex
	request  sent             // the last that left
	attempts []client.Attempt // as they ended
	link     bool             // was made
	deadline time.Time        // of the link, on the monotonic clock
	expires  time.Time        // of the link, by the service's clock
	failure  *portalhttp.Failure
	lines    []string // of the log
	back     string   // how the person came back: "done", "left", or not yet
	ended    bool
}

func (j *journal) begin(f *feature, o Organization) *click {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number++
	c := &click{Number: j.number, Feature: f, Organization: o, At: time.Now()}
	j.clicks = slices.Insert(j.clicks, 0, c)
	if len(j.clicks) > maxClicks {
		j.clicks = j.clicks[:maxClicks:maxClicks]
	}
	return c
}

func (j *journal) latest() []*click {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.clicks)
}

// cameBack notes how the person returned from the last link for a feature.
func (j *journal) cameBack(f *feature, o Organization, how string) {
	for _, c := range j.latest() {
		if c.Feature == f && c.Organization == o && c.cameBack(how) {
			return
		}
	}
}

func (c *click) cameBack(how string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link {
		c.back = how
	}
	return c.link
}

func (c *click) made(link *client.PortalLink) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link, c.deadline, c.expires = true, time.Now().Add(link.TTL()), link.ExpiresAt
}

func (c *click) failed(f *portalhttp.Failure) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = f
}

func (c *click) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

type clickKey struct{}

func withClick(ctx context.Context, c *click) context.Context {
	return context.WithValue(ctx, clickKey{}, c)
}

// clickOf is nil where there is none.
func clickOf(ctx context.Context) *click {
	c, _ := ctx.Value(clickKey{}).(*click)
	return c
}

// lines is the log: text, a record a line, to the operator and to the click that it
// is about.
type lines struct {
	out  *lockedWriter
	text func(io.Writer) slog.Handler
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func newLines(w io.Writer) lines {
	return lines{&lockedWriter{w: w}, func(w io.Writer) slog.Handler {
		return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				a.Value = slog.StringValue(a.Value.Time().Format(time.TimeOnly))
			}
			return a
		}})
	}}
}

func (l lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l lines) Handle(ctx context.Context, record slog.Record) error {
	var line strings.Builder
	if err := l.text(&line).Handle(ctx, record); err != nil {
		return err
	}
	if c := clickOf(ctx); c != nil {
		c.mu.Lock()
		c.lines = append(c.lines, strings.TrimSuffix(line.String(), "\n"))
		c.mu.Unlock()
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	_, err := io.WriteString(l.out.w, line.String())
	return err
}

func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.out, func(w io.Writer) slog.Handler { return l.text(w).WithAttrs(attrs) }}
}

func (l lines) WithGroup(name string) slog.Handler {
	return lines{l.out, func(w io.Writer) slog.Handler { return l.text(w).WithGroup(name) }}
}
