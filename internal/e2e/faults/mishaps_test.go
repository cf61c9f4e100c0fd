package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// A mishap is how a fault is made. At most one of its functions is set, and says what happens instead of what should happen.
type mishap struct {
	dial    func(context.Context) (net.Conn, error) // to open a connection
	tls     func(*tls.Config, net.Conn) error       // to the server's configuration, in the handshake
	trust   func(*tls.Config)                       // to the client's configuration
	answer  func(http.ResponseWriter, *http.Request, http.Handler)
	connect int // the proxy's status to CONNECT

	secure  bool // over TLS
	plain   bool // but the server does not know
	http2   bool
	old     int  // connections that are there from calls before
	oldOnly bool // it strikes on these alone
	mute    bool // these bring nothing any more
	early   bool // it strikes from the call before on, and does no harm there
}

// Opening a connection.

func dialError(err error) mishap {
	return mishap{dial: func(context.Context) (net.Conn, error) { return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err} }}
}

// unanswered is a firewall that drops packets. A dialer gives up after a while: net/http does
// not stop it when nobody waits for the connection any more.
func unanswered() mishap {
	return mishap{dial: func(ctx context.Context) (net.Conn, error) {
		pause(ctx, 30*time.Second)
		return nil, context.DeadlineExceeded
	}}
}

func serverTLS(change func(*tls.Config)) mishap {
	return mishap{secure: true, tls: func(c *tls.Config, _ net.Conn) error { change(c); return nil }}
}

func clientTLS(change func(*tls.Config)) mishap { return mishap{secure: true, trust: change} }

// failingTLS is a server that fails in the handshake.
func failingTLS(fail func(net.Conn) error) mishap {
	return mishap{secure: true, tls: func(_ *tls.Config, conn net.Conn) error { return fail(conn) }}
}

// proxy answers CONNECT with a status.
func proxy(status int) mishap { return mishap{secure: true, connect: status} }

// Answering.

// secret stands in every answer that is made up here, beside the key that the request came with.
const secret = "s3cr3t0fTheLink"

func answering(answer func(http.ResponseWriter, *http.Request, http.Handler)) mishap {
	return mishap{answer: answer}
}

// says answers with a status, a body of a type that echoes what it should not, and more headers.
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

// text answers as an ingress or a gateway does, in other words.
func text(status int, words string) mishap {
	return says(status, "text/plain", words+" %s https://id.workos.com/portal/launch?secret=%s")
}

// inAWhile asks for a wait until a time, in a format.
func inAWhile(d time.Duration, format string) mishap {
	return answering(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", time.Now().Add(d).UTC().Format(format))
		w.WriteHeader(http.StatusTooManyRequests)
	})
}

// instead does something in the place of an answer.
func instead(what func(*http.Request)) mishap {
	return answering(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { what(r) })
}

func closing() mishap   { return instead(cut) }
func resetting() mishap { return instead(reset) }
func stalling() mishap  { return instead(stall) }

// late gives the right answer, after a while.
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

// within sends half of the body and then does the rest.
func within(rest func(*http.Request)) mishap {
	return spoiling(func(w http.ResponseWriter, r *http.Request, body []byte) {
		_, _ = w.Write(half(body))
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

// rewritten changes the body, announces its true length, and adds headers.
func rewritten(change func([]byte) []byte, header ...string) mishap {
	return spoiling(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		body = change(body)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = w.Write(body)
	})
}

func same(b []byte) []byte { return b }
func half(b []byte) []byte { return b[:len(b)/2] }

func compressed(b []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(b)
	_ = z.Close()
	return packed.Bytes()
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

// kept makes it strike on a connection that has served a call before.
func (m mishap) kept() mishap { m.old = 1; return m }

// keptTwenty makes it strike on twenty such connections, and on no others.
func (m mishap) keptTwenty() mishap { m.old, m.oldOnly = 20, true; return m }

// before makes it strike from the call before on.
func (m mishap) before() mishap { m.old, m.early = 1, true; return m }

func (m mishap) overHTTP2() mishap { m.http2 = true; return m }

// silent is a network that has forgotten so many kept connections: a NAT or a load balancer, or a host that slept.
func silent(connections int) mishap { return mishap{old: connections, mute: true} }
