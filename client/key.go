package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// keys answers for every call which API key it goes with.
type keys struct {
	source  func(context.Context) (string, error)
	fixed   bool    // the source has one key, at once and for ever
	timeout timeout // of one question to the source
	asking  flight[string]
}

// fixedKey makes a source of one key. The key stands in the function alone, where no
// print form of whatever holds it can reach it.
func fixedKey(key string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return key, nil }
}

// get asks the source once per call. Calls that ask at the same
// time share one question.
func (k *keys) get(ctx context.Context) (string, error) {
	if k.fixed {
		return k.source(ctx)
	}
	return k.asking.do(ctx, 0, k.ask)
}

// after asks again for a key that was refused. Only a question put after the
// refusal counts: one that was running by then may still answer with the old key.
func (k *keys) after(ctx context.Context, refusal uint64) (string, error) {
	return k.asking.do(ctx, refusal, k.ask)
}

func (k *keys) ask(ctx context.Context) (string, error) {
	caller := ctx
	if k.timeout.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, k.timeout.limit)
		defer cancel()
	}
	key, err := k.source(ctx)
	if err != nil {
		return "", fmt.Errorf("API key source: %w", k.timeout.blame(ctx, caller, err))
	}
	if err := checkKey(key); err != nil {
		return "", invalid("API key source", "the key "+err.Error())
	}
	return key, nil
}

// checkKey refuses what cannot be a key, above all what a copy and paste gets
// wrong. No error repeats any of it.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("is empty: give one that starts with sk_, from the WorkOS Dashboard")
	case strings.HasPrefix(strings.ToLower(key), "bearer "):
		return errors.New(`must not start with "Bearer ": give the key alone`)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("contains a space, a line break or another character that no key has: trim it")
	case !strings.HasPrefix(key, "sk_") || len(key) == len("sk_"):
		return errors.New("must start with sk_: take one from the WorkOS Dashboard")
	}
	return nil
}
