package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

const notReached = "not reached"

// run goes through the checks in the order of checkNames.
func (v *verification) run(ctx context.Context) {
	all := len(checkNames)
	e := new(client.Error)
	portal, err := v.client(v.service, client.DialectAuto)
	if !errors.As(err, &e) || e.Field != "API key" {
		v.ok("%s", maskedKey(v.service.key))
	}
	if err == nil {
		err = portal.Warm(ctx)
	}
	if errors.As(err, &e) && e.StatusCode == 0 {
		v.fail(ctx, err)
		v.skip(all, notReached)
		return
	}
	answer := v.last.Load()
	v.ok("%s answered in %d ms", v.service.baseURL, answer.Duration.Milliseconds())
	if err != nil {
		v.fail(ctx, err)
		v.skip(2, notReached)
	} else {
		v.ok("yes: the answer to an empty request was %d", answer.StatusCode)
		v.ok("%s", routes[answer.Dialect])
		v.icons(ctx, portal)
	}
	v.rateLimit(portal.RateLimit())
	v.clock(ctx)
	switch {
	case !v.mint:
		v.skip(all, "not asked for (--mint)")
	case err != nil:
		v.skip(all, notReached)
	default:
		v.link(ctx, portal)
	}
}

var routes = map[client.Dialect]string{
	client.DialectPortalLinks:  "portal-links (POST /portal_links)",
	client.DialectGenerateLink: "generate-link (POST /portal/generate_link)",
}

func (v *verification) icons(ctx context.Context, portal *client.Client) {
	list, err := portal.ListProviderIcons(ctx)
	switch {
	case err != nil:
		v.fail(ctx, err)
	case len(list) == 0:
		v.note("an empty list", "")
	default:
		v.ok("%d, the first is %s", len(list), list[0].Name)
	}
}

func (v *verification) rateLimit(known client.RateLimit) {
	if known.Reset.IsZero() {
		v.note("no answer told of it; the client waits only after a 429", "")
		return
	}
	seen := strings.Replace(fmt.Sprintf("%d of %d requests left for %s", known.Remaining, known.Limit, seconds(time.Until(known.Reset)+time.Second)), " of 0 ", " ", 1)
	if known.Remaining > 0 {
		v.ok("%s", seen)
	} else {
		v.note(seen, "share one client, and one limiter if several processes use the key")
	}
}

// clockTolerance is how far off a clock may be without a remark. The client counts a
// link's life by the server's clock; TLS and log files go by this host's.
const clockTolerance = 30 * time.Second

func (v *verification) clock(ctx context.Context) {
	p, err := fetch(ctx, v.service.baseURL)
	if err != nil || p.date.IsZero() {
		v.note("no answer had a Date to compare with", "")
		return
	}
	// A Date has whole seconds: on average it is half a second old.
	ahead := p.at.Sub(p.date.Add(time.Second / 2)).Round(time.Second)
	switch {
	case ahead.Abs() <= clockTolerance:
		v.ok("%v off the server's", ahead.Abs())
	case ahead > 0:
		v.note(fmt.Sprintf("%v ahead of the server's", ahead), "set this host's clock (NTP)")
	default:
		v.note(fmt.Sprintf("%v behind the server's", -ahead), "set this host's clock (NTP)")
	}
}

// link makes a link and opens its page.
func (v *verification) link(ctx context.Context, portal *client.Client) {
	link, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{
		Organization: v.organization,
		Intent:       client.IntentSSO,
	})
	if err != nil {
		v.fail(ctx, err)
		v.skip(1, notReached)
		return
	}
	v.ok("made for %s, lives %s", v.organization, seconds(link.TTL()))
	page, err := fetch(ctx, link.URL)
	fix := "look at it: adminportal link --open --org " + v.organization
	switch {
	case err != nil:
		v.add("failed", "does not open: "+err.Error(), "check the network and a proxy", exitUnreachable)
	case page.status != "200 OK":
		v.add("failed", "answers "+page.status, fix, exitFailed)
	case !strings.Contains(page.title, "Admin Portal"):
		v.add("failed", fmt.Sprintf("opens, but its title is %q", page.title), fix, exitFailed)
	default:
		v.ok("opens: %q", page.title)
	}
}
