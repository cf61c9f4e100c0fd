package portaltest

import (
	"net/http"
	"time"
)

// A control is one thing to do at the control address, and its line in the help.
type control struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`
	Body   any    `json:"body,omitempty"` // an example

	do func(*Handler, http.ResponseWriter, *http.Request) (status int, answer any, err *controlFailure)
}

func controls() []control {
	return []control{
		{"GET", controlPath + "/{$}", "this help", nil, getHelp},
		{"GET", controlPath, "this help", nil, getHelp},
		{"GET", controlPath + "/organizations", "lists the organizations", nil, getOrganizations},
		{"POST", controlPath + "/organizations", "adds an organization, or renames the one with that id; without an id it gets one", organizationJSON{ID: "org_01EHWNCE74X7JSDV0X3SZ3KJNY", Name: "Acme"}, postOrganization},
		{"DELETE", controlPath + "/organizations/{id}", "removes an organization: links for it are refused with 404", nil, deleteOrganization},
		{"POST", controlPath + "/keys", "makes an API key; a restricted one lacks the permissions that links take", keyJSON{Restricted: true}, postKey},
		{"DELETE", controlPath + "/keys/{key}", "revokes an API key", nil, deleteKey},
		{"GET", controlPath + "/links", "lists the links that were issued and who asked for what, without their addresses", nil, getLinks},
		{"GET", controlPath + "/faults", "lists the faults that still wait for a request", nil, getFaults},
		{"POST", controlPath + "/faults", "makes the next requests fail; durations are like 1.5s, or numbers of seconds", faultExample, postFault},
		{"DELETE", controlPath + "/faults", "clears the faults", nil, deleteFaults},
		{"GET", controlPath + "/clock", "tells the sandbox's time", nil, getClock},
		{"POST", controlPath + "/clock", "sets the time (now) or moves it (advance): links, rate windows and the Date header follow", clockJSON{Advance: span(10 * time.Minute)}, postClock},
		{"GET", controlPath + "/requests", "lists the requests that arrived, without secrets", nil, getRequests},
		{"POST", controlPath + "/reset", "makes everything as it was at the start; the first key and organization stay", nil, postReset},
	}
}

type helpJSON struct {
	Sandbox    string    `json:"sandbox"`
	Controls   []control `json:"controls"`
	Operations []string  `json:"operations"`
	Places     []place   `json:"places"`
}

func getHelp(*Handler, http.ResponseWriter, *http.Request) (int, any, *controlFailure) {
	return http.StatusOK, helpJSON{
		Sandbox:    "An Admin Portal to test against. The API is under /, this is how a test controls it.",
		Controls:   controls()[1:],
		Operations: contract().operations(),
		Places:     []place{place(BeforeAnswer), place(WithinBody)},
	}, nil
}

// listJSON is every list's shape.
type listJSON[T any] struct {
	Data    []T `json:"data"`
	Dropped int `json:"dropped,omitempty"` // older entries that were forgotten
}

func list[From, To any](from []From, convert func(From) To) listJSON[To] {
	l := listJSON[To]{Data: make([]To, 0, len(from))}
	for _, v := range from {
		l.Data = append(l.Data, convert(v))
	}
	return l
}

type organizationJSON struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

func getOrganizations(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	return http.StatusOK, list(h.Organizations(), func(o Organization) organizationJSON { return organizationJSON(o) }), nil
}

func postOrganization(h *Handler, w http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	var org organizationJSON
	if err := readControl(w, r, &org); err != nil {
		return 0, nil, err
	}
	switch {
	case org.ID == "":
		org.ID = h.AddOrganization(org.Name)
	case !contract().isOrganizationID(org.ID):
		return 0, nil, badControl("id must be org_ and letters, digits, - or _")
	default:
		h.PutOrganization(Organization(org))
	}
	return http.StatusCreated, org, nil
}

func deleteOrganization(h *Handler, _ http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	if !h.RemoveOrganization(r.PathValue("id")) {
		return 0, nil, &controlFailure{http.StatusNotFound, "there is no such organization"}
	}
	return http.StatusNoContent, nil, nil
}

type keyJSON struct {
	Key        string `json:"key,omitempty"`
	Restricted bool   `json:"restricted"`
}

func postKey(h *Handler, w http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	var key keyJSON
	if err := readControl(w, r, &key); err != nil {
		return 0, nil, err
	}
	switch {
	case key.Key != "":
		return 0, nil, badControl("the sandbox makes its keys itself: leave key out")
	case key.Restricted:
		key.Key = h.AddRestrictedKey()
	default:
		key.Key = h.AddKey()
	}
	return http.StatusCreated, key, nil
}

func deleteKey(h *Handler, _ http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	if !h.RemoveKey(r.PathValue("key")) {
		return 0, nil, &controlFailure{http.StatusNotFound, "there is no such key"}
	}
	return http.StatusNoContent, nil, nil
}

type linkJSON struct {
	Operation       string    `json:"operation"`
	Organization    string    `json:"organization"`
	Intent          string    `json:"intent"`
	ReturnURL       string    `json:"return_url,omitempty"`
	SuccessURL      string    `json:"success_url,omitempty"`
	ITContactEmails []string  `json:"it_contact_emails,omitempty"`
	IssuedAt        time.Time `json:"issued_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	Opened          int       `json:"opened"`
}

func getLinks(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	l := list(h.Links(), func(l Link) linkJSON {
		operation := OperationGeneratePortalLink
		if l.Dialect == DialectGenerateLink {
			operation = OperationGenerateLink
		}
		return linkJSON{
			Operation: operation, Organization: l.Organization.ID, Intent: l.Intent,
			ReturnURL: l.ReturnURL, SuccessURL: l.SuccessURL, ITContactEmails: l.ITContactEmails,
			IssuedAt: l.IssuedAt.UTC(), ExpiresAt: l.ExpiresAt.UTC(), Opened: l.Opened,
		}
	})
	l.Dropped = h.Dropped().Links
	return http.StatusOK, l, nil
}

type clockJSON struct {
	Now     time.Time `json:"now,omitzero"`
	Advance span      `json:"advance,omitzero"`
}

func getClock(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	return http.StatusOK, clockJSON{Now: h.Now().UTC()}, nil
}

func postClock(h *Handler, w http.ResponseWriter, r *http.Request) (int, any, *controlFailure) {
	var c clockJSON
	if err := readControl(w, r, &c); err != nil {
		return 0, nil, err
	}
	if c.Now.IsZero() == (c.Advance == 0) {
		return 0, nil, badControl(`say either when it is, {"now": "2024-01-15T12:00:00Z"}, or how far to move on, {"advance": "10m"}`)
	}
	if c.Now.IsZero() {
		h.Advance(time.Duration(c.Advance))
	} else {
		h.SetClock(c.Now)
	}
	stamp(w.Header(), h.Now())
	return getClock(h, w, r)
}

type requestJSON struct {
	ID        string      `json:"id"`
	Operation string      `json:"operation"`
	Method    string      `json:"method"`
	Path      string      `json:"path"`
	Header    http.Header `json:"headers"`
	Body      string      `json:"body"`
	Time      time.Time   `json:"time"`
	Status    int         `json:"status"`
	Duration  span        `json:"duration"`
}

func getRequests(h *Handler, _ http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	l := list(h.Requests(), func(r Request) requestJSON {
		return requestJSON{
			ID: r.ID, Operation: r.Operation, Method: r.Method, Path: r.Path, Header: r.Header,
			Body: r.Body, Time: r.Time.UTC(), Status: r.Status, Duration: span(r.Duration),
		}
	})
	l.Dropped = h.Dropped().Requests
	return http.StatusOK, l, nil
}

func postReset(h *Handler, w http.ResponseWriter, _ *http.Request) (int, any, *controlFailure) {
	h.Reset()
	stamp(w.Header(), h.Now())
	return http.StatusNoContent, nil, nil
}
