package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A screen is one of the two streams that a person, a file or another program
// reads.
type screen struct {
	w     io.Writer
	tty   bool
	color bool
}

func newScreen(w io.Writer, tty bool, getenv func(string) string) screen {
	return screen{w, tty, wantsColor(tty, getenv)}
}

// wantsColor goes by https://no-color.org and https://bixense.com/clicolors:
// NO_COLOR wins, then CLICOLOR_FORCE, and else colour is for terminals.
func wantsColor(tty bool, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	if force := getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return tty && getenv("CLICOLOR") != "0" && getenv("TERM") != "dumb"
}

// A style is the SGR parameter of a terminal.
type style string

const (
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func (s screen) paint(as style, text string) string {
	if !s.color || text == "" {
		return text
	}
	return "\x1b[" + string(as) + "m" + text + "\x1b[0m"
}

// write writes all of a result at once.
func (s screen) write(text string) error {
	_, err := io.WriteString(s.w, text)
	return err
}

// A sink is what results go into. It remembers that it failed.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if err != nil {
		s.err = &outputError{err}
		return n, s.err
	}
	return n, nil
}

// An outputError is a result that could not be written.
type outputError struct{ err error }

func (e *outputError) Error() string { return "write the result: " + e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// say writes a remark: where that fails, there is nobody to tell.
func (s screen) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.w, format+"\n", args...)
}

// json writes one document, on a terminal laid out for reading and else on one
// line.
func (s screen) json(v any) error { return s.encode(v, s.tty) }

// jsonLine writes one document on one line.
func (s screen) jsonLine(v any) error { return s.encode(v, false) }

func (s screen) encode(v any, indent bool) error {
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

// columns aligns rows. The last cell of a row is not padded.
func columns(rows [][]string, gap string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + gap)
			}
		}
		lines[n] = b.String()
	}
	return lines
}

// oneLine makes text that came from elsewhere fit to print: no escape sequence
// reaches the terminal, and no line break or tab a script that counts them.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// printable is an address with the characters escaped that would mean something
// to a terminal. It is the same address to a browser.
func printable(address string) string {
	var b strings.Builder
	for _, r := range address {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			b.WriteString(url.PathEscape(string(r)))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }
