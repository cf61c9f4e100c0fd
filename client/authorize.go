package client

import (
	"context"
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
		var err error
		if c.key, _, err = l.ask(c.Context); err != nil {
			return nil, during(c.name, err)
		}
	}
	for {
		req.Header.Set("Authorization", "Bearer "+c.key)
		resp, err := l.next.Do(req)
		if l.source == nil || c.answer.status != http.StatusUnauthorized || c.answer.verdict != nil || c.rekeyed {
			return resp, err
		}
		c.rekeyed = true
		key, joined, failed := l.ask(c.Context)
		if joined { // a question that ran already may have been answered with the old key
			key, _, failed = l.ask(c.Context)
		}
		if c.Err() != nil {
			return nil, c.stopped(c.Err())
		} else if failed != nil || key == c.key {
			return resp, err
		}
		// A copy, since the attempt before may still be reading the headers of its request.
		c.key, c.failure, req = key, nil, req.Clone(c.Context)
	}
}

// ask asks the source, once for all who ask at the same time. The timeout bounds the question, and
// each caller, who does not wait longer for a source that ignores its context.
func (l *authorize) ask(ctx context.Context) (key string, joined bool, err error) {
	if l.source == nil {
		return l.key, false, nil
	}
	limited, cancel := context.WithTimeout(ctx, l.timeout.limit)
	defer cancel()
	key, joined, err = l.asking.do(limited, func(ctx context.Context) (string, error) {
		bounded, cancel := context.WithTimeout(ctx, l.timeout.limit+time.Second) // the first caller leaves before
		defer cancel()
		return l.source(bounded)
	})
	if ctx.Err() != nil {
		return "", joined, ctx.Err()
	} else if err != nil {
		return "", joined, fmt.Errorf("API key source: %w", l.timeout.blame(limited, ctx, err))
	} else if rule := keyRule(key); rule != "" {
		return "", joined, invalid("API key source", "the key "+rule)
	}
	return key, joined, nil
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
