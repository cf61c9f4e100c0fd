package portaltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/internal/loopback"
)

// controlPath is where a test in another language does what a Go test does with
// methods.
const controlPath = "/_sandbox"

// A control is one thing to do at the control address, and its line in the help.
type control struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`
	Body   any    `json:"body,omitempty"` // an example
	do     func(*Handler, *http.Request) (answer any, err error)
}

func controls() []control {
	return []control{
		{"GET", "/", "this help", nil, getHelp},
		{"GET", "/organizations", "lists the organizations", nil, func(h *Handler, _ *http.Request) (any, error) {
			return list{Data: append([]Organization{}, h.Organizations()...)}, nil
		}},
		{"POST", "/organizations", "adds an organization, or renames the one with that id; without an id it gets one", Organization{exampleOrganization, "Acme"}, postOrganization},
		{"DELETE", "/organizations/{id}", "removes an organization: links for it are refused with 404", nil, func(h *Handler, r *http.Request) (any, error) {
			return nil, existed(h.RemoveOrganization(r.PathValue("id")))
		}},
		{"POST", "/keys", "makes an API key; a restricted one lacks the permissions that links take", object{"restricted": true}, postKey},
		{"DELETE", "/keys/{key}", "revokes an API key", nil, func(h *Handler, r *http.Request) (any, error) {
			return nil, existed(h.RemoveKey(r.PathValue("key")))
		}},
		{"GET", "/links", "lists the links that were issued and who asked for what, without their addresses", nil, getLinks},
		{"GET", "/faults", "lists the faults that still wait for a request", nil, func(h *Handler, _ *http.Request) (any, error) {
			data := []object{}
			for _, f := range h.PendingFaults() {
				data = append(data, written(faultFields(&f)))
			}
			return list{Data: data}, nil
		}},
		{"POST", "/faults", "makes the next requests fail; fault_fields lists every field", object{"operation": OperationGenerateLink, "times": 2, "status": 429, "retry_after": "30s"}, postFault},
		{"DELETE", "/faults", "clears the faults", nil, func(h *Handler, _ *http.Request) (any, error) {
			h.ClearFaults()
			return nil, nil //nolint:nilnil // 204
		}},
		{"GET", "/clock", "tells the sandbox's time", nil, getClock},
		{"POST", "/clock", "sets the time (now) or moves it (advance): links, rate windows and the Date header follow", object{"advance": "10m"}, postClock},
		{"GET", "/requests", "lists the requests that arrived, without secrets; notes say why one was refused and which fields are unknown", nil, func(h *Handler, _ *http.Request) (any, error) {
			return list{h.Requests(), h.Dropped().Requests}, nil
		}},
		{"POST", "/reset", "makes everything as it was at the start; the first key and organization stay", nil, func(h *Handler, _ *http.Request) (any, error) {
			h.Reset()
			return nil, nil //nolint:nilnil // 204
		}},
	}
}

type object = map[string]any

// list is the shape of every list.
type list struct {
	Data    any `json:"data"`
	Dropped int `json:"dropped,omitempty"` // older entries that were forgotten
}

// errNotThere becomes 404; every other error of a control becomes 400.
var errNotThere = errors.New("there is no such thing to remove")

func existed(ok bool) error {
	if !ok {
		return errNotThere
	}
	return nil
}

// newControl serves the control address. It takes no key, so no web page that somebody
// has open may reach it: neither from another origin nor by a name that was made to
// point here.
func newControl(h *Handler) http.Handler {
	mux := http.NewServeMux()
	for _, c := range controls() {
		serve := func(w http.ResponseWriter, r *http.Request) {
			switch answer, err := c.do(h, r); {
			case errors.Is(err, errNotThere):
				h.refuseControl(w, http.StatusNotFound, err.Error())
			case err != nil:
				h.refuseControl(w, http.StatusBadRequest, err.Error())
			case answer == nil:
				h.writeControl(w, http.StatusNoContent, nil)
			case c.Method == http.MethodPost && c.Path != "/clock":
				h.writeControl(w, http.StatusCreated, answer)
			default:
				h.writeControl(w, http.StatusOK, answer)
			}
		}
		if c.Path == "/" {
			mux.HandleFunc("GET "+controlPath, serve)
			c.Path = "/{$}"
		}
		mux.HandleFunc(c.Method+" "+controlPath+c.Path, serve)
	}
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
		if _, pattern := mux.Handler(r); pattern == "" {
			// The mux knows which methods the path has. Its answer goes into our form.
			x := &exchange{header: w.Header()}
			mux.ServeHTTP(x, r)
			h.refuseControl(w, x.status, http.StatusText(x.status)+": GET "+controlPath+"/ lists what there is")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// isOwnHost guards against DNS rebinding. An attacker's domain has a dot and letters;
// an IP address and a container's name have not both, *.localhost is loopback, and
// the base URL is the caller's word.
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

// writeControl answers with JSON, or with nothing where answer is nil.
func (h *Handler) writeControl(w http.ResponseWriter, status int, answer any) {
	stamp(w.Header(), h.Now()) // a control may have moved it
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // people read it too
	enc.SetIndent("", "  ")
	_ = enc.Encode(answer) // to a client that may be gone
}

func getHelp(*Handler, *http.Request) (any, error) {
	all := controls()
	for i := range all {
		all[i].Path = controlPath + all[i].Path
	}
	_, operations := DialectBoth.list()
	return object{
		"sandbox":      "An Admin Portal to test against. The API is under /, this is how a test controls it.",
		"controls":     all,
		"fault_fields": faultFields(new(Fault)),
		"operations":   operations,
	}, nil
}

func postOrganization(h *Handler, r *http.Request) (any, error) {
	org := Organization{ID: newID("org_")}
	err := read(r, []field{{"id", "a text", "", &org.ID}, {"name", "a text", "", &org.Name}})
	if err == nil && !isOrganizationID(org.ID) {
		err = errors.New("id: must be org_ and letters, digits, - or _")
	}
	if err != nil {
		return nil, err
	}
	h.PutOrganization(org)
	return org, nil
}

func postKey(h *Handler, r *http.Request) (any, error) {
	var restricted bool
	if err := read(r, []field{{"restricted", "true or false", true, &restricted}}); err != nil {
		return nil, err
	}
	return object{"key": h.addKey(!restricted), "restricted": restricted}, nil
}

func getLinks(h *Handler, _ *http.Request) (any, error) {
	data := []object{}
	for _, l := range h.Links() {
		operation := OperationGeneratePortalLink
		if l.Dialect == DialectGenerateLink {
			operation = OperationGenerateLink
		}
		entry := written([]field{{Name: "return_url", at: &l.ReturnURL}, {Name: "success_url", at: &l.SuccessURL}, {Name: "it_contact_emails", at: &l.ITContactEmails}})
		maps.Copy(entry, object{
			"operation": operation, "organization": l.Organization.ID, "intent": l.Intent,
			"issued_at": l.IssuedAt.UTC(), "expires_at": l.ExpiresAt.UTC(), "opened": l.Opened,
		})
		data = append(data, entry)
	}
	return list{data, h.Dropped().Links}, nil
}

func postFault(h *Handler, r *http.Request) (any, error) {
	var f Fault
	if err := read(r, faultFields(&f)); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	h.Fail(f)
	return written(faultFields(&f)), nil
}

func getClock(h *Handler, _ *http.Request) (any, error) {
	return object{"now": h.Now().UTC()}, nil
}

func postClock(h *Handler, r *http.Request) (any, error) {
	var now time.Time
	var advance span
	err := read(r, []field{{"now", "a time such as 2024-01-15T12:00:00Z", "", &now}, {"advance", spanText, "", &advance}})
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

// read reads a control request's JSON into fields. No body at all has none. A field
// that does not exist is an error: a fault with a misspelled one would not be the
// fault that was meant.
func read(r *http.Request, fields []field) error {
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return err
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(body, &given) != nil || given == nil {
		return errors.New("the request body must be one JSON object")
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
		if value, ok := given[f.Name]; ok && json.Unmarshal(value, f.at) != nil {
			return fmt.Errorf("%s: must be %s", f.Name, f.Takes)
		}
		delete(given, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		return fmt.Errorf("%s: there is no such field; the fields are %s", printable(name), strings.Join(names, ", "))
	}
	return nil
}
