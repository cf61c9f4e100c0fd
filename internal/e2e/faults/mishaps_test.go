package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
	"time"
)

// A mishap is how a fault is made, in memory. One of its functions is set, and says
// what happens instead of what ought to.
type mishap struct {
	dial    func(context.Context) (net.Conn, error) // to open a connection
	accept  func(*serverEnd)                        // to a connection that has come
	tls     *tls.Config                             // by which the server shakes hands
	answer  func(http.ResponseWriter, *http.Request, http.Handler)
	frames  func(*stream)
	connect http.HandlerFunc // what the proxy says to CONNECT

	secure bool // over TLS
	warm   bool // with a connection kept from a call before
}

// Opening a connection.

func dialing(err error) mishap {
	return mishap{dial: func(context.Context) (net.Conn, error) { return nil, err }}
}

func dialError(errno syscall.Errno) mishap {
	return dialing(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)})
}

func lookupError(e net.DNSError) mishap {
	e.Name = "api.workos.com"
	return dialing(&net.OpError{Op: "dial", Net: "tcp", Err: &e})
}

// unanswered is a connection that never comes about: a firewall that drops packets.
func unanswered() mishap {
	return mishap{dial: func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

// Shaking hands.

func handshake(config *tls.Config) mishap { return mishap{tls: config} }

// broken is a server that cannot say which certificate is its own.
func broken() mishap {
	return handshake(with(func(c *tls.Config) {
		c.Certificates = nil
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("no certificate") }
	}))
}

// hangingUp closes the connection as soon as it is open.
func hangingUp() mishap {
	return mishap{secure: true, accept: func(e *serverEnd) { _ = e.Close() }}
}

// plain speaks HTTP where TLS is expected.
func plain() mishap {
	return mishap{secure: true, accept: func(e *serverEnd) {
		defer func() { _ = e.Close() }()
		if _, err := e.Read(make([]byte, 1)); err == nil {
			_, _ = io.WriteString(e, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
		_, _ = io.Copy(io.Discard, e)
	}}
}

// Answering.

// secret stands in every answer that is made up here, beside the key that the request
// came with.
const secret = "s3cr3t0fTheLink"

func answering(answer func(http.ResponseWriter, *http.Request, http.Handler)) mishap {
	return mishap{answer: answer}
}

// says answers with a status, headers, and a body that echoes what it should not.
func says(status int, header ...string) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"message":"%s","link":"https://id.workos.com/portal/launch?secret=%s"}`, r.Header.Get("Authorization"), secret)
	})
}

// page answers as proxies do, with a page for people.
func page(status int) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><h1>%d</h1><pre>%s %s\nAuthorization: %s</pre><a href='https://id.workos.com/%s'>", status, r.Method, r.URL, r.Header.Get("Authorization"), secret)
	})
}

func nothing() mishap {
	return answering(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusOK) })
}

// flooding answers with more than anyone wants to read.
func flooding() mishap {
	return answering(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		piece := bytes.Repeat([]byte(" "), 64<<10)
		for range 64 {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
}

func closing() mishap {
	return answering(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
}

func resetting() mishap {
	return answering(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { reset(r) })
}

func stalling() mishap {
	return answering(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
}

// late answers as it ought to, after a while.
func late(d time.Duration) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, portal http.Handler) {
		if pause(r.Context(), d) {
			portal.ServeHTTP(w, r)
		}
	})
}

// spoiling does with the portal's true answer what it likes. The true length is
// announced unless it says otherwise.
func spoiling(spoil func(w http.ResponseWriter, r *http.Request, body []byte)) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, portal http.Handler) {
		whole := httptest.NewRecorder()
		portal.ServeHTTP(whole, r)
		maps.Copy(w.Header(), whole.Header())
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		spoil(w, r, whole.Body.Bytes())
	})
}

// within sends half of the body and then does the rest.
func within(rest func(*http.Request)) mishap {
	return spoiling(func(w http.ResponseWriter, r *http.Request, body []byte) {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		rest(r)
	})
}

func reset(r *http.Request) {
	if e, ok := r.Context().Value(serverEndKey{}).(*serverEnd); ok {
		e.reset()
	}
	panic(http.ErrAbortHandler)
}

func cut(*http.Request)     { panic(http.ErrAbortHandler) }
func stall(r *http.Request) { <-r.Context().Done() }

// dripping sends so many bytes of the body at a time.
func dripping(bytes int, every time.Duration) mishap {
	return spoiling(func(w http.ResponseWriter, r *http.Request, body []byte) {
		for len(body) > 0 && pause(r.Context(), every) {
			n := min(bytes, len(body))
			_, _ = w.Write(body[:n])
			_ = http.NewResponseController(w).Flush()
			body = body[n:]
		}
	})
}

// drippingAll does so from the status line on, a byte at a time.
func drippingAll(every time.Duration) mishap {
	return spoiling(func(w http.ResponseWriter, r *http.Request, body []byte) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, conn)
		}()
		for _, c := range fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body) {
			select {
			case <-time.After(every):
				_, _ = conn.Write([]byte{c})
			case <-gone:
				return
			}
		}
	})
}

// gzipped compresses the body, spoils that, and ends the answer in good order.
func gzipped(spoil func([]byte) []byte) mishap {
	return spoiling(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(spoil(b.Bytes()))
	})
}

// length announces so many bytes more than there are.
func length(more int) mishap {
	return spoiling(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		conn, _, err := http.NewResponseController(w).Hijack() // net/http would not tell such lies
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body)+more, body)
	})
}

// pause waits, and reports whether the client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// What a proxy on the way to the service says to CONNECT.
func proxy(status int) mishap {
	return mishap{secure: true, connect: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html>a page that nobody sees</html>")
	}}
}

// kept makes the fault strike on a connection that has served a call before.
func kept(m mishap) mishap {
	m.warm = true
	return m
}
