package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync/atomic"
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
	lineage atomic.Pointer[lineage] // made when the link is first renewed
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

// GeneratePortalLink asks WorkOS for a link at which the request's organization
// configures the request's intent. Redirect the admin to link.URL at once.
//
// What is wrong with the request is refused before anything is sent, and matches
// [ErrInvalidRequest]. Failures that may pass are retried (see [RetryPolicy]); a
// retried call may make a second link, which is harmless. The context bounds the
// whole call with its waits. Every error is an [*Error].
//
// A link that is dead on arrival, by the server's own clock, is no error: it is
// returned, and [PortalLink.Expired] says so. Only the portal's page knows better.
func (c *Client) GeneratePortalLink(ctx context.Context, req PortalLinkRequest) (*PortalLink, error) {
	const name = "generate portal link"
	core, err := c.ready(name)
	if err != nil {
		return nil, err
	}
	return core.generate(ctx, name, req, nil)
}

func (c *core) generate(ctx context.Context, name string, req PortalLinkRequest, family *lineage) (*PortalLink, error) {
	if err := req.check(c.pinned); err != nil {
		return nil, during(name, err)
	}
	req.ITContactEmails = append([]string(nil), req.ITContactEmails...)
	j := &linkJob{core: c, req: req, family: family, idempotency: c.idempotencyKey(), dialect: c.pinned}
	if !validIdempotencyKey(j.idempotency) {
		return nil, during(name, invalid("idempotency key", "must be at most 255 printable characters"))
	}
	routes := c.routes.links
	switch {
	case j.dialect != DialectAuto:
	case req.liveOnly() != "":
		j.dialect = DialectGenerateLink
	default:
		var err error
		if j.dialect, j.done, err = c.links.ask(ctx); err != nil {
			return nil, c.interrupted(name, nil, 0, err)
		}
	}
	if err := c.run(ctx, name, only(routes, j.dialect), j); err != nil {
		return nil, err
	}
	return j.link, nil
}

// A linkJob makes one link.
type linkJob struct {
	core        *core
	req         PortalLinkRequest
	family      *lineage
	idempotency string
	dialect     Dialect // pinned, known, or the only one that will do; DialectAuto: to be found out
	done        func()  // the learner's; nil if this call is not to find out
	link        *PortalLink
	sheet       gen.PortalLinkRequest
}

func (j *linkJob) payload(d Dialect) ([]byte, error) {
	if d == DialectPortalLinks {
		j.sheet = j.req.sheetBody()
		return json.Marshal(&j.sheet)
	}
	return json.Marshal(j.req.liveBody())
}

func (j *linkJob) idempotencyKey() string { return j.idempotency }

func (j *linkJob) read(_ *route, a *answer) (err error) {
	j.link, err = j.core.readLink(a, j.req, j.family)
	return err
}

// absent: once it is settled which dialect the service speaks, a 404 can only be
// about the organization.
func (j *linkJob) absent(a *answer) bool {
	settled := j.dialect != DialectAuto && (j.dialect == j.core.pinned || j.dialect == j.core.links.dialect())
	return !settled && !aboutOrganization(a.body)
}

func (j *linkJob) teaches(d Dialect, a *answer) bool { return teaches(d, a.status, a.body) }

func (j *linkJob) learn(d Dialect) { j.core.links.learn(d) }

func (j *linkJob) verdict() {
	if j.done != nil {
		j.done()
	}
}

var (
	errLink     = errors.New("link: must be an absolute https URL (http on loopback only)")
	errLinkHost = errors.New("link: leads to a host that WithLinkHosts does not list")
)

// A linkBody is the part of gen.PortalLink, and all of gen.LiveLink, that a link is
// made of: what is not asked for need not be decoded.
type linkBody struct {
	Link      string `json:"link"`
	ExpiresAt expiry `json:"expires_at"`
}

// An expiry may fall into a leap second, whose 60 no time.Time has: it is read as
// the second before.
type expiry struct{ time.Time }

func (e *expiry) UnmarshalJSON(text []byte) error {
	const at = len(`"2016-12-31T23:59`)
	if len(text) > at+3 && string(text[at:at+3]) == ":60" {
		text = slices.Concat(text[:at], []byte(":59"), text[at+3:])
	}
	return e.Time.UnmarshalJSON(text)
}

// plainLink reads what nearly every answer looks like, without the cost of
// reflection: {"name":"value",…} without a blank, an escape or a name that the
// contract does not have. It is false, and the body zero, for any other text, which
// encoding/json is to judge; what it reads, encoding/json would read the same.
func plainLink(text []byte) (body linkBody, ok bool) {
	text = bytes.TrimSuffix(text, []byte("\n"))
	for _, c := range text {
		if c <= ' ' || c > '~' || c == '\\' {
			return linkBody{}, false
		}
	}
	rest, ok := bytes.CutPrefix(text, []byte("{"))
	for ok {
		name, value, isString := bytes.Cut(rest, []byte(`:"`))
		value, after, isWhole := bytes.Cut(value, []byte(`"`))
		if !isString || !isWhole {
			break
		}
		switch string(name) {
		case `"link"`:
			body.Link = string(value)
		case `"expires_at"`:
			if body.ExpiresAt.UnmarshalText(value) != nil {
				return linkBody{}, false
			}
		case `"object"`:
		default:
			return linkBody{}, false
		}
		if string(after) == "}" {
			return body, true
		}
		rest, ok = bytes.CutPrefix(after, []byte(","))
	}
	return linkBody{}, false
}

// readLink makes a link of a 2xx in either dialect. No error repeats the link.
func (c *core) readLink(a *answer, req PortalLinkRequest, family *lineage) (*PortalLink, error) {
	body, ok := plainLink(a.body)
	if !ok {
		if err := json.Unmarshal(a.body, &body); err != nil {
			return nil, fmt.Errorf("not a portal link: %s", misfit(err, "expires_at"))
		}
	}
	if checkAddress(body.Link) != nil {
		return nil, errLink
	}
	if !c.allowsHost(body.Link) {
		return nil, errLinkHost
	}
	made := &struct { // one allocation
		PortalLink
		origin
	}{PortalLink{URL: body.Link, ExpiresAt: body.ExpiresAt.Time}, origin{counted: a.sent, life: liveLife, request: req}}
	if body.ExpiresAt.IsZero() {
		made.ExpiresAt = a.sent.Round(0).Add(liveLife)
	} else {
		made.life = lifeLeft(a, body.ExpiresAt.Time)
	}
	if family != nil {
		made.lineage.Store(family)
	}
	made.PortalLink.origin = &made.origin
	return &made.PortalLink, nil
}

// lifeLeft is how long from a.sent on something lives that dies at expires by the
// server's clock, never more than is certain.
func lifeLeft(a *answer, expires time.Time) time.Duration {
	byHost := expires.Sub(a.sent)
	life := byHost
	date, ok := readDate(a.header)
	if ok {
		// Date is cut to the second, so it may have been up to one later.
		life = expires.Sub(date.Add(time.Second))
	}
	switch {
	case life <= longLife:
		return life
	case ok && byHost > 0:
		return min(life, byHost)
	}
	return liveLife
}

func (c *core) allowsHost(link string) bool {
	if len(c.linkHosts) == 0 {
		return true
	}
	u, err := parseAddress(link)
	if err != nil {
		return false
	}
	host, port := normalHost(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return c.linkHosts[host] || c.linkHosts[host+":"+port] || c.linkHosts[normalHost(u.Host)]
}
