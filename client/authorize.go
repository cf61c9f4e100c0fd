package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/adminportal-go/adminportal/gen"
)

// authorize is the step that gives a request the API key. After a 401 of the service's own it asks
// the key source once more, and tries a different key once.
type authorize struct {
	next    gen.HttpRequestDoer
	key     string // for the client's life; not used with a source
	source  func(context.Context) (string, error)
	timeout timeout // of one question to the source
	asking  flight[string]
}

func (l *authorize) Do(req *http.Request) (*http.Response, error) {
	c := callOf(req)
	if c.key == "" { // not asked yet: another route goes with the key of the first
		key, _, err := l.ask(c)
		if err != nil {
			return nil, during(c.name, err)
		}
		c.key = key
	}
	for {
		req.Header.Set("Authorization", "Bearer "+c.key)
		resp, err := l.next.Do(req)
		if l.source == nil || c.answer.status != http.StatusUnauthorized || c.answer.verdict != own || c.rekeyed {
			return resp, err
		}
		c.rekeyed = true
		key, joined, failed := l.ask(c)
		if joined { // a question that ran already may have been answered with the old key
			key, _, failed = l.ask(c)
		}
		if c.Err() != nil {
			return nil, c.stopped(c.Err())
		} else if failed != nil || key == c.key {
			return resp, err
		}
		// A copy, since the attempt before may still be reading the headers of its request.
		c.key, req = key, req.Clone(c)
	}
}

// ask asks the source, once for all who ask at the same time.
func (l *authorize) ask(ctx context.Context) (key string, joined bool, err error) {
	if l.source == nil {
		return l.key, false, nil
	}
	// A source that ignores its context is left alone, a second after its time.
	patience := l.timeout
	patience.limit += min(patience.limit, time.Second)
	patient, cancel := context.WithTimeout(ctx, patience.limit)
	defer cancel()
	key, joined, err = l.asking.do(patient, func(ctx context.Context) (string, error) {
		limited, cancel := context.WithTimeout(ctx, l.timeout.limit)
		defer cancel()
		key, err := l.source(limited)
		if err != nil {
			return "", fmt.Errorf("API key source: %w", l.timeout.blame(limited, ctx, err))
		}
		if rule := keyRule(key); rule != "" {
			return "", invalid("API key source", "the key "+rule)
		}
		return key, nil
	})
	if patient.Err() != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("API key source: %w", patience.blame(patient, ctx, err))
	}
	return key, joined, err
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
