package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const (
	// probeTimeout bounds one request of verify.
	probeTimeout = 10 * time.Second
	// maxReply is how much of an answer is looked at.
	maxReply = 1 << 20
)

// A prober sends single requests and looks at what the client keeps to itself: the
// bare answer, its headers, how long it took.
type prober struct{ baseURL, key string }

// A reply is the answer to a probe.
type reply struct {
	status   int
	proto    string
	header   http.Header
	body     []byte
	took     time.Duration
	received time.Time
	key      string // what must not be repeated
}

func (p prober) get(ctx context.Context, path string) (*reply, error) {
	return p.send(ctx, http.MethodGet, path, nil)
}

// post asks for a link without saying for whom.
func (p prober) post(ctx context.Context, path string) (*reply, error) {
	return p.send(ctx, http.MethodPost, path, strings.NewReader("{}"))
}

func (p prober) send(ctx context.Context, method, path string, body io.Reader) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.baseURL+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	// A redirect would carry the key to another address.
	r, err := exchange(req, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	if r != nil {
		r.key = p.key
	}
	return r, err
}

// openPage opens a link as a browser would, redirects and all.
func openPage(ctx context.Context, link string) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, errors.New("the link is not an address")
	}
	return exchange(req, nil)
}

// exchange sends a request. Its errors do not repeat the address, which may be a
// link.
func exchange(req *http.Request, onRedirect func(*http.Request, []*http.Request) error) (*reply, error) {
	ctx, cancel := context.WithTimeout(req.Context(), probeTimeout)
	defer cancel()
	req = req.WithContext(ctx)
	req.Header.Set("User-Agent", "adminportal-cli/"+buildVersion().Version)
	hc := http.Client{CheckRedirect: onRedirect}
	sent := time.Now()
	resp, err := hc.Do(req)
	received := time.Now()
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", received.Sub(sent).Round(time.Second))
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	// An answer cut short still has its status.
	content, _ := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return &reply{
		status: resp.StatusCode, proto: resp.Proto, header: resp.Header,
		body: content, took: received.Sub(sent), received: received,
	}, nil
}

// An apiError has what the two dialects' error bodies share.
type apiError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message"`
	Code        string `json:"code"`
}

func (r *reply) apiError() (e apiError) {
	_ = json.Unmarshal(r.body, &e)
	return e
}

// routeMissing reports whether nothing is there, rather than something that
// refuses: a refusal with 404 has a body of one of the dialects.
func (r *reply) routeMissing() bool {
	switch r.status {
	case http.StatusMethodNotAllowed:
		return true
	case http.StatusNotFound:
		e := r.apiError()
		return e.Code != "entity_not_found" && (e.Error == "" || e.Description == "" || e.Code == "")
	}
	return false
}

// statusText is such as "404 Not Found".
func (r *reply) statusText() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.status, http.StatusText(r.status)))
}

// reason is the status with what the body says of it.
func (r *reply) reason() string {
	e := r.apiError()
	for _, text := range []string{e.Description, e.Message, e.Error} {
		if text != "" {
			return r.statusText() + ": " + r.scrub(text)
		}
	}
	return r.statusText()
}

var anyKey = regexp.MustCompile(`(?i)sk_\w+`)

// scrub takes keys out of what the server says, and bounds it.
func (r *reply) scrub(text string) string {
	if r.key != "" {
		text = strings.ReplaceAll(text, r.key, "[redacted]")
	}
	text = anyKey.ReplaceAllString(text, "[redacted]")
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "…"
	}
	return text
}

func (r *reply) retryAfter() string {
	if after := r.header.Get("Retry-After"); after != "" && len(after) <= 4 {
		return "in " + after + " s"
	}
	return "in a minute"
}

// fix is for a status that says nothing of the key.
func (r *reply) fix() string {
	switch {
	case r.status >= http.StatusInternalServerError:
		return "try again after a brief delay; if it lasts, ask WorkOS support"
	case r.status >= 300 && r.status <= 399:
		return "set WORKOS_BASE_URL to the final address: the key is not sent along a redirect"
	}
	return fixNotTheir
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// title is the title of an HTML page.
func (r *reply) title() string {
	m := titleTag.FindSubmatch(r.body)
	if m == nil {
		return ""
	}
	return strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " ")
}
