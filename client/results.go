package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// A PortalLink is a secret with a clock: whoever holds URL is the organization's admin until it
// expires. Redirect to it at once; do not store, e-mail or log it.
//
// Only URL holds the secret. Every print form of a link is redacted, and marshaling one to JSON is
// an error that says to send URL. There is one exception: fmt prints the unexported fields of your
// own structs without calling the methods of what they hold. It does not follow a pointer there, so
// keep the pointer that you are handed, not a copy.
//
// A PortalLink may be shared between goroutines and copied. A literal with URL and ExpiresAt serves
// as a fake in tests.
type PortalLink struct {
	// URL is where to send the admin.
	URL string

	// ExpiresAt is when the link dies, by the server's clock; in the live dialect, which does not say,
	// it is five minutes after the request, by this host's. To decide whether a link still lives use
	// TTL, which needs no clock to be right.
	ExpiresAt time.Time

	origin *origin // nil in a literal
}

// origin is a link, and what it remembers of the call that made it.
type origin struct {
	link    PortalLink
	counted time.Time     // from when life counts, on the monotonic clock
	life    time.Duration // how long the link lives from then on
	request PortalLinkRequest
	renewal flight[*PortalLink]
}

// TTL is how long the link lives on, never more than the server would say and zero once it has
// expired.
//
// It is measured on the server's clock (expires_at against the answer's own Date) and counted down
// on this host's monotonic clock, so that a host whose clock is wrong or is set still gets it
// right. Date has whole seconds and the count starts before the request was sent: TTL is up to two
// seconds and the call's duration less than what the server would say.
//
// Where the answer has no Date it goes by the local clock. A life of more than an hour is believed
// only where the two clocks agree, since one of them may be wrong; else it is five minutes, as in
// the live dialect, whose answers tell no life. In a literal it is [time.Until] ExpiresAt.
//
// The monotonic clock of Linux and macOS stops while the host is suspended: TTL is then too long by
// that time. So make the link at the click rather than keep it.
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
	u, _ := url.Parse(l.URL) // nil for what is no address
	return fmt.Sprintf("portal link to %s, %v left [redacted]", cmp.Or(cmp.Or(u, new(url.URL)).Host, "nowhere"), l.TTL().Round(time.Second))
}

// Format prints String whatever the verb.
func (l PortalLink) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// LogValue logs String.
func (l PortalLink) LogValue() slog.Value { return slog.StringValue(l.String()) }

var errMarshalLink = errors.New("adminportal: a PortalLink does not marshal, since it is a secret: send link.URL, to the admin alone")

// MarshalJSON fails: a redacted link in a browser would be a dead one.
func (l PortalLink) MarshalJSON() ([]byte, error) { return nil, errMarshalLink }

// MarshalText fails for the same reason.
func (l PortalLink) MarshalText() ([]byte, error) { return nil, errMarshalLink }

// A ProviderIcon is the icon of one identity provider, for your settings page.
type ProviderIcon struct {
	ID          string `json:"id"`                      // "okta"
	Name        string `json:"name"`                    // "Okta", for people: use it as the alternative text
	IconURL     string `json:"icon_url"`                // an SVG file
	DarkIconURL string `json:"dark_icon_url,omitempty"` // for dark pages; empty if there is none: use IconURL
}
