package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// A screen is standard output or standard error.
type screen struct {
	w     io.Writer
	tty   bool
	color bool
	err   error // of a write
}

func newScreen(w io.Writer, tty bool, getenv func(string) string) *screen {
	return &screen{w: w, tty: tty, color: wantsColor(tty, getenv)}
}

// Write writes what cobra prints, and keeps the error that cobra ignores.
func (s *screen) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil {
		s.err = fmt.Errorf("write the result: %w", err)
	}
	return n, s.err
}

// closed reports whether the reader has gone. 109 and 232 are Windows's
// ERROR_BROKEN_PIPE and ERROR_NO_DATA.
func (s *screen) closed() bool {
	return slices.ContainsFunc([]syscall.Errno{syscall.EPIPE, 109, 232}, func(code syscall.Errno) bool { return errors.Is(s.err, code) })
}

// write writes a result.
func (s *screen) write(text string) error {
	_, err := io.WriteString(s, text)
	return err
}

// say writes a remark. If that fails, there is nobody to tell.
func (s *screen) say(format string, args ...any) { _, _ = fmt.Fprintf(s.w, format+"\n", args...) }

func (s *screen) warn(format string, args ...any) {
	s.say("%s %s", s.paint(yellow, "warning:"), fmt.Sprintf(format, args...))
}

// json writes one document, on one line or indented.
func (s *screen) json(v any, indent bool) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if indent {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return err
	}
	return s.write(b.String())
}

// wantsColor follows https://no-color.org and https://bixense.com/clicolors: NO_COLOR
// turns color off, then CLICOLOR_FORCE turns it on, then CLICOLOR=0 and TERM=dumb turn
// it off. By default a terminal gets color.
func wantsColor(tty bool, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return tty && getenv("CLICOLOR") != "0" && getenv("TERM") != "dumb"
}

const red, green, yellow = "31", "32", "33"

func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// oneLine makes a server's text safe to print: it has no escape sequence for the
// terminal, and no line break or tab for a script that counts them.
func oneLine(text string) string {
	return mapControls(text, func(rune) string { return " " })
}

// printable does the same for an address, by percent-encoding. A browser reads it as
// the same address.
func printable(address string) string {
	return mapControls(address, func(r rune) string { return url.PathEscape(string(r)) })
}

func mapControls(text string, replace func(rune) string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			b.WriteString(replace(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }
