package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// nowhere sends the requests for some of the document's paths to where Prism has
// nothing, whose 404 is its own.
func nowhere(paths ...string) func(*http.Request) {
	return func(r *http.Request) {
		for _, path := range paths {
			if r.URL.Path == path {
				u := *r.URL
				u.Path = "/nowhere" + path
				r.URL = &u
			}
		}
	}
}

// teaches reports whether an answer leaves no doubt that the service itself speaks the
// operation's dialect: a success, or a word about the request. Whoever refuses a key, counts
// requests or breaks may be a proxy.
func (a answer) teaches() bool {
	switch a.status {
	case 400, 404, 422:
		return true
	}
	return a.ok()
}

// What a client takes from its first answer, for every answer of either dialect, shows
// in where it sends the next request.
func TestWhatTeachesTheDialect(t *testing.T) {
	sheet, live := oneOperation(t, "generatePortalLink"), oneOperation(t, "generateLink")
	for _, a := range append(sheet.answers(t), live.answers(t)...) {
		t.Run(a.String(), func(t *testing.T) {
			// First the service has the operation's dialect alone, and gives the answer.
			l := &line{prefer: always(a)}
			first := sheet.path
			if a.dialect == live.dialect {
				l.alter = nowhere(sheet.path)
				first += " " + live.path
			}
			portal := dial(t, l)
			_, err := portal.GeneratePortalLink(t.Context(), sso)
			if l.paths() != first {
				t.Fatalf("the first call went to %s, want %s", l.paths(), first)
			}
			if a.ok() != (err == nil) {
				t.Fatalf("the first call ended with %v", err)
			}
			if !a.ok() {
				wantOnly(t, err, a.sentinel())
				if want := len(l.requests()); asError(t, err).Attempts != want {
					t.Errorf("Attempts = %d, want %d: finding out counts", asError(t, err).Attempts, want)
				}
			}
			if a.status == 429 {
				return // the next call would wait until the budget is back: dialects are no way around it
			}

			// Then it has the other one alone. Who has learned finds no organization there,
			// who has not finds out.
			l.prefer, l.alter = nil, nowhere(a.path)
			l.forget()
			_, err = portal.GeneratePortalLink(t.Context(), sso)
			want := sheet.path
			switch {
			case a.teaches():
				want = a.path
				wantOnly(t, err, client.ErrOrganizationNotFound)
			case a.dialect == sheet.dialect:
				want += " " + live.path
				fallthrough
			default:
				if err != nil {
					t.Errorf("the second call: %v, want a link", err)
				}
			}
			if l.paths() != want {
				t.Errorf("the second call went to %s, want %s", l.paths(), want)
			}
		})
	}
}

// A pinned dialect is not left, whatever is where.
func TestPinnedDialect(t *testing.T) {
	for _, op := range operations(t) {
		l := &line{alter: nowhere(op.path)}
		err := op.call(t.Context(), dial(t, l, client.WithDialect(op.dialect))).err
		if l.paths() != op.path {
			t.Errorf("%v pinned: sent %s, want %s", op.dialect, l.paths(), op.path)
		}
		if e := asError(t, err); e.StatusCode != 404 {
			t.Errorf("%s: %v, want Prism's 404", op.id, err)
		}
	}
}

// What only the live dialect has goes there at once, and teaches it. With the other one
// pinned nothing is sent.
func TestLiveOnlyRequests(t *testing.T) {
	sheet, live := oneOperation(t, "generatePortalLink"), oneOperation(t, "generateLink")
	contacts, options := sso, sso
	contacts.ITContactEmails = []string{"it@customer.example"}
	options.IntentOptions.ProviderType = client.ProviderTypeGoogleSAML
	requests := map[string]client.PortalLinkRequest{"contacts": contacts, "options": options}
	known := fmt.Sprint(sheet.intents())
	for _, intent := range live.intents() {
		if !strings.Contains(known, string(intent)) {
			req := sso
			req.Intent = intent
			requests[string(intent)] = req
		}
	}
	if len(requests) == 2 {
		t.Error("the live dialect has no intents of its own")
	}
	for name, req := range requests {
		t.Run(name, func(t *testing.T) {
			l := new(line)
			portal := dial(t, l)
			for _, req := range []client.PortalLinkRequest{req, sso} {
				if _, err := portal.GeneratePortalLink(t.Context(), req); err != nil {
					t.Fatal(err)
				}
			}
			if want := live.path + " " + live.path; l.paths() != want {
				t.Errorf("sent %s, want %s", l.paths(), want)
			}
			l = new(line)
			_, err := dial(t, l, client.WithDialect(sheet.dialect)).GeneratePortalLink(t.Context(), req)
			wantOnly(t, err, client.ErrInvalidRequest)
			if l.paths() != "" {
				t.Errorf("sent %s, want nothing", l.paths())
			}
		})
	}
}

// Where neither route is, the error names the address and no organization, and the next
// call looks again.
func TestNeitherRoute(t *testing.T) {
	for _, links := range []bool{true, false} {
		var both []operation
		for _, op := range operations(t) {
			if op.links == links {
				both = append(both, op)
			}
		}
		l := &line{alter: nowhere(both[0].path, both[1].path)}
		portal := dial(t, l)
		err := both[0].call(t.Context(), portal).err
		wantOnly(t, err, nil)
		if e := asError(t, err); e.StatusCode != 404 || e.Attempts != 2 || !strings.Contains(err.Error(), shared.mock.URL) || e.Hint() == "" {
			t.Errorf("%v, want a 404 of two requests that names the address, with a hint", err)
		}
		l.alter = nil
		if err := both[0].call(t.Context(), portal).err; err != nil {
			t.Errorf("once the routes are there: %v", err)
		}
	}
}

// However many begin at once, one of them finds out for all.
func TestColdStartProbesOnce(t *testing.T) {
	const callers = 16
	sheet, live := oneOperation(t, "generatePortalLink"), oneOperation(t, "generateLink")
	l := &line{alter: nowhere(sheet.path)}
	portal := dial(t, l)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			if _, err := portal.GeneratePortalLink(t.Context(), sso); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if probes := strings.Count(l.paths(), sheet.path); probes != 1 || len(l.requests()) != callers+1 {
		t.Errorf("%d calls sent %d requests, %d of them to %s; want one there, and one each to %s", callers, len(l.requests()), probes, sheet.path, live.path)
	}
}

// The icons are found out by themselves, but follow what the links have learned; and
// however the client comes to the CDN's file, the key does not.
func TestIconsInEitherDialect(t *testing.T) {
	sheet, live := oneOperation(t, "listProviderIcons"), oneOperation(t, "listCDNProviderIcons")
	for name, tt := range map[string]struct {
		absent string
		link   client.Intent // of a call before; empty: none
		want   string
	}{
		"both":            {"", "", sheet.path + " " + sheet.path},
		"the file alone":  {sheet.path, "", sheet.path + " " + live.path + " " + live.path},
		"a live link ago": {"", client.IntentDomainVerification, live.path + " " + live.path},
	} {
		t.Run(name, func(t *testing.T) {
			l := &line{alter: nowhere(tt.absent)}
			portal := dial(t, l)
			if tt.link != "" {
				req := sso
				req.Intent = tt.link
				if _, err := portal.GeneratePortalLink(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				l.forget()
			}
			for range 2 {
				if icons, err := portal.ListProviderIcons(t.Context()); err != nil || len(icons) == 0 {
					t.Fatalf("%d icons, %v", len(icons), err)
				}
			}
			if l.paths() != tt.want {
				t.Errorf("sent %s, want %s", l.paths(), tt.want)
			}
			for _, s := range l.requests() {
				if keyed := s.header.Get("Authorization") != ""; keyed != (s.path == sheet.path) {
					t.Errorf("the key went along to %s: %v", s.path, keyed)
				}
			}
		})
	}
}
