package demo

import (
	"crypto/rand"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A session is a person who acts for one organization. It never changes: to switch
// is to begin another, so that a click under way stays with the organization that
// it was made for.
type session struct {
	organization Organization
	person       *person
	used         time.Time // kept by sessions
}

// A person is one browser.
type person struct{ journal }

// sessions are those that are open, by the number in the cookie, which is all that
// the browser has. In place of a sign-in, whoever comes is let in: this is a demo.
type sessions struct {
	cookie string // its name; cookies are of a host, whatever its port

	mu   sync.Mutex
	open map[string]*session
}

// maxSessions bounds the memory. Who has been away longest begins anew.
const maxSessions = 1000

func (s *sessions) find(r *http.Request) (*session, bool) {
	cookie, err := r.Cookie(s.cookie)
	if err != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[cookie.Value]
	if ok {
		found.used = time.Now()
	}
	return found, ok
}

// start begins a session under a number of its own, never one that the browser
// brought, and ends the browser's last.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, organization Organization) *session {
	begun := &session{organization: organization, person: new(person), used: time.Now()}
	id := rand.Text()
	s.mu.Lock()
	if cookie, err := r.Cookie(s.cookie); err == nil {
		if last, ok := s.open[cookie.Value]; ok {
			begun.person = last.person
			delete(s.open, cookie.Value)
		}
	}
	for len(s.open) >= maxSessions {
		var oldest string
		for id, o := range s.open {
			if oldest == "" || o.used.Before(s.open[oldest].used) {
				oldest = id
			}
		}
		delete(s.open, oldest)
	}
	s.open[id] = begun
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{ // plain http on loopback: a service has Secure here
		Name: s.cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return begun
}

// switchOrganization begins a session for another of the organizations. In a
// service this is where it says whether the person belongs to it.
func (d *Demo) switchOrganization(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("organization")
	i := slices.IndexFunc(d.Organizations, func(o Organization) bool { return o.ID == id })
	if i < 0 {
		d.refuse(http.StatusForbidden, "You do not belong to this organization", "Go back and choose one of yours.").ServeHTTP(w, r)
		return
	}
	d.sessions.start(w, r, d.Organizations[i])
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}
