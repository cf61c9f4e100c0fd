package portaltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

// controlPath is where a test in another language does what a Go test does by methods.
const controlPath = "/_sandbox"

// A control is one thing to do at the control address, and its line in the help.
type control struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`
	Body   any    `json:"body,omitempty"` // an example
	status int
	do     func(*Handler, *http.Request) (answer any, err error)
}

type object = map[string]any

func controls() []control {
	return []control{
		{"GET", "/_sandbox/", "this help", nil, 200, getHelp},
		{"GET", "/_sandbox/organizations", "lists the organizations", nil, 200, func(h *Handler, _ *http.Request) (any, error) { return list(h.Organizations(), 0) }},
		{"POST", "/_sandbox/organizations", "adds an organization, or renames the one with that id; without an id it gets one", Organization{exampleOrganization, "Acme"}, 201, postOrganization},
		{"DELETE", "/_sandbox/organizations/{id}", "removes an organization: links for it are refused with 404", nil, 204, func(h *Handler, r *http.Request) (any, error) { return known(h.RemoveOrganization(r.PathValue("id"))) }},
		{"POST", "/_sandbox/keys", "makes an API key; a restricted one lacks the permissions that links take", object{"restricted": true}, 201, postKey},
		{"DELETE", "/_sandbox/keys/{key}", "revokes an API key", nil, 204, func(h *Handler, r *http.Request) (any, error) { return known(h.RemoveKey(r.PathValue("key"))) }},
		{"GET", "/_sandbox/links", "lists the links that were issued and who asked for what, without their addresses", nil, 200, func(h *Handler, _ *http.Request) (any, error) { return list(h.Links(), h.Dropped().Links) }},
		{"GET", "/_sandbox/faults", "lists the faults that still wait for a request", nil, 200, func(h *Handler, _ *http.Request) (any, error) { return list(h.PendingFaults(), 0) }},
		{"POST", "/_sandbox/faults", "makes the next requests fail; fault_fields lists every field", object{"times": 2, "status": 429, "retry_after": "30s"}, 201, postFault},
		{"DELETE", "/_sandbox/faults", "clears the faults", nil, 204, func(h *Handler, _ *http.Request) (any, error) { h.ClearFaults(); return known(true) }},
		{"GET", "/_sandbox/clock", "tells the sandbox's time", nil, 200, getClock},
		{"POST", "/_sandbox/clock", "sets the time (now) or moves it (advance): links, rate windows and the Date header follow", object{"advance": "10m"}, 200, postClock},
		{"GET", "/_sandbox/requests", "lists the requests that arrived, without secrets; notes say why one was refused and which fields are unknown", nil, 200, func(h *Handler, _ *http.Request) (any, error) { return list(h.Requests(), h.Dropped().Requests) }},
		{"POST", "/_sandbox/reset", "makes everything as it was at the start; the first key and organization stay", nil, 204, func(h *Handler, _ *http.Request) (any, error) { h.Reset(); return known(true) }},
	}
}

// list is the shape of every list. dropped counts older entries that were forgotten.
func list[T any](data []T, dropped int) (any, error) {
	return struct {
		Data    []T `json:"data"`
		Dropped int `json:"dropped,omitempty"`
	}{append([]T{}, data...), dropped}, nil
}

// known answers a control that returns nothing, and says that it does not exist where ok is false.
func known(ok bool) (any, error) {
	if !ok {
		return nil, errors.New("it does not exist")
	}
	return nil, nil
}

// newControl serves the control address. It takes no key, so no web page may reach it: neither from
// another origin nor by a name that was made to point here.
func newControl(h *Handler) http.Handler {
	mux := http.NewServeMux()
	for _, c := range controls() {
		serve := func(w http.ResponseWriter, r *http.Request) {
			switch answer, err := c.do(h, r); {
			case err == nil:
				h.writeControl(w, c.status, answer)
			case c.Method == http.MethodDelete:
				h.refuseControl(w, http.StatusNotFound, err.Error())
			default:
				h.refuseControl(w, http.StatusBadRequest, err.Error())
			}
		}
		pattern := c.Method + " " + c.Path
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}" // the help alone
		}
		mux.HandleFunc(pattern, serve)
	}
	mux.HandleFunc(controlPath+"/", func(w http.ResponseWriter, r *http.Request) {
		h.refuseControl(w, http.StatusNotFound, r.Method+" "+r.URL.Path+" does not exist: GET "+controlPath+"/ lists what does")
	})
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.refuseControl(w, http.StatusForbidden, "web pages may not use this address; programs that are no browser may")
	}))
	guarded := origin.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.isOwnHost(r) {
			h.refuseControl(w, http.StatusForbidden, fmt.Sprintf("this sandbox is not known as %s: start it with --public-url http://%[1]s (in Go: portaltest.WithBaseURL), or reach it by an IP address, localhost or a name without a dot", r.Host))
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// isOwnHost guards against DNS rebinding. An attacker's domain has a dot and letters; an IP address
// and a container's name have not both.
func (h *Handler) isOwnHost(r *http.Request) bool {
	if _, socket := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); !socket {
		return true
	}
	asked := (&url.URL{Host: r.Host}).Hostname()
	base, err := url.Parse(h.baseURL)
	return !strings.Contains(asked, ".") || net.ParseIP(asked) != nil || loopback.Is(asked) || err == nil && strings.EqualFold(asked, base.Hostname())
}

func (h *Handler) refuseControl(w http.ResponseWriter, status int, text string) {
	h.writeControl(w, status, object{"error": text})
}

func (h *Handler) writeControl(w http.ResponseWriter, status int, answer any) {
	stamp(w.Header(), h.Now()) // a control may have moved it
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(answer) // to a client that may be gone
}

func getHelp(h *Handler, _ *http.Request) (any, error) {
	_, operations := h.dialect.list()
	return object{
		"sandbox":      "An Admin Portal to test against. The API is under /, this is how a test controls it.",
		"controls":     controls(),
		"fault_fields": faultFields(new(Fault)),
		"operations":   operations,
	}, nil
}

func postOrganization(h *Handler, r *http.Request) (any, error) {
	org := Organization{ID: newID("org_")}
	if err := read(r, field{"id", "a text", "", &org.ID}, field{"name", "a text", "", &org.Name}); err != nil {
		return nil, err
	}
	if !isOrganizationID(org.ID) {
		return nil, errors.New("id: " + organizationRule)
	}
	h.PutOrganization(org)
	return org, nil
}

func postKey(h *Handler, r *http.Request) (any, error) {
	var restricted bool
	if err := read(r, field{"restricted", "true or false", true, &restricted}); err != nil {
		return nil, err
	}
	return object{"key": h.addKey(!restricted), "restricted": restricted}, nil
}

func postFault(h *Handler, r *http.Request) (any, error) {
	var f Fault
	if err := read(r, faultFields(&f)...); err != nil {
		return nil, err
	}
	if err := f.check(h.dialect); err != nil {
		return nil, err
	}
	h.Fail(f)
	return f, nil
}

func getClock(h *Handler, _ *http.Request) (any, error) { return object{"now": h.Now().UTC()}, nil }

func postClock(h *Handler, r *http.Request) (any, error) {
	var now time.Time
	var advance span
	err := read(r, field{"now", "a time such as 2024-01-15T12:00:00Z", "", &now}, field{"advance", spanText, "", &advance})
	switch {
	case err != nil:
		return nil, err
	case now.IsZero() == (advance == 0):
		return nil, errors.New(`give either the time, {"now": "2024-01-15T12:00:00Z"}, or how far to move it, {"advance": "10m"}`)
	case now.IsZero():
		h.Advance(time.Duration(advance))
	default:
		h.SetClock(now)
	}
	return getClock(h, r)
}
