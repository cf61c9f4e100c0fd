package client_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const mebibyte = 1 << 20

// allocated is how many bytes f allocates in all, with what goes on meanwhile.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// packed is text as one gzip member; members may follow each other.
func packed(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// A server that would send 512 MiB is stopped, and its connection closed.
func TestFloodsAreCutOff(t *testing.T) {
	for name, tt := range map[string]struct {
		code     int
		encoding string
		chunk    []byte // sent over and over
		chunks   int
		want     error
	}{
		"a success":     {200, "", bytes.Repeat([]byte("["), mebibyte), 512, client.ErrMalformedResponse},
		"plain text":    {400, "", bytes.Repeat([]byte("x"), mebibyte), 512, nil}, // not the service's own
		"JSON":          {400, "", bytes.Repeat([]byte("["), mebibyte), 512, client.ErrInvalidRequest},
		"a failure":     {500, "", bytes.Repeat([]byte("x"), mebibyte), 512, client.ErrServer},
		"a packed bomb": {200, "gzip", packed(bytes.Repeat([]byte(" "), 8*mebibyte)), 64, client.ErrMalformedResponse},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan int, 1)
			portal := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", tt.encoding)
				w.WriteHeader(tt.code)
				n, err := 0, error(nil)
				for ; n < tt.chunks && err == nil; n++ {
					_, err = w.Write(tt.chunk)
				}
				sent <- n
			}, client.WithDialect(dialects[tt.code/100%2]), oneTry)
			got := allocated(func() {
				e := fails(t, portal, 0, tt.want)
				errorIf(t, e.StatusCode != tt.code || !strings.Contains(e.Error(), "too large"), "got %v, want %d and that the body is too large", e, tt.code)
			})
			errorIf(t, got > 16*mebibyte, "allocated %d bytes with the server's part, want at most 16 MiB", got)
			select {
			case n := <-sent:
				errorIf(t, n > 64, "the server sent %d chunks before the connection was closed, want at most 64", n)
			case <-time.After(10 * time.Second):
				t.Error("10s passed before the connection was closed")
			}
		})
	}
}

func TestBodyIsCappedAfterDecompression(t *testing.T) {
	const body, end = `{"link":"` + testLink + `","expires_at":"2030-01-01T00:00:00Z","pad":"`, `"}`
	for more, want := range map[int]error{0: nil, 1: client.ErrMalformedResponse} {
		text := packed([]byte(body + strings.Repeat(" ", mebibyte+more-len(body)-len(end)) + end))
		err := ask(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(text)
		}), 0)
		errorIf(t, !errors.Is(err, want), "1 MiB and %d bytes: got %v, want %v", more, err, want)
	}
}

// A slowBody reads through a function and tells whether it was closed.
type slowBody struct {
	read   func([]byte) (int, error)
	closed *bool
}

func (b slowBody) Read(p []byte) (int, error) { return b.read(p) }
func (b slowBody) Close() error               { *b.closed = true; return nil }

func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached tally
	target := httptest.NewServer(script(&reached, succeed))
	defer target.Close()
	for _, code := range []int{300, 301, 302, 303, 305, 307, 308, 399} {
		for _, location := range []string{target.URL + referencePath, "/elsewhere", "//evil.example", "", "javascript:x"} {
			for _, d := range append(dialects, client.DialectAuto) {
				var seen tally
				portal := serve(t, script(&seen, with(answer(code, "<html>"), "Location", location)), client.WithDialect(d), client.WithRetry(client.RetryPolicy{BaseDelay: -1}))
				e := fails(t, portal, 0, nil)
				errorIf(t, e.StatusCode != code || !strings.Contains(e.Hint(), "redirect") || seen.total() != 1, "%d to %q, %v: got %v (hint %q) after %d requests, want an error about the redirect after one", code, location, d, e, e.Hint(), seen.total())
				_, err := portal.ListProviderIcons(t.Context())
				e = asError(t, err)
				errorIf(t, seen.total() != 2 || (d == client.DialectGenerateLink) != strings.Contains(e.Hint(), "WithCDNURL"), "%d to %q, %v: icons: got %v (hint %q) after %d requests, want an error after one more", code, location, d, e, e.Hint(), seen.total())
			}
		}
	}
	same(t, "requests that reached the target", reached.total(), 0)
}

func TestHeaderFloodIsCutOff(t *testing.T) {
	for name, flood := range map[string]string{
		"one header":      "HTTP/1.1 200 OK\r\nX-Pad: " + strings.Repeat("x", 32*mebibyte),
		"interim answers": strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-Pad: "+strings.Repeat("x", 4000)+"\r\n\r\n", 8000),
	} {
		text := []byte(flood)
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = conn.Write(text)
			_ = conn.Close()
		}, oneTry)
		got := allocated(func() { errorIf(t, fails(t, portal, 0, nil).StatusCode != 0, "%s: got an answer", name) })
		errorIf(t, got > 16*mebibyte, "%s: allocated %d bytes, want at most 16 MiB", name, got)
	}
}

// A transport that breaks the rules of http.RoundTripper causes an error, and no panic. One that
// follows redirects, as fetch does in a browser, makes no link of what it finds.
func TestTransportsThatBreakTheRules(t *testing.T) {
	follow := func(change func(*http.Request)) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			resp, err := memory(succeed)(r)
			resp.Request = r.Clone(r.Context())
			change(resp.Request)
			return resp, err
		}
	}
	for name, tt := range map[string]struct {
		transport roundTripper
		attempts  int
	}{
		"neither answer nor error": {func(*http.Request) (*http.Response, error) { return nil, nil }, 4},
		"no body":                  {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, 1},
		"101 with a body": {func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 101, Body: slowBody{read: func([]byte) (int, error) { return 0, http.ErrAbortHandler }, closed: new(bool)}}, nil
		}, 1},
		"redirected to another path": {follow(func(r *http.Request) { r.URL.Path = "/login" }), 1},
		"redirected by net/http":     {follow(func(r *http.Request) { r.Response = new(http.Response) }), 1},
	} {
		err := ask(t, newClient(t, over(tt.transport), client.WithRetry(client.RetryPolicy{BaseDelay: -1})), 0)
		same(t, name+": Attempts", asError(t, err).Attempts, tt.attempts)
	}
	generate(t, newClient(t, over(follow(func(r *http.Request) { r.URL.Host, r.URL.Path = "gateway.example", "/x"+r.URL.Path })))) // through a gateway
	fetch := new(http.Transport)                                                                                                   // in a browser; where it has followed no redirect, the address is the one that was asked
	fetch.RegisterProtocol("http", follow(func(r *http.Request) { r.URL.Host = "elsewhere.example" }))
	fails(t, newClient(t, over(fetch), client.WithBaseURL("http://localhost"), oneTry), 0, nil)
}

// The search for secrets in a body takes about as long as to read it. A body that repeats the names
// of error bodies within each other, or a long name for many entries, costs little: a few values of
// it are read.
func TestErrorBodiesCostLittle(t *testing.T) {
	bodies := map[string]string{
		"nested":    strings.Repeat(`{"message":`, 40) + "{}" + strings.Repeat("}", 40),
		"by field":  strings.Repeat(`{"errors":{"a":`, 40) + "[]" + strings.Repeat("}}", 40),
		"long name": `{"errors":{"` + strings.Repeat("f", 20_000) + `":["a"` + strings.Repeat(`,"a"`, 4000) + `]}}`,
	}
	for _, unit := range []string{"token ", "token=", "sk_ ", "sk_x", "https://h ", "https://h/?x ", "%3a%2f%2f ", `:\/\/ `, "&#61;", `{\"a\":`} {
		bodies["64 KiB of "+unit] = `{"message":"` + strings.Repeat(unit, 64<<10/len(unit))
	}
	for name, body := range bodies {
		got := allocated(func() {
			took := timed(func() { wantOnly(t, once(t, client.DialectPortalLinks, answer(400, body)), client.ErrInvalidRequest) })
			errorIf(t, took > 2*time.Second, "%s: took %v, want well below 2s", name, took)
		})
		errorIf(t, got > 16*mebibyte, "%s: allocated %d bytes, want at most 16 MiB", name, got)
	}
}
