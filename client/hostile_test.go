package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const mebibyte = 1 << 20

// flood sends 512 MiB of body, or as much as the client takes, and tells on the
// channel how much that was and whether the connection was dropped under it.
type flood struct {
	header http.Header
	status int
	chunk  []byte // sent over and over
	chunks int
	sent   chan int64
	broke  chan bool
}

func (f *flood) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	maps.Copy(w.Header(), f.header)
	w.WriteHeader(f.status)
	var sent int64
	broke := false
	for range f.chunks {
		n, err := w.Write(f.chunk)
		sent += int64(n)
		if broke = err != nil; broke {
			break
		}
	}
	f.sent <- sent
	f.broke <- broke
}

// bomb is 8 MiB of blanks as one gzip member; members may follow each other.
func bomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	blank := bytes.Repeat([]byte(" "), mebibyte)
	for range 8 {
		if _, err := w.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFloodsAreCutOff(t *testing.T) {
	packed := bomb(t)
	for name, f := range map[string]*flood{
		"512 MiB":         {chunk: bytes.Repeat([]byte("x"), mebibyte), chunks: 512},
		"512 MiB of JSON": {chunk: bytes.Repeat([]byte(`[`), mebibyte), chunks: 512},
		"gzip bomb":       {header: http.Header{"Content-Encoding": {"gzip"}}, chunk: packed, chunks: 64},
	} {
		for _, code := range []int{200, 400, 500} {
			t.Run(fmt.Sprintf("%s/%d", name, code), func(t *testing.T) {
				f.status, f.sent, f.broke = code, make(chan int64, 1), make(chan bool, 1)
				srv := httptest.NewUnstartedServer(f)
				closed := make(chan struct{}, 1)
				srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
					if s == http.StateClosed {
						closed <- struct{}{}
					}
				}
				srv.Start()
				defer srv.Close()
				portal := newClient(t, client.WithBaseURL(srv.URL), client.WithDialect(dialects[code/100%2]), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))

				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := portal.GeneratePortalLink(t.Context(), sso)
				runtime.ReadMemStats(&after)

				e := asError(t, err)
				want := map[int]error{200: client.ErrMalformedResponse, 400: client.ErrInvalidRequest, 500: client.ErrServer}[code]
				if name == "512 MiB" && code == 400 {
					want = nil // plain text is no answer of the service's
				}
				wantOnly(t, err, want)
				if e.StatusCode != code || !strings.Contains(err.Error(), "too large") {
					t.Errorf("got %v, want %d and that the body is too large", err, code)
				}
				// All that was ever allocated meanwhile, the server's part included.
				if got := after.TotalAlloc - before.TotalAlloc; got > 16*mebibyte {
					t.Errorf("allocated %d MiB, want at most 16", got/mebibyte)
				}
				if sent := <-f.sent; sent > 64*mebibyte {
					t.Errorf("the server got rid of %d MiB before it was stopped", sent/mebibyte)
				}
				if broke := <-f.broke; !broke && len(f.chunk) >= mebibyte { // sockets hold the whole bomb
					t.Error("the server could send all, want its connection dropped")
				}
				within(t, closed, "the connection is closed")
			})
		}
	}
}

// within waits for what must happen soon.
func within(t testing.TB, happened <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(10 * time.Second):
		t.Fatalf("waited 10s in vain until %s", what)
	}
}

func TestMaxBodyIsCountedAfterDecompression(t *testing.T) {
	body := `{"link":"` + testLink + `","expires_at":"2030-01-01T00:00:00Z","pad":"`
	const most = 1 << 20
	send := func(size int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, body+strings.Repeat(" ", size-len(body)-len(`"}`))+`"}`)
			_ = z.Close()
		}
	}
	generate(t, serve(t, send(most)))
	_, err := serve(t, send(most+1)).GeneratePortalLink(t.Context(), sso)
	wantOnly(t, err, client.ErrMalformedResponse)
}

// A body that comes a byte at a time, each in good time, has no more time than
// the attempt has.
func TestDribblingBodyEndsAtTheAttemptTimeout(t *testing.T) {
	for _, code := range []int{200, 500} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			dropped := make(chan struct{})
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(dropped)
				w.WriteHeader(code)
				for r.Context().Err() == nil {
					time.Sleep(10 * time.Millisecond)
					_, _ = w.Write([]byte(" "))
					_ = http.NewResponseController(w).Flush()
				}
			}, client.WithRetry(client.RetryPolicy{
				MaxAttempts:    1,
				AttemptTimeout: 2 * time.Second, // the headers come within it on any machine
			}))
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
			if e := asError(t, err); e.StatusCode != code {
				t.Errorf("StatusCode = %d, want what had come", e.StatusCode)
			}
			within(t, dropped, "the server sees the connection dropped")
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached tally
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached.note(r); sheetLink(w) }))
	defer target.Close()
	for _, code := range []int{300, 301, 302, 303, 305, 307, 308, 399} {
		for _, d := range append(dialects, client.DialectAuto) {
			for _, location := range []string{target.URL + sheetPath, "/elsewhere", "//evil.example", "", "javascript:x"} {
				var seen tally
				portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
					seen.note(r)
					w.Header().Set("Location", location)
					w.WriteHeader(code)
				}, client.WithDialect(d))
				link, err := portal.GeneratePortalLink(t.Context(), sso)
				wantOnly(t, err, nil)
				if e := asError(t, err); link != nil || e.StatusCode != code || !strings.Contains(e.Hint(), "redirect") || seen.total() != 1 {
					t.Errorf("%d to %q, %v: got %v, %v (hint %q) after %d requests, want an error that speaks of the redirect after one", code, location, d, link, err, e.Hint(), seen.total())
				}
				if _, err := portal.ListProviderIcons(t.Context()); err == nil || seen.total() != 2 {
					t.Errorf("%d to %q, %v: icons: got %v after %d requests, want an error after one more", code, location, d, err, seen.total())
				}
			}
		}
	}
	if n := reached.total(); n != 0 {
		t.Errorf("%d requests reached the target, the first with %q", n, reached.requests()[0].header.Get("Authorization"))
	}
}

// Headers without end are no way to fill the memory either.
func TestHeaderFloodIsCutOff(t *testing.T) {
	for name, flood := range map[string]string{
		"one header":      "HTTP/1.1 200 OK\r\nX-Pad: " + strings.Repeat("x", 32*mebibyte),
		"interim answers": strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-Pad: "+strings.Repeat("x", 4000)+"\r\n\r\n", 8000),
	} {
		url, _ := raw(t, flood)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := newClient(t, client.WithBaseURL(url), client.WithRetry(client.RetryPolicy{MaxAttempts: 1})).GeneratePortalLink(t.Context(), sso)
		runtime.ReadMemStats(&after)
		if e := asError(t, err); e.StatusCode != 0 {
			t.Errorf("%s: got %v, want no answer", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 16*mebibyte {
			t.Errorf("%s: allocated %d MiB, want at most 16", name, got/mebibyte)
		}
	}
}

// Looking for secrets in a body that is full of what may be one takes no longer
// than reading it.
func TestErrorBodiesAreReadInGoodTime(t *testing.T) {
	for _, unit := range []string{"token ", "secret ", "token=", "sk_ ", "sk_x", "https://h ", "https://h/?x ", "%3a%2f%2f ", `:\/\/ `, "&#61;", "a", `{"a":`, `"x",`} {
		body := `{"message":"` + strings.Repeat(unit, 128<<10/len(unit))
		portal := inMemory(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 400, body) })
		start := time.Now()
		_, err := portal.GeneratePortalLink(t.Context(), sso)
		if took := time.Since(start); took > 2*time.Second {
			t.Fatalf("128 KiB of %q: took %v, want well below 2s", unit, took)
		}
		wantOnly(t, err, client.ErrInvalidRequest)
	}
}
