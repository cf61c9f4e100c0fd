package demo

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A fault is one way in which the sandbox fails, from when it is chosen until
// another is.
type fault struct {
	Value string // in the form
	Name  string
	About string
}

const (
	faultNone     = "none"
	faultExpired  = "expired"
	faultLimited  = "429"
	faultOnce     = "500-once"
	faultServer   = "500"
	faultNotFound = "gone"
)

var allFaults = []fault{
	{faultNone, "Nothing", "Links are made, and open."},
	{faultExpired, "The link expires", "Its ten minutes pass before the browser gets there."},
	{faultLimited, "429, too many requests", "With Retry-After: 20, which is longer than a click waits."},
	{faultOnce, "500, at first", "The client tries again, and nobody notices."},
	{faultServer, "500, every time", "The client tries four times and gives up."},
	{faultNotFound, "404, organization gone", "WorkOS no longer knows the one that you are in."},
}

// faults is which one is chosen.
type faults struct {
	mu      sync.Mutex
	current string
	who     string // whose organization is gone
}

func (f *faults) now() (current, who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current, f.who
}

// setFault answers the panel.
func (d *Demo) setFault(w http.ResponseWriter, r *http.Request) {
	s, ok := d.sessions.find(r)
	chosen := r.PostFormValue("fault")
	known := slices.ContainsFunc(allFaults, func(f fault) bool { return f.Value == chosen })
	switch {
	case !ok:
		d.refuse(http.StatusUnauthorized, "Your session has ended", "Go back, which begins another, and choose again.").ServeHTTP(w, r)
		return
	case !known:
		d.refuse(http.StatusBadRequest, "The sandbox cannot do that", "Go back and choose from the list.").ServeHTTP(w, r)
		return
	}
	if err := d.fail(chosen, s.organization); err != nil {
		d.refuse(http.StatusInternalServerError, "The sandbox cannot be reached", "Start the demo again.").ServeHTTP(w, r)
		return
	}
	http.Redirect(w, r, "/settings#behind", http.StatusSeeOther)
}

// fail mends the sandbox and then breaks it as chosen. The client starts anew, or
// it would go on waiting for a rate limit that is no more.
func (d *Demo) fail(chosen string, organization Organization) error {
	f := &d.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	d.Sandbox.ClearFaults()
	d.Sandbox.SetClock(time.Now())
	for _, o := range d.Organizations {
		d.Sandbox.PutOrganization(portaltest.Organization(o))
	}
	if err := d.connect(); err != nil {
		return err
	}
	f.current, f.who = chosen, ""
	switch chosen {
	case faultLimited:
		d.failLinks(portaltest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 20 * time.Second, Times: -1})
	case faultServer:
		d.failLinks(portaltest.Fault{Status: http.StatusInternalServerError, Times: -1})
	case faultNotFound:
		f.who = organization.Name
		d.Sandbox.RemoveOrganization(organization.ID)
	}
	return nil
}

// failLinks breaks the making of links in the dialect that the client prefers.
func (d *Demo) failLinks(f portaltest.Fault) {
	f.Operation = portaltest.OperationGeneratePortalLink
	d.Sandbox.Fail(f)
}

// arm readies what strikes each click once.
func (d *Demo) arm() {
	if current, _ := d.faults.now(); current == faultOnce && len(d.Sandbox.PendingFaults()) == 0 {
		d.failLinks(portaltest.Fault{Status: http.StatusInternalServerError})
	}
}

// age lets the life of a link pass, if that is what was chosen.
func (d *Demo) age() {
	if current, _ := d.faults.now(); current == faultExpired {
		d.Sandbox.Advance(longerThanLinks)
	}
}

// longerThanLinks is more than the ten minutes of a link of the sandbox.
const longerThanLinks = 11 * time.Minute
