package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
)

// A person is who is signed in, and what the service knows of them.
type person struct {
	Name         string
	Company      string
	Organization string // theirs at WorkOS
	Admin        bool
}

// sessions are a TOY: in memory, without an end, and anyone signs in as anyone,
// without a password. What holds for yours too: the browser has a random number
// and nothing else, and the organization is looked up here.
type sessions struct {
	people map[string]person // by sign-in name

	mu   sync.Mutex
	open map[string]person // by session ID
}

const cookieName = "settings_session"

type personKey struct{}

// signedIn is the person of the session that load found.
func signedIn(r *http.Request) (person, bool) {
	p, ok := r.Context().Value(personKey{}).(person)
	return p, ok
}

// load is the middleware that finds the session before anything else runs.
func (s *sessions) load(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie(cookieName); err == nil {
			s.mu.Lock()
			p, ok := s.open[cookie.Value]
			s.mu.Unlock()
			if ok {
				r = r.WithContext(context.WithValue(r.Context(), personKey{}, p))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// signIn starts a new session, never one whose ID the browser brought.
func (s *sessions) signIn(w http.ResponseWriter, r *http.Request) {
	p, ok := s.people[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	id := rand.Text()
	s.mu.Lock()
	s.open[id] = p
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // plain http on loopback: a service has Secure here
		Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

func (s *sessions) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		delete(s.open, cookie.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true}) //nolint:gosec // as in signIn
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}
