package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// A click is what is known of one press of a button. Demo.mu guards it.
type click struct {
	At           time.Time
	session      *session // nil: not somebody who may press it
	Feature      *feature
	Organization Organization
	Curl         string // the last request that was sent
	Answers      []client.Attempt
	Link         *client.PortalLink // without its URL; nil: none was made
	Failure      *portalhttp.Failure
	Lines        []string // of the log
	Back         string   // how the person came back: "done", "left" or not yet
}

// maxClicks is how many clicks of a person are kept.
const maxClicks = 8

// add adds a click that has ended to its session.
func (c *click) add() {
	if s := c.session; s != nil {
		s.clicks = slices.Insert(s.clicks, 0, c)
		s.clicks = s.clicks[:min(len(s.clicks), maxClicks)]
	}
}

// cameBack records how the person came back from the last link for a feature.
func (s *session) cameBack(f *feature, how string) {
	i := slices.IndexFunc(s.clicks, func(c *click) bool {
		return c.Link != nil && c.Feature == f && c.Organization == s.organization
	})
	if i >= 0 {
		s.clicks[i].Back = how
	}
}

type clickKey struct{}

// note changes the click that ctx belongs to, if there is one.
func (d *Demo) note(ctx context.Context, change func(*click)) {
	if c, ok := ctx.Value(clickKey{}).(*click); ok {
		d.mu.Lock()
		defer d.mu.Unlock()
		change(c)
	}
}

// A recorder records what a click sends.
type recorder struct{ *Demo }

func (d recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			text, _ := io.ReadAll(body) // from memory
			d.note(r.Context(), func(c *click) { c.Curl = curl(r.URL.String(), text) })
		}
	}
	return d.transport.RoundTrip(r)
}

// curl is a request as a command for a shell that has the key in WORKOS_API_KEY.
func curl(url string, body []byte) string {
	var indented bytes.Buffer
	if json.Indent(&indented, body, "  ", "  ") == nil {
		body = indented.Bytes()
	}
	return "curl " + url + " \\\n" +
		`  -H "Authorization: Bearer $WORKOS_API_KEY" \` + "\n" +
		"  -H 'Content-Type: application/json' \\\n" +
		"  -d '" + strings.ReplaceAll(string(body), "'", `'\''`) + "'"
}

// clickLog is a log handler that also gives each click the lines about it. The handler that it is
// made of writes to Demo.line.
type clickLog struct {
	slog.Handler
	demo *Demo
}

func (l clickLog) Handle(ctx context.Context, record slog.Record) error {
	l.demo.mu.Lock()
	defer l.demo.mu.Unlock()
	l.demo.line.Reset()
	if err := l.Handler.Handle(ctx, record); err != nil {
		return err
	}
	if c, ok := ctx.Value(clickKey{}).(*click); ok {
		c.Lines = append(c.Lines, l.demo.line.String())
	}
	_, err := l.demo.Log.Write(l.demo.line.Bytes())
	return err
}

func (l clickLog) WithAttrs(a []slog.Attr) slog.Handler {
	return clickLog{l.Handler.WithAttrs(a), l.demo}
}
func (l clickLog) WithGroup(g string) slog.Handler { return clickLog{l.Handler.WithGroup(g), l.demo} }
