package portaltest

import (
	"slices"
	"strings"
	"sync"
)

// An Organization is one that the portal knows.
type Organization struct {
	ID   string // starts with org_
	Name string // shown on portal pages
}

// organizations holds them in the order in which they were added.
type organizations struct {
	mu    sync.Mutex
	known []Organization
}

func (o *organizations) find(id string) (Organization, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.index(id)
	if i < 0 {
		return Organization{}, false
	}
	return o.known[i], true
}

func (o *organizations) add(org Organization) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := o.index(org.ID); i >= 0 {
		o.known[i] = org
		return
	}
	o.known = append(o.known, org)
}

func (o *organizations) remove(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := o.index(id)
	if i < 0 {
		return false
	}
	o.known = slices.Delete(o.known, i, i+1)
	return true
}

func (o *organizations) list() []Organization {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.known)
}

func (o *organizations) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known = nil
}

func (o *organizations) index(id string) int {
	return slices.IndexFunc(o.known, func(org Organization) bool { return org.ID == id })
}

// Organizations are those that the portal knows, oldest first. The first is
// h.Organization, until it is removed.
func (h *Handler) Organizations() []Organization { return h.organizations.list() }

// AddOrganization makes an organization with that name and returns its ID.
func (h *Handler) AddOrganization(name string) string {
	id := h.ids.id("org_")
	h.organizations.add(Organization{ID: id, Name: name})
	return id
}

// PutOrganization adds an organization with an ID of the caller's choice, or
// renames the one that has it. It panics on an ID that does not start with org_: no
// request for it could be valid.
func (h *Handler) PutOrganization(org Organization) {
	if !contract().isOrganizationID(org.ID) {
		panic("portaltest: PutOrganization: the ID must be org_ and letters, digits, - or _, not " + strings.ToValidUTF8(org.ID, "?"))
	}
	h.organizations.add(org)
}

// RemoveOrganization makes the portal answer 404 for id from now on, and says
// whether it knew it. Links that were issued for it still open.
func (h *Handler) RemoveOrganization(id string) bool { return h.organizations.remove(id) }
