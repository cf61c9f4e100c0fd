package portaltest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An exchange is one request and the answer to it. It is the http.ResponseWriter of
// everything that answers: the answer is whole before its first byte leaves, so that
// a fault can change it.
type exchange struct {
	h      *Handler
	op     operation
	allow  []string // the methods of the path, when it has no operation for this one
	base   string   // the portal's address, as this client knows it
	now    time.Time
	sent   []byte // the request's body
	unread error  // why it was not read whole
	entry  *Request

	header http.Header
	status int
	body   bytes.Buffer
}

func (x *exchange) Header() http.Header { return x.header }

func (x *exchange) WriteHeader(status int) { x.status = cmp.Or(x.status, status) }

func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.body.Write(b)
}

// exchangeKey is where the context of a request has its *exchange.
type exchangeKey struct{}

// exchange answers everything that is recorded and that faults can hit: the API, the
// pages of links, and routes that do not exist.
func (h *Handler) exchange(w http.ResponseWriter, r *http.Request, id string) {
	x := &exchange{h: h, base: h.base(r), header: w.Header()}
	x.op, x.allow = h.dialect.find(r)
	if r.URL.Path == pagePath {
		x.op.id = OperationPortalPage
	}
	x.sent, x.unread = readBody(r)
	x.now = h.Now() // a link's life begins when its request had arrived
	stamp(x.header, x.now)
	fault := h.strike(x.op.id)
	x.entry = &Request{
		ID: id, Operation: x.op.id, Method: r.Method, Path: redact(r.URL.Path), Time: x.now,
		Header: redactHeader(r.Header), Body: redact(string(x.sent[:min(len(x.sent), keptBody)])), Fault: fault != nil,
	}
	h.record(x.entry)
	begun := time.Now()
	defer func() {
		h.finish(x.entry, func(e *Request) { e.Duration = time.Since(begun) })
	}()

	fault = cmp.Or(fault, &Fault{})
	x.answer(r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)), fault)
	fault.spoil(x)
	x.send(w, r, fault)
}

func (x *exchange) answer(r *http.Request, fault *Fault) {
	switch {
	case fault.refuses():
		x.fail(r, fault)
	case x.op.id == OperationPortalPage:
		x.servePage(r)
	case x.allow != nil:
		x.header.Set("Allow", strings.Join(x.allow, ", "))
		x.noRoute(http.StatusMethodNotAllowed, "method_not_allowed")
	case x.op.id == "":
		x.noRoute(http.StatusNotFound, "not_found")
	case x.op.keyed:
		x.serveAPI(r)
	default:
		x.h.api.ServeHTTP(x, r)
	}
}

// serveAPI answers at a route that takes a key: whose is it, has it budget and
// permission, is the request as the contract says, and then what it asks for.
func (x *exchange) serveAPI(r *http.Request) {
	h, key := x.h, bearer(r.Header)
	h.mu.Lock()
	permitted, known := h.keys[key]
	h.mu.Unlock()
	left := h.spend(key, 1, x.now)
	left.write(x.header, x.now)
	switch {
	case key == "":
		x.refuse(unauthorized(key), "Authorization: must be Bearer and an API key")
	case !known:
		x.refuse(unauthorized(key), "Authorization: the API key is not one of this sandbox")
	case left.refused:
		x.refuse(standardRefusal(http.StatusTooManyRequests, ""), fmt.Sprintf("rate limit: %d requests in %v are spent; the next window begins in %d s", h.limit, h.window, seconds(left.reset.Sub(x.now))))
	case !permitted:
		x.refuse(forbidden(), "Authorization: the API key lacks permissions")
	default:
		if problems := x.check(r); len(problems) > 0 {
			x.refuse(invalid(problems), sentence(problems))
			return
		}
		if id := x.asked(); id != "" && !slices.ContainsFunc(h.Organizations(), func(o Organization) bool { return o.ID == id }) {
			x.refuse(standardRefusal(http.StatusNotFound, id), "organization: "+id+" does not exist in this sandbox; POST "+controlPath+"/organizations adds one")
			return
		}
		h.api.ServeHTTP(x, r)
	}
}

// asked is the organization that the request's body names, if it names one.
func (x *exchange) asked() string {
	var body struct{ Organization string }
	_ = json.Unmarshal(x.sent, &body)
	return body.Organization
}

// noRoute answers at a route that does not exist, in the live dialect's form. The text
// begins as the service's does, and names no organization: a client would take it for
// the answer to one.
func (x *exchange) noRoute(status int, code string) {
	routes, _ := x.h.dialect.list()
	x.note("no such route")
	x.json(status, map[string]string{
		"message": http.StatusText(status) + ": this sandbox serves " + strings.Join(routes, ", ") + " and the pages of links; GET " + controlPath + "/ says how to control it",
		"code":    code,
	})
}

// json makes v the answer. v is text and lists of it: encoding cannot fail.
func (x *exchange) json(status int, v any) {
	x.header.Set("Content-Type", "application/json")
	x.status = status
	x.body.Reset()
	_ = json.NewEncoder(&x.body).Encode(v)
}

// note adds a line to what the log and Requests say of the request.
func (x *exchange) note(format string, args ...any) {
	x.h.update(x.entry, func(e *Request) { e.Notes = append(e.Notes, redact(fmt.Sprintf(format, args...))) })
}

// bearer returns the key of a request; empty when it has none, or more than one.
func bearer(h http.Header) string {
	if len(h["Authorization"]) != 1 {
		return ""
	}
	scheme, key, _ := strings.Cut(h["Authorization"][0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}
