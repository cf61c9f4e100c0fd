package client

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Dialect is one of the two ways to address the same two jobs.
//
// WorkOS's reference for the Admin Portal has POST /portal_links and GET /provider_icons. The SDKs
// that WorkOS publishes call POST /portal/generate_link and read a static icon file from the CDN.
// Few callers need to know: with [DialectAuto] the client finds out.
type Dialect int

const (
	// DialectAuto learns the dialect from the first answer that leaves no doubt and remembers it. It
	// is the default.
	DialectAuto Dialect = iota
	// DialectPortalLinks is the reference's: POST /portal_links, GET /provider_icons.
	DialectPortalLinks
	// DialectGenerateLink is the live one: POST /portal/generate_link, and GET /provider-icons.json on
	// the CDN. It alone has the intents domain_verification, certificate_renewal and
	// bring_your_own_key, and contact addresses.
	DialectGenerateLink
)

// String is the word in logs: "auto", "portal_links" or "generate_link".
func (d Dialect) String() string { return dialects[d] }

// other is the dialect to try where a route is not there.
func (d Dialect) other() Dialect { return DialectPortalLinks + DialectGenerateLink - d }

var dialects = map[Dialect]string{DialectAuto: "auto", DialectPortalLinks: "portal_links", DialectGenerateLink: "generate_link"}

// A learner remembers which dialect works. The first caller to meet an empty one finds out for all,
// and those who come meanwhile wait for its first answer, though not for long: it may itself wait
// for budget. If that answer did not tell the dialect, they do not wait again, so that they do not
// queue one behind the other.
type learner struct {
	known   atomic.Int64  // a Dialect; DialectAuto while nothing is known
	probing chan struct{} // holds one token while somebody finds out
}

func newLearner() *learner { return &learner{probing: make(chan struct{}, 1)} }

func (l *learner) dialect() Dialect { return Dialect(l.known.Load()) }

// change replaces what is known, unless that has changed since.
func (l *learner) change(from, to Dialect) { l.known.CompareAndSwap(int64(from), int64(to)) }

// learnPatience bounds how long a caller waits for another one's answer. It also waits for at most
// half of what its context has left.
const learnPatience = 3 * time.Second

// ask returns what is known. With DialectAuto the caller is to find out itself, and calls done as
// soon as it has an answer. done is never nil and may be called more than once. Where ctx ends
// first, the dialect means nothing.
func (l *learner) ask(ctx context.Context) (known Dialect, done func()) {
	if known = l.dialect(); known != DialectAuto {
		return known, func() {}
	}
	select {
	case l.probing <- struct{}{}: // nobody else
		return l.dialect(), sync.OnceFunc(func() { <-l.probing })
	default:
	}
	select {
	case l.probing <- struct{}{}: // the other has an answer, and the next who waits goes on
		<-l.probing
	case <-time.After(min(learnPatience, time.Until(deadlineOf(ctx))/2)):
	case <-ctx.Done():
	}
	return l.dialect(), func() {}
}
