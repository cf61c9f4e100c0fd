package conformance

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// Prism, which knows from the document who needs a key, lets nobody in without one. The
// icon file needs none.
func TestWithoutAKey(t *testing.T) {
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			l := &line{alter: func(r *http.Request) { r.Header.Del("Authorization") }}
			err := op.call(t.Context(), dial(t, l, client.WithDialect(op.dialect), client.WithRetry(attempts(3)))).err
			if len(l.requests()) != 1 {
				t.Errorf("sent %s, want one request: another one changes nothing", l.paths())
			}
			if !op.secured {
				if err != nil {
					t.Errorf("%v, want the public file", err)
				}
				return
			}
			wantOnly(t, err, client.ErrUnauthorized)
			if e := asError(t, err); e.StatusCode != 401 || e.Hint() == "" {
				t.Errorf("%+v, want Prism's 401, with a hint", e)
			}
		})
	}
}

// A key in another scheme than the document's is none.
func TestKeyInAnotherScheme(t *testing.T) {
	for _, op := range operations(t) {
		if !op.secured {
			continue
		}
		l := &line{alter: func(r *http.Request) { r.SetBasicAuth(testKey, "") }}
		wantOnly(t, op.call(t.Context(), dial(t, l, client.WithDialect(op.dialect))).err, client.ErrUnauthorized)
	}
}

// After a 401 the key source is asked once more, and a key that differs is tried, though
// there is but one attempt; the same key is not.
func TestAnotherKeyAfterA401(t *testing.T) {
	const old, fresh = "sk_test_old", "sk_test_fresh"
	for _, op := range operations(t) {
		if !op.secured {
			continue
		}
		refused := op.oneAnswer(t, 401)
		for name, tt := range map[string]struct {
			second string
			want   []string
			err    error
		}{
			"rotated": {fresh, []string{old, fresh}, nil},
			"refused": {old, []string{old}, client.ErrUnauthorized},
		} {
			t.Run(op.id+"/"+name, func(t *testing.T) {
				var asked atomic.Int32
				source := func(context.Context) (string, error) {
					if asked.Add(1) == 1 {
						return old, nil
					}
					return tt.second, nil
				}
				w := new(watcher)
				l := &line{prefer: func(_ int, r *http.Request) string {
					if r.Header.Get("Authorization") == "Bearer "+old {
						return refused.prefer()
					}
					return op.success(t).prefer()
				}}
				r := op.call(t.Context(), dial(t, l, append(w.options(), client.WithDialect(op.dialect), client.WithAPIKeySource(source))...))
				wantOnly(t, r.err, tt.err)
				if (r.err == nil) != (tt.err == nil) {
					t.Errorf("error %v, want %v", r.err, tt.err)
				}
				all := l.requests()
				if len(all) != len(tt.want) {
					t.Fatalf("sent %d requests, want %d", len(all), len(tt.want))
				}
				for i, key := range tt.want {
					if all[i].header.Get("Authorization") != "Bearer "+key {
						t.Errorf("request %d has not the key that it should", i+1)
					}
				}
				if n := asked.Load(); n != 2 {
					t.Errorf("the source was asked %d times, want 2", n)
				}
				seen, log := w.seen()
				for _, key := range []string{old, fresh} {
					wantSecret(t, log, key)
					wantSecret(t, r.err, key)
					wantSecret(t, seen, key)
				}
			})
		}
	}
}
