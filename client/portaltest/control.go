package portaltest

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

// controlPath is where a test in another language does what a Go test does with
// methods.
const controlPath = "/_sandbox"

// newControl serves the control address. It takes no key, so no web page that
// somebody has open at the time may reach it: neither across origins nor through a
// name that was made to point here.
func newControl(h *Handler) http.Handler {
	mux := http.NewServeMux()
	for _, c := range controls() {
		mux.HandleFunc(c.Method+" "+c.Path, func(w http.ResponseWriter, r *http.Request) {
			status, answer, err := c.do(h, w, r)
			if err != nil {
				status, answer = err.status, controlError{err.text}
			}
			writeControl(w, status, answer)
		})
	}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeControl(w, http.StatusForbidden, controlError{"web pages may not use this address; programs that are no browser may"})
	}))
	guarded := origin.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.isOwnHost(r) {
			writeControl(w, http.StatusForbidden, controlError{"this address is open under localhost and IP addresses only"})
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			// The mux knows which methods a path has. What it says goes in our shape.
			x := &exchange{header: w.Header()}
			mux.ServeHTTP(x, r)
			writeControl(w, x.status, controlError{http.StatusText(x.status) + ": GET " + controlPath + "/ lists what there is"})
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// isOwnHost is the guard against DNS rebinding. A domain of an attacker's has a dot
// and letters; localhost, an IP address or a container's name has not both.
func (h *Handler) isOwnHost(r *http.Request) bool {
	if r.Context().Value(http.LocalAddrContextKey) == nil {
		return true // not from a socket
	}
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if !strings.Contains(name, ".") || net.ParseIP(strings.Trim(name, "[]")) != nil {
		return true
	}
	_, base, _ := strings.Cut(h.baseURL, "://")
	host, _, _ := strings.Cut(base, "/")
	return strings.EqualFold(r.Host, host)
}

type controlError struct {
	Error string `json:"error"`
}

// A controlFailure is what is wrong with a control request.
type controlFailure struct {
	status int
	text   string
}

func badControl(text string) *controlFailure { return &controlFailure{http.StatusBadRequest, text} }

// writeControl answers with JSON, or with nothing where answer is nil.
func writeControl(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // read by people too
	enc.SetIndent("", "  ")
	_ = enc.Encode(answer) // to a client that may be gone
}

// readControl decodes a request's JSON into v, with nothing left over: a misspelled
// field would be a fault that never strikes. No body at all leaves v as it is.
func readControl(w http.ResponseWriter, r *http.Request, v any) *controlFailure {
	body, err := readBody(w, r)
	switch {
	case err != nil:
		return badControl(err.Error())
	case len(body) == 0:
		return nil
	}
	if err := checkJSON(body); err != nil {
		return badControl("the request body " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badControl(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
