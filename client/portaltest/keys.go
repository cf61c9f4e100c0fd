package portaltest

import (
	"net/http"
	"strings"
	"sync"
)

// keyPrefix is unlike that of any real key (sk_live_, sk_test_), so that a key of
// the sandbox is seen for what it is wherever it turns up.
const keyPrefix = "sk_sandbox_"

type keys struct {
	mu    sync.Mutex
	known map[string]permission
}

type permission int

const (
	unknown    permission = iota
	restricted            // lacks the permissions that portal links take
	full
)

func (k *keys) permission(key string) permission {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[key]
}

func (k *keys) add(key string, p permission) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[key] = p
}

func (k *keys) remove(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.known[key]
	delete(k.known, key)
	return ok
}

func (k *keys) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = make(map[string]permission)
}

// AddKey makes one more API key and returns it. Every key has a rate budget of its
// own.
func (h *Handler) AddKey() string { return h.addKey(full) }

// AddRestrictedKey makes an API key that lacks permissions: it is refused, as
// WorkOS refuses it, with 401 at the addresses of [DialectPortalLinks] and 403 at
// those of [DialectGenerateLink].
func (h *Handler) AddRestrictedKey() string { return h.addKey(restricted) }

func (h *Handler) addKey(p permission) string {
	key := keyPrefix + h.secrets.text(secretLength)
	h.keys.add(key, p)
	return key
}

// RemoveKey revokes a key, h.APIKey too, and says whether it was one.
func (h *Handler) RemoveKey(key string) bool {
	h.limits.forget(key)
	return h.keys.remove(key)
}

// bearer returns the key that a request carries; empty when it carries none, or
// more than one.
func bearer(h http.Header) string {
	if len(h["Authorization"]) != 1 {
		return ""
	}
	scheme, key, _ := strings.Cut(h["Authorization"][0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}
