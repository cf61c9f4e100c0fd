package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// A link with life left is kept; one without is replaced by another for the same
// request, under another idempotency key.
func TestEnsureFresh(t *testing.T) {
	for name, tt := range map[string]struct {
		operation string
		opts      []client.Option
		renewed   bool
	}{
		"alive":        {"generateLink", nil, false},
		"near its end": {"generateLink", []client.Option{client.WithExpiryMargin(6 * time.Minute)}, true},
		"dead":         {"generatePortalLink", nil, true}, // the document's example has been, since 2024
	} {
		t.Run(name, func(t *testing.T) {
			op := oneOperation(t, tt.operation)
			l := new(line)
			portal := dial(t, l, append(tt.opts, client.WithDialect(op.dialect))...)
			req := sso
			req.SuccessURL = "https://example.com/done"
			link, err := portal.GeneratePortalLink(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := portal.EnsureFresh(t.Context(), link)
			if err != nil {
				t.Fatal(err)
			}
			all := l.requests()
			if !tt.renewed {
				if len(all) != 1 || fresh != link {
					t.Errorf("%d requests, and the same link: %v; want the one that was made", len(all), fresh == link)
				}
				return
			}
			if len(all) != 2 || fresh == link {
				t.Fatalf("%d requests, and the same link: %v; want another one", len(all), fresh == link)
			}
			if all[1].body != all[0].body || all[1].path != all[0].path || all[1].header.Get("Idempotency-Key") == all[0].header.Get("Idempotency-Key") {
				t.Errorf("the renewal sent %s to %s, want %s to %s again under another idempotency key", all[1].body, all[1].path, all[0].body, all[0].path)
			}
		})
	}
}

// A renewal that fails is the caller's to know, and the old link stays what it was.
func TestEnsureFreshThatFails(t *testing.T) {
	op := oneOperation(t, "generatePortalLink")
	for _, a := range op.answers(t) {
		if a.ok() {
			continue
		}
		l := &line{prefer: inTurn(op.success(t), a)}
		portal := dial(t, l, client.WithDialect(op.dialect))
		link, err := portal.GeneratePortalLink(t.Context(), sso)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := portal.EnsureFresh(t.Context(), link)
		if fresh != nil {
			t.Errorf("%v: got %v as well as an error", a, fresh)
		}
		wantOnly(t, err, a.sentinel())
		if e := asError(t, err); e.StatusCode != a.status || e.RequestID != a.header["X-Request-Id"] {
			t.Errorf("%v: got %+v", a, e)
		}
	}
}

// What the caller allows of an answer holds for Prism's: hosts of links, and size. What is
// refused is not repeated.
func TestAnswersThatTheCallerDoesNotWant(t *testing.T) {
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			if !a.ok() {
				continue
			}
			body, err := json.Marshal(a.value)
			if err != nil {
				t.Fatal(err)
			}
			too := int64(len(body)) - 1
			err = op.call(t.Context(), dial(t, &line{prefer: always(a)}, client.WithDialect(op.dialect), client.WithMaxBody(too))).err
			wantOnly(t, err, client.ErrMalformedResponse)
			err = op.call(t.Context(), dial(t, &line{prefer: always(a)}, client.WithDialect(op.dialect), client.WithMaxBody(too+1))).err
			if err != nil {
				t.Errorf("%v: %v, though it is no longer than allowed", a, err)
			}
			if !op.links {
				continue
			}
			u, err := url.Parse(a.field("link"))
			if err != nil {
				t.Fatal(err)
			}
			for host, want := range map[string]error{u.Host: nil, "portal.example.com": client.ErrMalformedResponse} {
				r := op.call(t.Context(), dial(t, &line{prefer: always(a)}, client.WithDialect(op.dialect), client.WithLinkHosts(host)))
				wantOnly(t, r.err, want)
				if (r.link == nil) != (want != nil) {
					t.Errorf("%v with links to %s: %v, %v", a, host, r.link, r.err)
				}
				if r.err != nil {
					wantSecret(t, r.err, u.RawQuery)
				}
			}
		}
	}
}

// Who has gone is not answered for: nothing is sent, or no longer waited for.
func TestCanceledCalls(t *testing.T) {
	for _, op := range operations(t) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		l := new(line)
		err := op.call(gone, dial(t, l, client.WithDialect(op.dialect))).err
		if e := asError(t, err); !errors.Is(err, context.Canceled) || e.Attempts != 0 || len(l.requests()) != 0 {
			t.Errorf("%s: %+v and %d requests, want none", op.id, e, len(l.requests()))
		}

		leaving, cancel := context.WithCancel(t.Context())
		defer cancel()
		l = &line{alter: func(*http.Request) { cancel() }}
		err = op.call(leaving, dial(t, l, client.WithDialect(op.dialect), client.WithRetry(attempts(3)))).err
		if e := asError(t, err); !errors.Is(err, context.Canceled) || e.Attempts != 1 || len(l.requests()) != 1 {
			t.Errorf("%s: %+v and %d requests, want one, not repeated", op.id, e, len(l.requests()))
		}
	}
}
