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

	"golang.org/x/net/http2"
)

// A mishap is how a fault is made. At most one of its functions is set, and says what
// happens instead of what ought to.
type mishap struct {
	dial    func(context.Context) (net.Conn, error) // to open a connection
	accept  func(*end)                              // to a connection that has come
	tls     func(*tls.Config)                       // to the configuration by which the server shakes hands
	trust   func(*tls.Config)                       // to the client's configuration
	answer  func(http.ResponseWriter, *http.Request, http.Handler)
	frames  func(*http2.Framer, uint32) // to an HTTP/2 stream
	last    bool                        // after frames the connection is closed
	connect int                         // the proxy's status to CONNECT

	secure  bool // over TLS
	http2   bool
	kept    int  // connections that are there from calls before
	oldOnly bool // it strikes on these alone
	silent  bool // these bring nothing any more
	before  bool // it strikes from the call before on, and does no harm there
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

// unanswered is a firewall that drops packets.
func unanswered() mishap {
	return mishap{dial: func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

func serverTLS(change func(*tls.Config)) mishap { return mishap{secure: true, tls: change} }
func clientTLS(change func(*tls.Config)) mishap { return mishap{secure: true, trust: change} }

func noCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }

// hangingUp closes the connection as soon as it is open.
func hangingUp() mishap { return mishap{secure: true, accept: func(e *end) { _ = e.Close() }} }

// plain speaks HTTP where TLS is expected.
func plain() mishap {
	return mishap{secure: true, accept: func(e *end) {
		defer func() { _ = e.Close() }()
		if _, err := e.Read(make([]byte, 1)); err == nil {
			_, _ = io.WriteString(e, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
		_, _ = io.Copy(io.Discard, e)
	}}
}

// proxy answers CONNECT with a status.
func proxy(status int) mishap { return mishap{secure: true, connect: status} }

// Answering.

// secret stands in every answer that is made up here, beside the key that the request
// came with.
const secret = "s3cr3t0fTheLink"

func answering(answer func(http.ResponseWriter, *http.Request, http.Handler)) mishap {
	return mishap{answer: answer}
}

// says answers with a status, a body of a type that echoes what it should not, and more
// headers.
func says(status int, contentType, body string, header ...string) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if body != "" {
			_, _ = fmt.Fprintf(w, body, r.Header.Get("Authorization"), secret)
		}
	})
}

func status(status int, header ...string) mishap {
	return says(status, "application/json", `{"message":"%s","link":"https://id.workos.com/portal/launch?secret=%s"}`, header...)
}

// page answers as proxies do, with a page for people.
func page(status int, header ...string) mishap {
	return says(status, "text/html", "<html><h1>Sorry</h1><pre>Authorization: %s</pre><a href='https://id.workos.com/%s'>", header...)
}

// text answers as an ingress does that has no backend.
func text(status int) mishap {
	return says(status, "text/plain", "default backend - 404 %s https://id.workos.com/portal/launch?secret=%s")
}

func nothing(status int) mishap { return says(status, "text/plain", "") }

// inAWhile asks for a wait until a time, in a format.
func inAWhile(d time.Duration, format string) mishap {
	return answering(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", time.Now().Add(d).UTC().Format(format))
		w.WriteHeader(http.StatusTooManyRequests)
	})
}

// flooding answers with more than anyone wants to read.
func flooding() mishap {
	return answering(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for range 64 {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<10)); err != nil {
				return
			}
		}
	})
}

// instead does something in the place of an answer.
func instead(what func(*http.Request)) mishap {
	return answering(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { what(r) })
}

func closing() mishap   { return instead(cut) }
func resetting() mishap { return instead(reset) }
func stalling() mishap  { return instead(stall) }

// late answers as it ought to, after a while.
func late(d time.Duration) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, portal http.Handler) {
		if pause(r.Context(), d) {
			portal.ServeHTTP(w, r)
		}
	})
}

// spoiling hands on the portal's true answer, whose length is announced, to be spoiled.
func spoiling(spoil func(w http.ResponseWriter, r *http.Request, body []byte)) mishap {
	return answering(func(w http.ResponseWriter, r *http.Request, portal http.Handler) {
		whole := httptest.NewRecorder()
		portal.ServeHTTP(whole, r)
		maps.Copy(w.Header(), whole.Header())
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		spoil(w, r, whole.Body.Bytes())
	})
}

// labelled adds headers to the true answer.
func labelled(header ...string) mishap {
	return spoiling(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = w.Write(body)
	})
}

// within sends half of the body and then does the rest.
func within(rest func(*http.Request)) mishap {
	return spoiling(func(w http.ResponseWriter, r *http.Request, body []byte) {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		if r.ProtoMajor == 2 {
			pause(r.Context(), time.Second) // or the end overtakes what is before it
		}
		rest(r)
	})
}

type serverEndKey struct{}

func reset(r *http.Request) {
	if e, ok := r.Context().Value(serverEndKey{}).(*end); ok {
		e.wire.reset.Store(true)
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

// rewritten changes the body, and announces its true length.
func rewritten(change func([]byte) []byte) mishap {
	return spoiling(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		w.Header().Del("Content-Length")
		_, _ = w.Write(change(body))
	})
}

// gzipped compresses the body, spoils that, and ends the answer in good order.
func gzipped(spoil func([]byte) []byte) mishap {
	m := rewritten(func(body []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		return spoil(b.Bytes())
	})
	answer := m.answer
	m.answer = func(w http.ResponseWriter, r *http.Request, portal http.Handler) {
		w.Header().Set("Content-Encoding", "gzip")
		answer(w, r, portal)
	}
	return m
}

// missing is how AWS API Gateway says that a route is not there.
func missing() mishap {
	return says(403, "application/json", `{"message":"Missing Authentication Token","seen":"%s https://id.workos.com/?%s"}`)
}

// pause waits, and reports whether the client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// but changes a mishap.
func but(m mishap, change func(*mishap)) mishap {
	change(&m)
	return m
}

// kept makes it strike on a connection that has served a call before.
func kept(m mishap) mishap { return but(m, func(m *mishap) { m.kept = 1 }) }

func overHTTP2(m mishap) mishap { return but(m, func(m *mishap) { m.http2 = true }) }

// twenty connections are there, and it strikes on these alone.
func twenty(m mishap) mishap { return but(m, func(m *mishap) { m.kept, m.oldOnly = 20, true }) }

// silent is a network that has forgotten the connections of before: a NAT or a load
// balancer, or a host that slept.
func silent(m mishap) mishap { return but(m, func(m *mishap) { m.kept, m.silent = 1, true }) }

// before makes it strike from the call before on.
func before(m mishap) mishap { return but(m, func(m *mishap) { m.kept, m.before = 1, true }) }
