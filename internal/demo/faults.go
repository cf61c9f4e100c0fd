package demo

import (
	"net/http"
	"slices"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A fault is one way in which the sandbox fails, until another is chosen.
type fault struct{ Value, Name, About string }

var faults = []fault{
	{"none", "Nothing", "Links are made and open."},
	{"expired", "The link expires", "Its ten minutes pass before the browser gets there."},
	{"429", "429, too many requests", "Retry-After is 20 seconds, and a click waits for 10."},
	{"500-once", "500, at first", "The client tries again, and nobody notices."},
	{"500", "500, every time", "The client tries four times and gives up."},
	{"gone", "404, organization gone", "WorkOS no longer knows the organization you act for."},
}

// setFault answers the panel. It repairs the sandbox and then breaks it as chosen. The demo gets a
// new client: the old one would still wait for the rate limit of the last fault.
func (d *Demo) setFault(w http.ResponseWriter, r *http.Request) {
	s, chosen := d.session(r), r.PostFormValue("fault")
	if s == nil || !slices.ContainsFunc(faults, func(f fault) bool { return f.Value == chosen }) {
		d.refuse(http.StatusBadRequest, "The sandbox cannot do that", "Go back and choose from the list.").ServeHTTP(w, r)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Sandbox.ClearFaults()
	d.Sandbox.SetClock(time.Now()) // the portal's page says when a link expires
	for _, o := range d.Organizations {
		d.Sandbox.PutOrganization(portaltest.Organization(o))
	}
	_ = d.connect() // New has made a client with the same options
	d.fault, d.gone = chosen, ""
	switch chosen {
	case "429":
		d.failLinks(portaltest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 20 * time.Second, Times: -1})
	case "500":
		d.failLinks(portaltest.Fault{Status: http.StatusInternalServerError, Times: -1})
	case "gone":
		d.gone = s.organization.Name
		d.Sandbox.RemoveOrganization(s.organization.ID)
	}
	http.Redirect(w, r, "/settings#behind", http.StatusSeeOther)
}

// failLinks makes requests for links fail, in the dialect that the client tries first.
func (d *Demo) failLinks(f portaltest.Fault) {
	f.Operation = portaltest.OperationGeneratePortalLink
	d.Sandbox.Fail(f)
}

func (d *Demo) is(fault string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault == fault
}

// beforeLink prepares the fault that the first attempt of each click meets.
func (d *Demo) beforeLink() {
	if d.is("500-once") {
		d.Sandbox.ClearFaults() // one is left by a click that sent nothing
		d.failLinks(portaltest.Fault{Status: http.StatusInternalServerError})
	}
}

// afterLink lets the ten minutes of a new link pass.
func (d *Demo) afterLink() {
	if d.is("expired") {
		d.Sandbox.Advance(11 * time.Minute)
	}
}
