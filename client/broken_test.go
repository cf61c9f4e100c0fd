package client_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// raw answers every connection's requests with text, as it is, and then closes
// the connection.
func raw(t testing.TB, answers ...string) (url string, requests *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int32)
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				n := int(requests.Add(1))
				w := bufio.NewWriter(conn)
				_, _ = w.WriteString(answers[min(n, len(answers))-1])
				_ = w.Flush()
			}
			_ = conn.Close()
		}
	}()
	return "http://" + l.Addr().String(), requests
}

func okAnswer() string {
	body := fmt.Sprintf(`{"object":"portal_link","link":%q,"expires_at":"2030-01-01T00:00:00Z"}`, testLink)
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// What breaks on the way is attempted again, and the next answer is a link.
func TestBrokenAnswersAreRetried(t *testing.T) {
	whole := okAnswer()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, whole[strings.Index(whole, "{"):])
	_ = w.Close()
	cutGzip := func(n int) string {
		return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + z.String()[:n]
	}
	for name, answer := range map[string]string{
		"nothing":                 "",
		"cut in the status line":  "HTTP/1.1 20",
		"cut in the headers":      "HTTP/1.1 200 OK\r\nContent-Type: appl",
		"cut before the body":     whole[:strings.Index(whole, "{")],
		"cut in the body":         whole[:len(whole)-20],
		"cut by one byte":         whole[:len(whole)-1],
		"cut chunk":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"link\":",
		"no last chunk":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
		"truncated gzip":          cutGzip(z.Len() / 2),
		"gzip without its sum":    cutGzip(z.Len() - 4),
		"gzip without its header": cutGzip(4),
		"length too large":        strings.Replace(whole, "Content-Length: ", "Content-Length: 1", 1),
		"cut 404":                 "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{\"mess",
		"not HTTP":                "SSH-2.0-OpenSSH_9.9\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			url, requests := raw(t, answer, answer, whole)
			portal := newClient(t, client.WithBaseURL(url), client.WithRetry(client.RetryPolicy{BaseDelay: -1}))
			if link := generate(t, portal); link.URL != testLink {
				t.Errorf("URL = %q, want %q", link.URL, testLink)
			}
			if got := requests.Load(); got != 3 {
				t.Errorf("%d requests, want 3", got)
			}
		})
	}
}

// What is whole and wrong is an error at once.
func TestWrongAnswersAreNotRetried(t *testing.T) {
	whole := okAnswer()
	for name, answer := range map[string]string{
		"gzip that is none": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not gzipped!",
		"length too small":  strings.Replace(whole, "Content-Length: 1", "Connection: close\r\nContent-Length: ", 1),
		"no body":           "HTTP/1.1 204 No Content\r\n\r\n",
		"empty":             "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			url, requests := raw(t, answer, whole)
			_, err := newClient(t, client.WithBaseURL(url)).GeneratePortalLink(t.Context(), sso)
			wantOnly(t, err, client.ErrMalformedResponse)
			if got := requests.Load(); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}

func TestOddHeadersDoNoHarm(t *testing.T) {
	whole := okAnswer()
	_, rest, _ := strings.Cut(whole, "\r\n")
	for name, answer := range map[string]string{
		"interim answers": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + whole,
		"many headers":    "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Pad: x\r\n", 2000) + rest,
		"doubled":         "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: x\r\nRetry-After: 9\r\nDate: x\r\n", 3) + rest,
	} {
		url, requests := raw(t, answer)
		generate(t, newClient(t, client.WithBaseURL(url)))
		if got := requests.Load(); got != 1 {
			t.Errorf("%s: %d requests, want 1", name, got)
		}
	}
}
