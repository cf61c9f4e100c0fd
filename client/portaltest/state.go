package portaltest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// state is everything about a portal that changes. mu guards it.
type state struct {
	mu sync.Mutex
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

// Reset makes the portal as it was when it was new: h.APIKey and h.Organization are
// the only key and the only organization, apart from those of [WithExamples]. Links,
// requests, faults and rate windows are gone, and the clock is the host's.
func (h *Handler) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
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

// Now is the portal's time: the host's, unless [Handler.SetClock] or
// [Handler.Advance] moved it.
func (h *Handler) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.offset)
}

// SetClock sets the portal's clock to t, from where it runs on. Links expire by this
// clock, rate windows end by it, and the Date header tells it. It may go back: then
// links that had expired are valid again. The clock of the program under test does not
// move; see [Handler.Advance].
func (h *Handler) SetClock(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offset = time.Until(t)
}

// Advance moves the portal's clock forward by d, or back by a negative d.
//
// It moves the portal's clock alone. A client that holds a link counts by its own
// clock: after an Advance its Expired is still false and its EnsureFresh returns the
// same link, which the portal no longer opens. To move both clocks, run the test in a
// testing/synctest bubble, reach the portal through [Handler.Transport], and sleep:
// the example of Transport shows it.
func (h *Handler) Advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offset += d
}

// AddKey makes another API key and returns it. Every key has its own rate budget.
func (h *Handler) AddKey() string { return h.addKey(true) }

// AddRestrictedKey makes an API key that lacks permissions. Like WorkOS, the portal
// refuses it with 401 at the routes of [DialectPortalLinks] and with 403 at those of
// [DialectGenerateLink].
func (h *Handler) AddRestrictedKey() string { return h.addKey(false) }

func (h *Handler) addKey(permitted bool) string {
	key := newKey()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[key] = permitted
	return key
}

// RemoveKey revokes a key, h.APIKey too. It reports whether the key existed.
func (h *Handler) RemoveKey(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.keys[key]
	delete(h.keys, key)
	delete(h.windows, key)
	return ok
}

// A window begins with a key's first request and ends after a fixed time.
type window struct {
	start time.Time
	used  int
}

// A budget is what is left to a key: what the rate headers tell.
type budget struct {
	limit, remaining int
	reset            time.Time
	refused          bool
}

// spend counts n requests of key and returns what is left; with n 0 it only looks.
// Refused requests are not counted. A key that does not exist has a whole budget.
func (h *Handler) spend(key string, n int, now time.Time) budget {
	b := budget{limit: h.limit, remaining: h.limit, reset: now.Add(h.window)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.keys[key]; !ok || h.limit < 0 {
		return b
	}
	w, ok := h.windows[key]
	// A window that begins after now is void: the clock was set back.
	if !ok || now.Before(w.start) || !now.Before(w.start.Add(h.window)) {
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

// write sets the rate headers of an answer that is given now.
func (b budget) write(h http.Header, now time.Time) {
	if b.limit < 0 {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(b.remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(seconds(b.reset.Sub(now))))
	if b.refused {
		h.Set("Retry-After", strconv.Itoa(max(1, seconds(b.reset.Sub(now)))))
	}
}

// seconds rounds up: a client that waits that long finds a new window.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// An Organization is one that the portal knows.
type Organization struct {
	ID   string `json:"id"`   // starts with org_
	Name string `json:"name"` // shown on portal pages
}

// Organizations lists the organizations that exist, oldest first. The first is
// h.Organization, until it is removed.
func (h *Handler) Organizations() []Organization {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.organizations)
}

// AddOrganization makes an organization with that name and returns its ID.
func (h *Handler) AddOrganization(name string) string {
	org := Organization{ID: newID("org_"), Name: name}
	h.PutOrganization(org)
	return org.ID
}

// PutOrganization adds an organization whose ID the caller chose, or renames the one
// that has this ID. It panics if no valid request could name the ID: it must be org_
// and letters, digits, - or _.
func (h *Handler) PutOrganization(org Organization) {
	if !isOrganizationID(org.ID) {
		panic("portaltest: PutOrganization: the ID must be org_ and letters, digits, - or _, not " + printable(org.ID))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := h.indexOrganization(org.ID); i >= 0 {
		h.organizations[i] = org
		return
	}
	h.organizations = append(h.organizations, org)
}

// RemoveOrganization makes the portal answer 404 for id from now on. It reports
// whether the organization existed. Links that were issued for it still open.
func (h *Handler) RemoveOrganization(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.indexOrganization(id)
	if i >= 0 {
		h.organizations = slices.Delete(h.organizations, i, i+1)
	}
	return i >= 0
}

func (r *records) indexOrganization(id string) int {
	return slices.IndexFunc(r.organizations, func(org Organization) bool { return org.ID == id })
}

// A Link is one that the portal issued.
type Link struct {
	// URL is what the client got. It is a secret, unlike everything that
	// [Handler.Requests] lists.
	URL string

	Dialect      Dialect      // of the route at which it was asked for
	Organization Organization // with the name it had then

	// Intent is what the link opens, as in the request: sso, dsync, … It is empty
	// when the request had none, which only [DialectGenerateLink] allows.
	Intent string

	ReturnURL       string   // empty: not given
	SuccessURL      string   // empty: not given
	ITContactEmails []string // nil: not given

	IssuedAt, ExpiresAt time.Time // by the portal's clock

	// Opened counts how often the link's page was shown before it expired.
	Opened int
}

// Links lists the links that the portal issued, oldest first: who asked for what.
// Only the newest are kept; [Handler.Dropped] counts the others.
func (h *Handler) Links() []Link {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Clone(h.links)
	for i := range list {
		list[i].ITContactEmails = slices.Clone(list[i].ITContactEmails)
	}
	return list
}

func (h *Handler) addLink(l Link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.links = append(h.links, l)
	if over := len(h.links) - h.kept; over > 0 {
		h.links = h.links[over:]
		h.dropped.Links += over
	}
}

// open returns the link with that secret and whether it is still alive.
func (h *Handler) open(secret string, now time.Time) (l Link, alive, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.links, func(l Link) bool { return strings.HasSuffix(l.URL, "?secret="+secret) })
	if i < 0 {
		return Link{}, false, false
	}
	if alive = now.Before(h.links[i].ExpiresAt); alive {
		h.links[i].Opened++
	}
	return h.links[i], alive, true
}

// Dropped counts what the portal forgot, oldest first, to bound its memory: it keeps
// the last 10,000 links and as many requests.
type Dropped struct {
	Links    int // their pages answer 404 now
	Requests int
}

// Dropped counts what [Handler.Links] and [Handler.Requests] no longer list.
func (h *Handler) Dropped() Dropped {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dropped
}
