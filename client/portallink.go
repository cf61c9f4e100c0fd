package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

const (
	// liveLife is how long a link of the live dialect lives, whose answer does not
	// say (WorkOS's Admin Portal documentation: five minutes from issue).
	liveLife = 5 * time.Minute

	// longLife is past what one clock is believed alone: links live ten minutes by
	// the API reference, five by WorkOS's documentation.
	longLife = time.Hour
)

// A PortalLink is a secret with a clock: whoever holds URL is the organization's
// admin until it expires. Redirect to it at once; do not store, e-mail or log it.
//
// URL is the one way to the secret. Every print form of a link is redacted, and
// marshaling one to JSON is an error that says to send URL. One thing cannot be
// helped: fmt prints what an unexported field holds without asking it. It does not
// follow a pointer there with %v, %+v and %#v, so keep the pointer that you are
// handed, not a copy, in structs of your own, and do not print those. (Nor does fmt
// ask a value that is printed with %p.)
//
// A PortalLink may be shared between goroutines and copied. A literal with URL
// and ExpiresAt serves as a fake in tests.
type PortalLink struct {
	// URL is where to send the admin.
	URL string

	// ExpiresAt is when the link dies, by the server's clock; in the live dialect,
	// which does not say, it is five minutes after the request, by this host's.
	// To decide whether a link still lives use TTL, which needs no clock to be
	// right.
	ExpiresAt time.Time

	origin *origin // nil in a literal
}

// origin is what a link remembers of the call that made it.
type origin struct {
	counted time.Time     // from when life counts, on the monotonic clock
	life    time.Duration // how long the link lives from then on
	request PortalLinkRequest
	renewal flight[*PortalLink]
}

// TTL is how long the link lives on, never more than the server would say and
// zero once it has expired.
//
// It is measured on the server's clock (expires_at against the answer's own Date)
// and counted down on this host's monotonic clock, so that a host whose clock is
// wrong or is set still gets it right. Date has whole seconds and the count
// starts before the request was sent: TTL is up to two seconds and the call's
// duration less than what the server would say.
//
// Where the answer has no Date it goes by the local clock. A life of more than an
// hour is believed only where the two clocks bear each other out, since one of
// them may be wrong; else it is five minutes, as in the live dialect, whose answers
// tell no life. In a literal it is [time.Until] ExpiresAt.
//
// What no clock here sees is the time that a host spends suspended where the
// monotonic clock stops meanwhile (Linux, macOS): TTL is too long by that much. So
// make the link at the click rather than keep it.
func (l PortalLink) TTL() time.Duration {
	if l.origin == nil {
		return max(time.Until(l.ExpiresAt), 0)
	}
	return max(l.origin.life-time.Since(l.origin.counted), 0)
}

// Expired reports whether the link is dead: nobody should be sent to it.
func (l PortalLink) Expired() bool { return l.TTL() == 0 }

// String names the link without its secret.
func (l PortalLink) String() string {
	host := "nowhere"
	if u, err := url.Parse(l.URL); err == nil && u.Host != "" {
		host = u.Host
	}
	return fmt.Sprintf("portal link to %s, %v left [redacted]", host, l.TTL().Round(time.Second))
}

// Format prints String whatever the verb.
func (l PortalLink) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(l.String())) }

// LogValue logs String.
func (l PortalLink) LogValue() slog.Value { return slog.StringValue(l.String()) }

var errMarshalLink = errors.New("adminportal: a PortalLink does not marshal, since it is a secret: send link.URL, to the admin alone")

// MarshalJSON fails: a redacted link in a browser would be a dead one.
func (l PortalLink) MarshalJSON() ([]byte, error) { return nil, errMarshalLink }

// MarshalText fails for the same reason.
func (l PortalLink) MarshalText() ([]byte, error) { return nil, errMarshalLink }

var (
	errLink     = errors.New("link: must be an absolute https URL (http on loopback only)")
	errLinkHost = errors.New("link: leads to a host that WithLinkHosts does not list")
)

// trust is which addresses of an answer are accepted.
type trust struct {
	plainHTTP bool
	linkHosts map[string]bool // empty: all
	cdnURL    string          // where icons are
}

func newTrust(plainHTTP bool, linkHosts []string, cdnURL string) trust {
	t := trust{plainHTTP: plainHTTP, linkHosts: make(map[string]bool), cdnURL: cdnURL}
	for _, host := range linkHosts {
		t.linkHosts[normalHost(host)] = true
	}
	return t
}

// readLink makes a link of a 2xx. The live dialect's answer is the reference's without expires_at.
// No error repeats the link.
func readLink(a *answer, t *trust, req PortalLinkRequest) (*PortalLink, error) {
	var body gen.PortalLink
	err := json.Unmarshal(a.body, &body)
	if err != nil { // perhaps for a leap second, which no time.Time has: the second before will do
		err = json.Unmarshal(bytes.Replace(a.body, []byte(":59:60"), []byte(":59:59"), 1), &body)
	}
	if err != nil {
		return nil, fmt.Errorf("not a portal link: %s", misfit(err, "expires_at"))
	}
	u, err := parseAddress(body.Link, t.plainHTTP)
	if err != nil {
		return nil, errLink
	}
	if !t.allowsHost(u) {
		return nil, errLinkHost
	}
	link := &PortalLink{URL: body.Link, ExpiresAt: body.ExpiresAt, origin: &origin{counted: a.sent, life: liveLife, request: req}}
	if body.ExpiresAt.IsZero() {
		link.ExpiresAt = a.sent.Round(0).Add(liveLife)
	} else {
		link.origin.life = lifeLeft(a, body.ExpiresAt)
	}
	return link, nil
}

// lifeLeft is how long from a.sent on something lives that dies at expires by the
// server's clock, never more than is certain.
func lifeLeft(a *answer, expires time.Time) time.Duration {
	byHost := expires.Sub(a.sent)
	life := byHost
	dated := !a.date.IsZero()
	if dated {
		// Date is cut to the second, so it may have been up to one later.
		life = expires.Sub(a.date.Add(time.Second))
	}
	switch {
	case life <= longLife:
		return life
	case dated && byHost > 0:
		return min(life, byHost)
	}
	return liveLife
}

func (t *trust) allowsHost(link *url.URL) bool {
	if len(t.linkHosts) == 0 {
		return true
	}
	host, port := normalHost(link.Hostname()), link.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[link.Scheme]
	}
	return t.linkHosts[host] || t.linkHosts[host+":"+port] || t.linkHosts[normalHost(link.Host)]
}
