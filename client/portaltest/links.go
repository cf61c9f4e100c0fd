package portaltest

import (
	"slices"
	"sync"
	"time"
)

// A Link is one that the portal issued.
type Link struct {
	// URL is what the answer gave out: a secret, unlike everything that
	// [Handler.Requests] tells.
	URL string

	// Dialect says at which of the two addresses it was asked for.
	Dialect Dialect

	// Organization is whose it is, with its name as it then was.
	Organization Organization

	// Intent is what it opens, as the request spelled it: sso, dsync, …
	Intent string

	ReturnURL       string   // empty: not given
	SuccessURL      string   // empty: not given
	ITContactEmails []string // nil: not given

	IssuedAt  time.Time // by the portal's clock
	ExpiresAt time.Time // by the portal's clock

	// Opened counts how often its page was shown, alive.
	Opened int
}

// secretLength is that of keys and links, in characters of 5 random bits.
const secretLength = 32

// pagePath is where the page of a link is.
const pagePath = "/portal/launch"

// links keeps the youngest.
type links struct {
	mu       sync.Mutex
	issued   queue[*record]
	bySecret map[string]*record
}

type record struct {
	Link
	secret string
}

// issue completes l with a URL under base, and keeps it.
func (s *links) issue(l Link, secret, base string) Link {
	l.URL = base + pagePath + "?secret=" + secret
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySecret == nil {
		s.bySecret = make(map[string]*record)
	}
	r := &record{Link: l, secret: secret}
	s.bySecret[secret] = r
	for _, old := range s.issued.push(r, r.size()) {
		delete(s.bySecret, old.secret)
	}
	return l
}

// size is about what a record takes of the memory.
func (r *record) size() int {
	n := 400 + len(r.URL) + len(r.Organization.Name) + len(r.ReturnURL) + len(r.SuccessURL)
	for _, address := range r.ITContactEmails {
		n += len(address) + 16
	}
	return n
}

// open returns the link of that secret, whether it still lives, and whether there
// is one.
func (s *links) open(secret string, now time.Time) (l Link, alive, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.bySecret[secret]
	if !ok {
		return Link{}, false, false
	}
	if alive = now.Before(r.ExpiresAt); alive {
		r.Opened++
	}
	return r.Link, alive, true
}

func (s *links) list() []Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Link, 0, len(s.issued.entries))
	for r := range s.issued.all {
		l := r.Link
		l.ITContactEmails = slices.Clone(l.ITContactEmails)
		list = append(list, l)
	}
	return list
}

func (s *links) dropped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued.dropped
}

func (s *links) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued.clear()
	clear(s.bySecret)
}

// Links are those that the portal issued, oldest first: who asked for what. Only
// the youngest are kept; [Handler.Dropped] says how many are not.
func (h *Handler) Links() []Link { return h.links.list() }
