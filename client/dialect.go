package client

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// A Dialect is one of the two ways to address the same two jobs.
//
// WorkOS's reference for the Admin Portal has POST /portal_links and
// GET /provider_icons; the SDKs that WorkOS publishes call
// POST /portal/generate_link and read a static icon file from the CDN. Few
// callers need to know: with [DialectAuto] the client finds out.
type Dialect int

const (
	// DialectAuto learns the dialect from the first answer that leaves no doubt
	// and keeps it for the client's life. It is the default.
	DialectAuto Dialect = iota
	// DialectPortalLinks is the reference's: POST /portal_links,
	// GET /provider_icons.
	DialectPortalLinks
	// DialectGenerateLink is the live one: POST /portal/generate_link, and
	// GET /provider-icons.json on the CDN. It alone has the intents
	// domain_verification, certificate_renewal and bring_your_own_key, contact
	// addresses, and options of an intent.
	DialectGenerateLink
)

func (d Dialect) String() string {
	switch d {
	case DialectAuto:
		return "auto"
	case DialectPortalLinks:
		return "portal_links"
	case DialectGenerateLink:
		return "generate_link"
	}
	return "unknown dialect"
}

// A learner remembers which dialect works. The first caller to meet an empty one
// finds out for all; those who come meanwhile wait for its first verdict, once.
// If that taught nothing they go their own way together, so that a service in
// trouble does not serialise them.
type learner struct {
	known atomic.Int32 // a Dialect; DialectAuto while nothing is known

	mu      sync.Mutex
	probing chan struct{} // closed when the probe has its verdict; nil if none runs
}

// dialect is what is known now.
func (l *learner) dialect() Dialect { return Dialect(l.known.Load()) }

// learn keeps the first lesson.
func (l *learner) learn(d Dialect) { l.known.CompareAndSwap(int32(DialectAuto), int32(d)) }

// ask returns what is known, having waited for a running probe. With DialectAuto
// the caller is to find out itself, and calls done as soon as it has learned or
// has seen an answer that teaches nothing. done is never nil and may be called
// more than once.
func (l *learner) ask(ctx context.Context) (d Dialect, done func(), err error) {
	if d = l.dialect(); d != DialectAuto {
		return d, func() {}, nil
	}
	l.mu.Lock()
	if probing := l.probing; probing != nil {
		l.mu.Unlock()
		select {
		case <-probing:
			return l.dialect(), func() {}, nil
		case <-ctx.Done():
			return DialectAuto, func() {}, ctx.Err()
		}
	}
	// The lesson may have come between the look above and the lock.
	if d = l.dialect(); d != DialectAuto {
		l.mu.Unlock()
		return d, func() {}, nil
	}
	probing := make(chan struct{})
	l.probing = probing
	l.mu.Unlock()
	return DialectAuto, sync.OnceFunc(func() {
		l.mu.Lock()
		l.probing = nil
		l.mu.Unlock()
		close(probing)
	}), nil
}

// teaches reports whether an error answer shows that the service itself speaks
// dialect d at this route, rather than a proxy in front of it: a 400, 404 or 422
// with a body that d is known for.
func teaches(d Dialect, status int, body []byte) bool {
	switch status {
	case 400, 422:
		if d == DialectPortalLinks {
			return isContractError(body)
		}
		return isLiveError(body)
	case 404:
		if d == DialectPortalLinks {
			return isContractError(body)
		}
		return isEntityNotFound(body)
	}
	return false
}

// aboutOrganization reports whether a 404 speaks of the organization. Any other
// 404 means that the route is not there: a framework's page, a proxy's, or a
// service of the other dialect.
func aboutOrganization(body []byte) bool { return isContractError(body) || isEntityNotFound(body) }

// isContractError: openapi.yaml's Error, all of its fields.
func isContractError(body []byte) bool {
	var e struct {
		Error       *string `json:"error"`
		Description *string `json:"error_description"`
		Code        *string `json:"code"`
	}
	return json.Unmarshal(body, &e) == nil && e.Error != nil && *e.Error != "" && e.Description != nil && e.Code != nil && *e.Code != ""
}

func isEntityNotFound(body []byte) bool {
	var e struct {
		Code string `json:"code"`
	}
	return json.Unmarshal(body, &e) == nil && e.Code == "entity_not_found"
}

// isLiveError: openapi.yaml's LiveError as a 400 or 422 has been seen.
func isLiveError(body []byte) bool {
	var e struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	return json.Unmarshal(body, &e) == nil && (e.Message != "" || e.Error != "")
}
