package portaltest

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// refuses says that the request is answered without being carried out.
func (f *Fault) refuses() bool { return f.Status >= 300 }

// fail makes the answer that a refusing fault asks for, in the operation's dialect. It
// takes nothing from the key's budget, and tells it.
func (x *exchange) fail(r *http.Request, f *Fault) {
	limited := f.Status == http.StatusTooManyRequests
	if x.op.keyed && (!limited || f.RetryAfter > 0) {
		left := x.h.spend(bearer(r.Header), 0, x.now)
		if limited {
			left.remaining, left.reset = 0, x.now.Add(f.RetryAfter)
		}
		left.write(x.header, x.now)
	}
	// A 404 is about the organization that was asked for.
	no := standardRefusal(f.Status, cmp.Or(x.asked(), x.h.Organization))
	switch {
	case f.Status < 400:
		x.WriteHeader(f.Status)
	case x.op.keyed:
		x.refuse(no, "a scripted fault")
	case x.op.id == "":
		x.json(f.Status, no.live)
	default:
		http.Error(x, http.StatusText(f.Status), f.Status)
	}
}

// spoil changes the answer that was made as f asks.
func (f *Fault) spoil(x *exchange) {
	if f.Status != 0 && (f.refuses() || x.status < 300) {
		x.status = f.Status
	}
	if f.RetryAfter > 0 {
		x.header.Set("Retry-After", strconv.Itoa(seconds(f.RetryAfter)))
	}
	if f.Body != nil {
		x.body.Reset()
		x.body.Write(f.Body)
		x.header.Set("Content-Type", http.DetectContentType(f.Body))
		if json.Valid(f.Body) {
			x.header.Set("Content-Type", "application/json")
		}
	}
	for name, values := range f.Header {
		// An empty list, not a missing one: net/http adds a Date where none is.
		x.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

// send writes the answer as the fault lets it travel. A cut ends in the panic by which
// net/http closes a connection; so does every wait that the client leaves.
func (x *exchange) send(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.Latency > 0 {
		timer := time.NewTimer(f.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	stop(r.Context(), f, BeforeAnswer)

	body := x.body.Bytes()
	length := len(body)
	if f.Cut == WithinBody || f.Stall == WithinBody {
		length = max(1, length) // of an empty body the end is missing
		body = body[:len(body)/2]
	}
	none := x.status == http.StatusNoContent || x.status == http.StatusNotModified
	if !none {
		x.header.Set("Content-Length", strconv.Itoa(length))
	}
	x.h.update(x.entry, func(e *Request) { e.Status = x.status })
	w.WriteHeader(x.status)
	if none || r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // to a client that may be gone
	if f.Cut == WithinBody || f.Stall == WithinBody {
		_ = http.NewResponseController(w).Flush()
		stop(r.Context(), f, WithinBody)
	}
}

// stop ends the answer where the fault cuts it or leaves it hanging.
func stop(ctx context.Context, f *Fault, here Place) {
	if f.Stall == here {
		<-ctx.Done()
	}
	if f.Stall == here || f.Cut == here {
		panic(http.ErrAbortHandler)
	}
}
