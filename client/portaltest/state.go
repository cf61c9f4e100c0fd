package portaltest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// state is everything about a portal that changes.
type state struct {
	mu sync.Mutex // guards records
	records
}

type records struct {
	offset        time.Duration     // of the portal's clock from the host's
	keys          map[string]bool   // whether the key may ask for links
	windows       map[string]window // by key
	organizations []Organization
	links         []Link     // oldest first
	requests      []*Request // oldest first
	faults        []*scripted
	dropped       Dropped
}

// lock is for "defer h.lock()()".
func (s *state) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

// Reset makes the portal as it was when it was new. h.APIKey and h.Organization stay.
func (h *Handler) Reset() {
	defer h.lock()()
	h.records = records{
		keys:          map[string]bool{h.APIKey: true},
		windows:       map[string]window{},
		organizations: []Organization{{ID: h.Organization, Name: "Acme"}},
	}
	if h.examples {
		h.keys[exampleKey] = true
		h.organizations = append(h.organizations, Organization{ID: exampleOrganization, Name: "Example"})
	}
}

// Now is the portal's time: the host's, unless SetClock or Advance moved it.
func (h *Handler) Now() time.Time {
	defer h.lock()()
	return time.Now().Add(h.offset)
}

// SetClock sets the portal's clock to t, from where it runs on. Links expire by this clock, rate
// windows end by it, and the Date header tells it. It may go back. The clock of the program under
// test does not move; see [Handler.Advance].
func (h *Handler) SetClock(t time.Time) {
	defer h.lock()()
	h.offset = time.Until(t)
}

// Advance moves the portal's clock forward by d, or back by a negative d.
//
// It moves the portal's clock alone. A client counts a link's life by its own clock: after an
// Advance, Expired is still false and EnsureFresh returns the same link, which the portal no longer
// opens. To move both clocks, run the test in a testing/synctest bubble, reach the portal through
// [Handler.Transport], and sleep: see the example of Transport.
func (h *Handler) Advance(d time.Duration) {
	defer h.lock()()
	h.offset += d
}

// AddKey makes another API key and returns it. Every key has its own rate budget.
func (h *Handler) AddKey() string { return h.addKey(true) }

// AddRestrictedKey makes an API key that lacks permissions: it is refused with 401 at the routes of
// [DialectPortalLinks] and with 403 at those of [DialectGenerateLink].
func (h *Handler) AddRestrictedKey() string { return h.addKey(false) }

func (h *Handler) addKey(permitted bool) string {
	defer h.lock()()
	key := newKey()
	h.keys[key] = permitted
	return key
}

// RemoveKey revokes a key, h.APIKey too. It reports whether the key existed.
func (h *Handler) RemoveKey(key string) bool {
	defer h.lock()()
	_, ok := h.keys[key]
	delete(h.keys, key)
	return ok
}

// A window begins with a key's first request and ends after a fixed time.
type window struct {
	start time.Time
	used  int
}

// A budget is what is left to a key.
type budget struct {
	limit, remaining          int
	now, reset                time.Time
	refused, known, permitted bool
}

// spend counts n requests of key and returns what is left; with n 0 it only looks. Refused requests
// are not counted. A key that does not exist has a whole budget.
func (h *Handler) spend(key string, n int) budget {
	defer h.lock()()
	now := time.Now().Add(h.offset)
	b := budget{limit: h.limit, remaining: h.limit, now: now, reset: now.Add(h.window)}
	if b.permitted, b.known = h.keys[key]; !b.known || h.limit < 0 {
		return b
	}
	w := h.windows[key]
	// A window that begins after now is void: the clock was set back.
	if now.Before(w.start) || !now.Before(w.start.Add(h.window)) {
		w = window{start: now}
	}
	if b.refused = w.used+n > h.limit; !b.refused {
		w.used += n
	}
	if n > 0 {
		h.windows[key] = w
	}
	b.remaining, b.reset = h.limit-w.used, w.start.Add(h.window)
	return b
}

// write sets the rate headers of an answer.
func (b budget) write(h http.Header) {
	if b.limit < 0 {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(seconds(b.reset.Sub(b.now))))
	if b.refused {
		h.Set("Retry-After", strconv.Itoa(seconds(b.reset.Sub(b.now))))
	}
}

// seconds rounds up: a client that waits that long finds a new window.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// An Organization is one that the portal knows.
type Organization struct {
	ID   string `json:"id"`   // starts with org_
	Name string `json:"name"` // shown on portal pages
}

// Organizations lists the organizations that exist, oldest first.
func (h *Handler) Organizations() []Organization {
	defer h.lock()()
	return slices.Clone(h.organizations)
}

// AddOrganization makes an organization with that name and returns its ID.
func (h *Handler) AddOrganization(name string) string {
	org := Organization{ID: newID("org_"), Name: name}
	h.PutOrganization(org)
	return org.ID
}

// PutOrganization adds an organization whose ID the caller chose, or renames the one that has this
// ID. It panics on an ID that is not org_ and letters, digits, - or _.
func (h *Handler) PutOrganization(org Organization) {
	if !isOrganizationID(org.ID) {
		panic("portaltest: PutOrganization: the ID " + organizationRule)
	}
	defer h.lock()()
	if i := h.index(org.ID); i >= 0 {
		h.organizations[i] = org
		return
	}
	h.organizations = append(h.organizations, org)
}

// RemoveOrganization makes the portal answer 404 for id from now on. It reports whether the
// organization existed. Links that were issued for it still open.
func (h *Handler) RemoveOrganization(id string) bool {
	defer h.lock()()
	i := h.index(id)
	if i >= 0 {
		h.organizations = slices.Delete(h.organizations, i, i+1)
	}
	return i >= 0
}

func (r *records) index(organization string) int {
	return slices.IndexFunc(r.organizations, func(o Organization) bool { return o.ID == organization })
}

// A Link is one that the portal issued.
type Link struct {
	URL          string       // what the client got: a secret
	Dialect      Dialect      // of the route at which it was asked for
	Organization Organization // with the name it had then
	// What the request said. Empty is what it left out.
	Intent, ReturnURL, SuccessURL string
	ITContactEmails               []string

	IssuedAt, ExpiresAt time.Time // by the portal's clock
	Opened              int       // how often its page was shown before it expired
}

// Links lists the links that the portal issued, oldest first: who asked for what. Only the newest
// are kept, see [Handler.Dropped].
func (h *Handler) Links() []Link {
	defer h.lock()()
	list := slices.Clone(h.links)
	for i := range list {
		list[i].ITContactEmails = slices.Clone(list[i].ITContactEmails)
	}
	return list
}

// issue completes l and keeps it, if its organization exists.
func (h *Handler) issue(l Link) (Link, bool) {
	defer h.lock()()
	i := h.index(l.Organization.ID)
	if i < 0 {
		return l, false
	}
	l.Organization = h.organizations[i]
	h.links = append(h.links, l)
	if over := len(h.links) - h.kept; over > 0 {
		h.links = h.links[over:]
		h.dropped.Links += over
	}
	return l, true
}

// open returns the link with that secret and whether it is still alive. If shown, it counts the opening.
func (h *Handler) open(secret string, now time.Time, shown bool) (l Link, alive, ok bool) {
	defer h.lock()()
	i := slices.IndexFunc(h.links, func(l Link) bool { return strings.HasSuffix(l.URL, "?secret="+secret) })
	if i < 0 {
		return Link{}, false, false
	}
	if alive = now.Before(h.links[i].ExpiresAt); alive && shown {
		h.links[i].Opened++
	}
	return h.links[i], alive, true
}

// Dropped counts what the portal forgot: it keeps the last 10,000 links and as many requests. The
// page of a link that was forgotten is 404.
type Dropped struct{ Links, Requests int }

// Dropped counts what [Handler.Links] and [Handler.Requests] no longer list.
func (h *Handler) Dropped() Dropped {
	defer h.lock()()
	return h.dropped
}
