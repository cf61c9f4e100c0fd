package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/adminportal-go/adminportal/gen"
)

// authorize is the link that gives a request the API key. After a 401 of the service's own it asks
// the key source once more, and tries a different key once.
type authorize struct {
	next gen.HttpRequestDoer
	keys keys
}

func (l *authorize) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	c := callOf(ctx)
	if c.key == "" { // not asked yet: another route goes with the key of the first
		key, err := l.keys.get(ctx)
		if err != nil {
			return nil, unkeyed(c, err)
		}
		c.key = key
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	resp, err := l.next.Do(req)
	if err != nil || c.answer.status != http.StatusUnauthorized || c.answer.foreign() || c.rekeyed {
		return resp, err
	}
	c.rekeyed = true
	key, ok := l.keys.other(ctx, c.key)
	if !ok {
		return resp, err
	}
	c.key = key
	return l.next.Do(withKey(req, key))
}

// withKey is the request with another key. Its headers are its own: the attempt before may still
// be reading those of the request.
func withKey(req *http.Request, key string) *http.Request {
	keyed := req.WithContext(req.Context())
	keyed.Header = maps.Clone(req.Header)
	keyed.Header.Set("Authorization", "Bearer "+key)
	return keyed
}

// unkeyed is the error of a call for which there is no key.
func unkeyed(c *call, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return during(c.name, own)
	}
	return c.stopped(err)
}

// keys answers for every call which API key it goes with.
type keys struct {
	source  func(context.Context) (string, error)
	fixed   bool    // the source has one key for the client's life
	timeout timeout // of one question to the source
	asking  flight[string]
}

// fixedKey makes a source of one key. Only the function holds it, where no print form reaches.
func fixedKey(key string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return key, nil }
}

// get asks the source, once for all who ask at the same time.
func (k *keys) get(ctx context.Context) (string, error) {
	if k.fixed {
		return k.source(ctx)
	}
	return k.asking.do(ctx, 0, k.ask)
}

// other asks the source again. Only a question put after the refusal counts: one that was running
// then may still answer with the old key. It is false where the source has no other key.
func (k *keys) other(ctx context.Context, refused string) (string, bool) {
	if k.fixed {
		return "", false
	}
	key, err := k.asking.do(ctx, k.asking.mark(), k.ask)
	return key, err == nil && key != refused
}

func (k *keys) ask(ctx context.Context) (string, error) {
	limited, cancel := k.timeout.begin(ctx)
	defer cancel()
	key, err := k.source(limited)
	if err != nil {
		return "", fmt.Errorf("API key source: %w", k.timeout.blame(limited, ctx, err))
	}
	if rule := keyRule(key); rule != "" {
		return "", invalid("API key source", "the key "+rule)
	}
	return key, nil
}

// keyRule says what is wrong with a key, above all what a copy and paste gets wrong. It is empty
// for a good one, and never repeats any of it.
func keyRule(key string) string {
	switch {
	case key == "":
		return "is empty: give one that starts with sk_, from the WorkOS Dashboard"
	case strings.HasPrefix(strings.ToLower(key), "bearer "):
		return `must not start with "Bearer ": give the key alone`
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "contains a space, a line break or another character that no key has: trim it"
	case !strings.HasPrefix(key, "sk_") || len(key) == len("sk_"):
		return "must start with sk_: take one from the WorkOS Dashboard"
	}
	return ""
}
