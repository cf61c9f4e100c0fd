package portaltest

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// send lets the answer leave, the way the fault wants it to travel. It says which
// status left, once, before the first byte does. A cut ends in the panic by which
// net/http closes a connection; so does everything that the client's leaving ends.
func (x *exchange) send(w http.ResponseWriter, r *http.Request, f Fault, answered func(status int)) {
	ctx := r.Context()
	pause(ctx, f.Latency)
	stop(ctx, f, BeforeAnswer)

	body := x.body.Bytes()
	length := len(body)
	if f.Cut == WithinBody || f.Stall == WithinBody {
		length = max(1, length) // of an empty body at least the end is missing
		body = body[:len(body)/2]
	}
	none := x.status == http.StatusNoContent || x.status == http.StatusNotModified
	if !none {
		x.header.Set("Content-Length", strconv.Itoa(length))
	}
	answered(x.status)
	w.WriteHeader(x.status)
	if none || r.Method == http.MethodHead {
		return
	}
	if f.Drip > 0 {
		drip(ctx, w, body, f.Drip)
	} else if _, err := w.Write(body); err != nil {
		return
	}
	if f.Cut == WithinBody || f.Stall == WithinBody {
		flush(w)
		stop(ctx, f, WithinBody)
	}
}

// pause waits, but not for a client that is gone.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// stop ends the answer at a place where the fault cuts it or leaves it hanging.
func stop(ctx context.Context, f Fault, here Place) {
	if f.Stall == here {
		<-ctx.Done()
	}
	if f.Stall == here || f.Cut == here {
		panic(http.ErrAbortHandler)
	}
}

func drip(ctx context.Context, w http.ResponseWriter, body []byte, every time.Duration) {
	for i := range body {
		pause(ctx, every)
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		flush(w)
	}
}

// flush fails where there is nothing to flush.
func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
