package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/adminportal-go/adminportal/client"
)

// sent is a request as it left, without the key.
type sent struct{ url, body string }

// A recorder writes down, for a click, what the client sends.
type recorder struct{ next http.RoundTripper }

func (t recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	c := clickOf(r.Context())
	if c == nil || r.Body == nil {
		return t.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // it is read
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.request = sent{r.URL.String(), string(body)}
	c.mu.Unlock()
	out := r.Clone(r.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	return t.next.RoundTrip(out)
}

// observe writes down how each of a click's attempts ended.
func observe(ctx context.Context, a client.Attempt) {
	if c := clickOf(ctx); c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.attempts = append(c.attempts, a)
	}
}

// curl is the request for a shell that has the key in WORKOS_API_KEY. The body is
// laid out for reading, which is nothing to JSON.
func (s sent) curl() string {
	body := s.body
	var laidOut bytes.Buffer
	if json.Indent(&laidOut, []byte(body), "  ", "  ") == nil {
		body = laidOut.String()
	}
	return "curl " + s.url + " \\\n" +
		`  -H "Authorization: Bearer $WORKOS_API_KEY" \` + "\n" +
		"  -H 'Content-Type: application/json' \\\n" +
		"  -d " + quoted(body)
}

// quoted is text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
