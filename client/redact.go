package client

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const redacted = "[redacted]"

// scrub removes from text what may be a secret: the key in use, anything of a
// key's form, and the query of every URL, where a link carries its own. Control
// characters become blanks, so that no server writes lines into a log.
func scrub(text, key string) string {
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	text = scrubAfter(text, "sk_", false)
	for _, name := range []string{"secret=", "token="} {
		text = scrubAfter(text, name, true)
	}
	text = scrubQueries(text)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}

// scrubAfter removes the word that begins with, or follows, a mark.
func scrubAfter(text, mark string, keepMark bool) string {
	var b strings.Builder
	for {
		i := indexFold(text, mark)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(mark)
		for end < len(text) && isWord(text[end]) {
			end++
		}
		keep := i
		if keepMark {
			keep += len(mark)
		}
		b.WriteString(text[:keep])
		b.WriteString(redacted)
		text = text[end:]
	}
}

func scrubQueries(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len("://")
		for end < len(text) && !strings.ContainsRune(" \t\r\n\"'<>", rune(text[end])) {
			end++
		}
		url := text[:end]
		if q := strings.IndexAny(url[i:], "?#"); q >= 0 {
			url = url[:i+q+1] + redacted
		}
		b.WriteString(url)
		text = text[end:]
	}
}

// indexFold finds a mark of lower-case ASCII whatever its case in text.
func indexFold(text, mark string) int {
	for i := 0; i+len(mark) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(mark)], mark) {
			return i
		}
	}
	return -1
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("_-.~%+/=", c) >= 0
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

// withoutSecret returns err, or, where its text or that of anything it wraps
// repeats a secret, an error that keeps errors.Is and loses the rest.
func withoutSecret(err error, key string) error {
	if err == nil {
		return nil
	}
	if clean := scrub(err.Error(), key); clean != err.Error() {
		return &scrubbedError{clean, err}
	}
	return err
}

// A scrubbedError does not unwrap: what it wraps is what must not be seen.
type scrubbedError struct {
	text string
	err  error
}

func (e *scrubbedError) Error() string        { return e.text }
func (e *scrubbedError) GoString() string     { return e.text }
func (e *scrubbedError) Is(target error) bool { return errors.Is(e.err, target) }
