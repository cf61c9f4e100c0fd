package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const (
	notReached  = "not reached"
	fixKey      = "check that the key is whole and current, and its permissions in the WorkOS Dashboard"
	fixNetwork  = "check the network, a proxy, and WORKOS_BASE_URL"
	fixNoPortal = "check WORKOS_BASE_URL: neither POST /portal_links nor POST /portal/generate_link exists there"
	fixNotTheir = "check that WORKOS_BASE_URL is WorkOS's API and that no proxy answers in its place"
)

// run goes through the checks in the order of checkTitles.
func (v *verification) run(ctx context.Context) {
	portal, trace, err := v.client(v.service)
	if err != nil {
		v.malformed(ctx, err)
		return
	}
	v.ok("%s", maskedKey(v.service.key))

	p := prober{baseURL: strings.TrimRight(v.service.baseURL, "/"), key: v.service.key}
	icons, err := p.get(ctx, "/provider_icons")
	if err != nil {
		v.fail(exitUnreachable, err.Error(), fixNetwork)
		v.skipRest(notReached)
		return
	}
	v.ok("%s answered in %d ms (%s)", p.baseURL, icons.took.Milliseconds(), icons.proto)

	accepted := v.keyAndDialect(ctx, p)
	if accepted {
		v.icons(ctx, portal, trace)
	} else {
		v.skip(notReached)
	}
	v.rateLimit(portal.RateLimit())
	v.clock(icons)
	switch {
	case !v.options.mint:
		v.skipRest("not asked for (--mint)")
	case !accepted:
		v.skipRest(notReached)
	default:
		v.link(ctx, portal, trace)
	}
}

// malformed: the key or the address cannot be right, so nothing is sent.
func (v *verification) malformed(ctx context.Context, err error) {
	f := diagnose(ctx, err, "")
	if strings.HasPrefix(f.Message, "WORKOS_BASE_URL") {
		v.ok("%s", maskedKey(v.service.key))
	}
	v.fail(f.exit, f.Message, "")
	v.skipRest(notReached)
}

// keyAndDialect asks both routes for a link for nobody: the request names no
// organization, so that no service can make one. Whether the refusal is about the
// key or about the request tells whether the key is accepted, and which route
// refuses the dialect.
func (v *verification) keyAndDialect(ctx context.Context, p prober) bool {
	for _, route := range []struct {
		path    string
		dialect client.Dialect
	}{
		{"/portal_links", client.DialectPortalLinks},
		{"/portal/generate_link", client.DialectGenerateLink},
	} {
		r, err := p.post(ctx, route.path)
		switch {
		case err != nil:
			v.fail(exitUnreachable, err.Error(), fixNetwork)
			v.skip(notReached)
			return false
		case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
			v.fail(exitUnauthorized, "no: "+r.reason(), fixKey)
			v.skip(notReached)
			return false
		case r.status == http.StatusTooManyRequests:
			v.fail(exitRateLimited, "not known: "+r.reason(), "try again "+r.retryAfter())
			v.skip(notReached)
			return false
		case r.routeMissing():
			continue
		case r.status == http.StatusBadRequest, r.status == http.StatusUnprocessableEntity, r.status == http.StatusNotFound:
			v.ok("yes: a request without an organization was refused as such (%d)", r.status)
			v.ok("%s (POST %s)", dialectName(route.dialect), route.path)
			return true
		default:
			v.fail(exitFailed, "not known: POST "+route.path+" without an organization was answered with "+r.reason(), r.fix())
			v.skip(notReached)
			return false
		}
	}
	v.skip("not known: there is no route to try it on")
	v.fail(exitFailed, "there is no Admin Portal at "+p.baseURL, fixNoPortal)
	return false
}

func (v *verification) icons(ctx context.Context, portal *client.Client, trace *trace) {
	list, err := portal.ListProviderIcons(ctx)
	trace.settle()
	switch {
	case err != nil:
		v.failWith(ctx, err)
	case len(list) == 0:
		v.note("an empty list", "")
	default:
		v.ok("%d, the first is %s", len(list), list[0].Name)
	}
}

func (v *verification) rateLimit(known client.RateLimit) {
	if known.Reset.IsZero() {
		v.note("no request that was accepted told of it; the client backs off by itself", "")
		return
	}
	of := ""
	if known.Limit > 0 {
		of = fmt.Sprintf(" of %d", known.Limit)
	}
	seen := fmt.Sprintf("%d%s requests left for %s", known.Remaining, of, seconds(time.Until(known.Reset)+time.Second))
	if known.Remaining == 0 {
		v.note(seen, "share one client, and one limiter if several processes use the key")
		return
	}
	v.ok("%s", seen)
}

// clockTolerance is what a clock may be off without a remark. Links are counted by
// the server's clock anyway; TLS and log files are not.
const clockTolerance = 30 * time.Second

func (v *verification) clock(r *reply) {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		v.note("the answer has no Date to compare with", "")
		return
	}
	// Date is cut to the second: on average it is half of one behind.
	ahead := r.received.Add(-r.took / 2).Sub(date.Add(500 * time.Millisecond))
	switch off := ahead.Abs().Round(time.Second); {
	case off <= time.Second:
		v.ok("agrees with the server's to the second")
	case ahead > 0 && off > clockTolerance:
		v.note(fmt.Sprintf("%v ahead of the server's", off), "set this host's clock (NTP)")
	case off > clockTolerance:
		v.note(fmt.Sprintf("%v behind the server's", off), "set this host's clock (NTP)")
	default:
		v.ok("%v off the server's", off)
	}
}

// link makes a link and opens its page.
func (v *verification) link(ctx context.Context, portal *client.Client, trace *trace) {
	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
		Organization: v.options.organization,
		Intent:       client.IntentSSO,
	})
	trace.settle()
	if err != nil {
		v.failWith(ctx, err)
		v.skip(notReached)
		return
	}
	host := ""
	if u, err := url.Parse(link.URL); err == nil {
		host = u.Host
	}
	v.ok("made for %s, at %s, lives %s", v.options.organization, host, seconds(link.TTL()))
	page, err := openPage(ctx, link.URL)
	const fix = `look at it: adminportal link --open`
	switch {
	case err != nil:
		v.fail(exitUnreachable, "does not open: "+err.Error(), fixNetwork)
	case page.status != http.StatusOK:
		v.fail(exitFailed, "answers "+page.statusText(), fix)
	case !strings.Contains(page.title(), "Admin Portal"):
		v.fail(exitFailed, fmt.Sprintf("opens, but is titled %q", page.title()), fix)
	default:
		v.ok("opens: %q", page.title())
	}
}
