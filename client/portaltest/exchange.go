package portaltest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// An exchange is one request and the answer that is being made for it. It is the
// http.ResponseWriter of everything that answers, so that an answer is whole before
// the first byte of it leaves, and a fault can spoil it.
type exchange struct {
	op     operation
	base   string    // the portal's address, as this client knows it
	now    time.Time // one reading of the clock for everything in the answer
	header http.Header
	status int
	body   bytes.Buffer
}

func (x *exchange) Header() http.Header { return x.header }

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
}

func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.body.Write(b)
}

// exchangeKey is where the context of a request has its *exchange.
type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// exchange answers everything that is recorded and that faults can hit: the API,
// the pages of links, and routes that are not there.
func (h *Handler) exchange(w http.ResponseWriter, r *http.Request, id string) {
	op, allow := contract().find(r, h.dialect)
	if r.URL.Path == pagePath {
		op = operation{id: OperationPortalPage}
	}
	body, unread := readBody(w, r)
	x := &exchange{op: op, base: h.base(r), now: h.Now(), header: w.Header()}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))

	entry := &Request{
		ID: id, Operation: op.id, Method: r.Method, Path: redact(r.URL.Path), Time: x.now,
		Header: redactHeader(r.Header), Body: redact(string(body[:min(len(body), keptBody)])),
	}
	begun := time.Now()
	h.requests.arrive(entry)
	defer func() {
		done := h.requests.update(entry, func(e *Request) { e.Duration = time.Since(begun) })
		if h.logger != nil {
			done.Header = done.Header.Clone()
			h.logger(done)
		}
	}()

	fault := h.faults.strike(op.id)
	stamp(x.header, x.now)
	switch {
	case fault.refuses():
		h.refuseByFault(x, r, fault)
	case op.id == OperationPortalPage:
		h.servePage(x, r)
	case allow != nil:
		x.header.Set("Allow", strings.Join(allow, ", "))
		x.json(http.StatusMethodNotAllowed, routeError{Message: "Method Not Allowed", Code: "method_not_allowed"})
	case op.route == nil:
		x.json(http.StatusNotFound, routeError{Message: "Not Found", Code: "not_found"})
	case !op.keyed:
		h.api.ServeHTTP(x, r)
	default:
		h.serveAPI(x, r, body, unread)
	}
	fault.spoil(x)
	x.send(w, r, fault, func(status int) {
		h.requests.update(entry, func(e *Request) { e.Status = status })
	})
}

// A routeError is what the service says of an address that it does not have.
type routeError struct {
	Message string `json:"message"`
	Code    string `json:"code"`
}

// serveAPI answers at an address that takes a key: who is it, may they now, is the
// request as the contract says, and then what it asks for.
func (h *Handler) serveAPI(x *exchange, r *http.Request, body []byte, unread error) {
	key := bearer(r.Header)
	permission := h.keys.permission(key)
	left := h.limits.unused(x.now)
	if permission != unknown {
		left = h.limits.take(key, x.now)
	}
	h.limits.headers(x.header, left, x.now)
	switch {
	case permission == unknown:
		x.refuse(unauthorized(key))
	case left.refused:
		x.refuse(rateLimited)
	case permission == restricted:
		x.refuse(forbidden)
	default:
		valid, problems := checkRequest(r, x.op, body, unread)
		if len(problems) > 0 {
			x.refuse(refusalOf(problems))
			return
		}
		h.api.ServeHTTP(x, valid)
	}
}

// json makes v the answer.
func (x *exchange) json(status int, v any) {
	x.header.Set("Content-Type", "application/json")
	x.status = status
	x.body.Reset()
	// What is encoded here are strings and lists of them: there is nothing to fail.
	_ = json.NewEncoder(&x.body).Encode(v)
}
