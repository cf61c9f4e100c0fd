package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// An env is all that a run knows of the world around it, so that a test can be
// that world.
type env struct {
	stdin                io.Reader
	stdout, stderr       io.Writer
	stdoutTTY, stderrTTY bool
	getenv               func(string) string

	// typedKey asks for the key at the terminal, without echo. It is nil where
	// standard input is none.
	typedKey func(ctx context.Context) (string, error)
	// browse shows an address to the person at the terminal, and fetchWithin is how
	// long their browser may take to come for it.
	browse      func(ctx context.Context, address string) error
	fetchWithin time.Duration
}

func processEnv() env {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	e := env{
		stdin:     os.Stdin,
		stdout:    os.Stdout,
		stderr:    os.Stderr,
		stdoutTTY: isTerminal(os.Stdout),
		stderrTTY: isTerminal(os.Stderr),
		getenv:    os.Getenv,
		browse:    browser{os.Getenv}.open,
		// A browser that has to start first takes a while.
		fetchWithin: 20 * time.Second,
	}
	if isTerminal(os.Stdin) {
		e.typedKey = typeKey
	}
	return e
}

// maxKeyLine is longer than any key.
const maxKeyLine = 4096

// readKey reads the key from the first line of standard input.
func (e env) readKey(ctx context.Context) (string, error) {
	read := e.typedKey
	if read == nil {
		read = func(ctx context.Context) (string, error) {
			return orDone(ctx, func() (string, error) {
				return bufio.NewReader(io.LimitReader(e.stdin, maxKeyLine)).ReadString('\n')
			})
		}
	}
	line, err := read(ctx)
	switch key := strings.TrimRight(line, "\r\n"); {
	case len(line) == maxKeyLine:
		return "", usagef("the first line of standard input is too long for an API key")
	case key != "": // the last line of a file may have no end
		return key, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil, errors.Is(err, io.EOF):
		return "", usagef("there is no API key on standard input: --api-key-stdin reads its first line")
	default:
		return "", fmt.Errorf("read the API key: %w", err)
	}
}

// typeKey asks for the key at the terminal.
func typeKey(ctx context.Context) (string, error) {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(os.Stderr, "API key: ")
	key, err := orDone(ctx, func() (string, error) {
		key, err := term.ReadPassword(fd)
		return string(key), err
	})
	if err != nil {
		_ = term.Restore(fd, state) // an interrupted question has left the echo off
	}
	fmt.Fprintln(os.Stderr)
	return key, err
}

// orDone returns what read does, or the context's error if that ends first. The
// read then stays behind: the process is about to end.
func orDone(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
