package portaltest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Transport reaches the portal without a socket:
//
//	hc := &http.Client{Transport: h.Transport()}
//
// Every request goes to this portal, whatever its host, and its links have the
// scheme and host that were asked. All waiting is by timers and channels, so that
// with it whole tests run in a testing/synctest bubble. Faults happen as they do on
// a connection: a cut before the answer is io.EOF, one within the body
// io.ErrUnexpectedEOF.
func (h *Handler) Transport() http.RoundTripper { return memory{h} }

// memory runs the handler in a goroutine that ends with the answer, or soon after
// the request's context does.
type memory struct{ h http.Handler }

func (t memory) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	in.RequestURI = in.URL.RequestURI()

	body, pipe := io.Pipe()
	w := &memoryWriter{header: make(http.Header), pipe: pipe, begun: make(chan struct{})}
	// The client's leaving ends what either side reads, as it does on a connection.
	leave := context.AfterFunc(ctx, func() {
		pipe.CloseWithError(ctx.Err())
		_ = in.Body.Close()
	})
	aborted := make(chan struct{})
	go func() {
		defer cancel()
		defer leave()
		defer func() { _ = in.Body.Close() }()
		defer func() {
			switch cause := recover(); cause {
			case nil:
				w.WriteHeader(http.StatusOK)
				_ = pipe.Close()
			case http.ErrAbortHandler:
				close(aborted)
				if err := r.Context().Err(); err != nil {
					pipe.CloseWithError(err)
				}
				pipe.CloseWithError(io.ErrUnexpectedEOF) // of no effect after another
			default:
				panic(cause)
			}
		}()
		t.h.ServeHTTP(w, in)
	}()

	select {
	case <-w.begun:
		return w.response(r, memoryBody{body, cancel}), nil
	case <-ctx.Done(): // the client's, or the handler ended
	case <-aborted:
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	select {
	case <-w.begun: // and ended at once
		return w.response(r, memoryBody{body, cancel}), nil
	default:
		return nil, io.EOF
	}
}

// memoryWriter is the handler's side.
type memoryWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	begun  chan struct{} // closed when status and sent are final
	status int
	sent   http.Header
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status = status
		w.sent = make(http.Header, len(w.header))
		for name, values := range w.header {
			if len(values) > 0 {
				w.sent[name] = append([]string(nil), values...)
			}
		}
		close(w.begun)
	})
}

func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

func (w *memoryWriter) Flush() {}

func (w *memoryWriter) response(r *http.Request, body io.ReadCloser) *http.Response {
	length := int64(-1)
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: length, Body: body, Request: r,
	}
}

// memoryBody is the client's side. Closing it tells the handler that nobody reads.
type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b memoryBody) Close() error {
	defer b.cancel()
	return b.PipeReader.Close()
}
