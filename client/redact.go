package client

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const redacted = "[redacted]"

// scrub makes text that came from elsewhere fit to be shown: it removes the key in
// use, anything of a key's form, what follows the words secret and token, and of
// every URL all but its host, since a link carries its secret in the rest. Control
// characters become blanks, so that no server writes lines into a log.
func scrub(text, key string) string {
	text = unescape(text)
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	text = scrubEach(text, &urlMarks, urlRest)
	text = scrubEach(text, &keyMarks, keyRest)
	text = scrubEach(text, &nameMarks, afterName)
	return oneLine(text)
}

// oneLine makes blanks of what would break the line, turn its direction or not be
// seen at all.
func oneLine(text string) string {
	if span(text, func(c byte) bool { return c >= ' ' && c <= '~' }) == len(text) {
		return text // as nearly always
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// unescape spells out JSON's \u escapes of what is plain to read, so that no secret
// hides behind them. Those of quotes and backslashes stay: they hold the JSON
// together.
func unescape(text string) string {
	const mark, length = `\u00`, len(`\u00ff`)
	if !strings.Contains(text, mark) {
		return text // as nearly always
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mark)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text = rest
		if len(rest) >= length-len(mark) {
			c, err := strconv.ParseUint(rest[:2], 16, 8)
			if err == nil && c > ' ' && c <= '~' && c != '"' && c != '\\' {
				b.WriteByte(byte(c))
				text = rest[2:]
				continue
			}
		}
		b.WriteString(mark)
	}
}

// scrubEach replaces a part of what follows each of the marks: rest says of the text
// behind a mark how much of it to keep, and where the part to be replaced ends. A
// negative keep replaces the mark too; equal numbers replace nothing. before is what
// precedes the mark.
func scrubEach(text string, m *marks, rest func(before, s string) (keep, end int)) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); i++ {
		if !m.begin[text[i]] {
			continue
		}
		mark := m.at(text[i:])
		if mark == "" {
			continue
		}
		after := i + len(mark)
		keep, end := rest(text[done:i], text[after:])
		if keep < end {
			b.WriteString(text[done : after+keep])
			b.WriteString(redacted)
			done = after + end
		}
		i = after + end - 1
	}
	if done == 0 {
		return text // as nearly always
	}
	b.WriteString(text[done:])
	return b.String()
}

// marks are looked for in every error's text: the bytes that one can begin with are
// known beforehand, and all others passed over.
type marks struct {
	words []string
	begin [256]bool
}

func newMarks(words ...string) marks {
	m := marks{words: words}
	for _, w := range words {
		m.begin[w[0]], m.begin[strings.ToUpper(w)[0]] = true, true
	}
	return m
}

// at is the mark that the text begins with, empty if none.
func (m *marks) at(text string) string {
	for _, w := range m.words {
		if hasPrefixFold(text, w) {
			return w
		}
	}
	return ""
}

var (
	// urlMarks follow a URL's scheme, plain, in escaped JSON, and percent-encoded.
	urlMarks  = newMarks("://", `:\/\/`, "%3a%2f%2f")
	keyMarks  = newMarks("sk_")
	nameMarks = newMarks("secret", "token")
)

// keyRest takes sk_ for the start of a key, unless it ends a word (task_id) and is
// followed by what no key is without: no digit, no capital.
func keyRest(before, s string) (keep, end int) {
	end = span(s, isWord)
	inWord := before != "" && isLetterOrDigit(before[len(before)-1])
	if inWord && !strings.ContainsFunc(s[:end], func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' }) {
		return end, end
	}
	return -len("sk_"), end
}

// urlRest keeps the host of a URL, unless what looks like it may be a user's name,
// and with it a port.
func urlRest(_, s string) (keep, end int) {
	end = span(s, func(c byte) bool { return c > ' ' && strings.IndexByte("\"'<>`", c) < 0 })
	keep = span(s[:end], func(c byte) bool { return isLetterOrDigit(c) || c == '.' || c == '-' || c == '[' || c == ']' })
	if port := strings.TrimLeft(s[keep:end], ":0123456789"); port != s[keep:end] && !strings.Contains(port, "@") {
		keep = end - len(port)
	}
	if strings.Contains(s[keep:end], "@") {
		keep = 0
	}
	if rest := s[keep:end]; strings.Trim(rest, `/\.,;:)]}`) == "" {
		return end, end // no more than the end of a sentence
	}
	return keep, end
}

// afterName finds the value of secret=… or "token": "…", with the sign between them
// plain or encoded.
func afterName(_, s string) (keep, end int) {
	for {
		rest := s[keep:]
		switch {
		case rest != "" && strings.IndexByte(`=:"' `, rest[0]) >= 0:
			keep++
			continue
		case hasPrefixFold(rest, "%3d"), hasPrefixFold(rest, "%22"), hasPrefixFold(rest, "%3a"):
			keep += len("%3d")
			continue
		case strings.HasPrefix(rest, "&") && strings.Contains(rest[:min(len(rest), 8)], ";"):
			keep += strings.IndexByte(rest, ';') + 1 // &#61; &quot; and the like
			continue
		case strings.HasPrefix(rest, `\"`):
			keep += len(`\"`)
			continue
		}
		if keep == 0 {
			return 0, 0
		}
		return keep, keep + span(rest, isWord)
	}
}

// span is how many bytes from the start of s on are in the set.
func span(s string, in func(byte) bool) int {
	for i := range len(s) {
		if !in(s[i]) {
			return i
		}
	}
	return len(s)
}

func isLetterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isWord(c byte) bool { return isLetterOrDigit(c) || strings.IndexByte("_-.~%+/=", c) >= 0 }

// indexFold finds a mark of lower-case ASCII whatever its case in text.
func indexFold(text, mark string) int {
	for i := 0; i+len(mark) <= len(text); i++ {
		if hasPrefixFold(text[i:], mark) {
			return i
		}
	}
	return -1
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// snippet shortens text to at most n bytes without cutting a character in two.
func snippet(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// A hiddenError stands for an error of somebody else's code: a transport, a key
// source, a limiter. Its text is scrubbed, and errors.Is and errors.As see what it
// stands for; but nothing unwraps to that, and no print form reaches it (hence the
// function), for there is no telling what its fields hold.
type hiddenError struct {
	text   string
	reveal func() error
}

func hide(err error, key string) error {
	if err == nil || err == context.Canceled || err == context.DeadlineExceeded { //nolint:errorlint // only these very values say no more than what they are
		return err
	}
	return &hiddenError{hideText(err.Error(), key), func() error { return err }}
}

// hideText leaves the URL that was asked for readable: it is the caller's own.
func hideText(text, key string) string {
	for _, mark := range []string{"sk_", "secret", "token", "?", `\u00`} {
		if indexFold(text, mark) >= 0 {
			return scrub(text, key)
		}
	}
	if key != "" && strings.Contains(text, key) {
		return scrub(text, key)
	}
	return oneLine(text)
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return errors.Is(e.reveal(), target) }
func (e *hiddenError) As(target any) bool   { return errors.As(e.reveal(), target) }
