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

// An env is what a run knows of the world outside, so that a test can replace it.
type env struct {
	stdin                io.Reader
	stdinTTY             bool // stdin is os.Stdin, a terminal
	stdout, stderr       io.Writer
	stdoutTTY, stderrTTY bool
	getenv               func(string) string
	browse               func(address string) error
	browserTakes         time.Duration // to start and fetch a page, at most
}

func processEnv() env {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return env{
		os.Stdin, isTerminal(os.Stdin), os.Stdout, os.Stderr, isTerminal(os.Stdout), isTerminal(os.Stderr),
		os.Getenv, browse, 20 * time.Second,
	}
}

// maxKeyLine is longer than any key.
const maxKeyLine = 4096

// readKey reads the key from the first line of standard input; at a terminal it asks
// for it, without echo. If the context ends first, the read goes on in the background.
func (e env) readKey(ctx context.Context) (string, error) {
	read := func() (string, error) {
		return bufio.NewReader(io.LimitReader(e.stdin, maxKeyLine)).ReadString('\n')
	}
	if fd := int(os.Stdin.Fd()); e.stdinTTY {
		if state, err := term.GetState(fd); err == nil {
			defer func() { _ = term.Restore(fd, state) }() // after Ctrl-C
		}
		fmt.Fprint(e.stderr, "API key: ")
		defer fmt.Fprintln(e.stderr)
		read = func() (string, error) {
			key, err := term.ReadPassword(fd)
			return string(key), err
		}
	}
	var line string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		line, err = read()
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-done:
	}
	key := plainText(line)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return "", fmt.Errorf("read the API key: %w", err)
	case len(line) == maxKeyLine:
		return "", usagef("the first line of standard input is too long for an API key")
	case key == "":
		return "", usagef("there is no API key on standard input: --api-key-stdin reads its first line")
	}
	return key, nil
}

// plainText removes what Windows shells add to a key, which is ASCII: a byte order
// mark, the zero bytes of UTF-16, a carriage return, the space of "echo key |".
func plainText(line string) string {
	for _, mark := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"} {
		line = strings.TrimPrefix(line, mark)
	}
	return strings.TrimSpace(strings.ReplaceAll(line, "\x00", ""))
}
