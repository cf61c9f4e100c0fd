package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	redacted = "[redacted]"
	// keyCharacters are those of a key after sk_. A key has at least keyLength of them.
	keyCharacters = letters + digits + "_.~%+/=-"
	keyLength     = 8
	// maxText is the most of a foreign text that is looked at, in bytes. Nothing behind it is shown.
	maxText = 4 << 10

	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// scrub makes text that came from elsewhere fit to be shown. It removes the key in use and
// everything that looks like a key. It cuts every address down to its host, and removes the value
// of what is named secret or token, since a link carries its secret there. It makes blanks of
// control characters, so that no server writes lines into a log.
func scrub(text, key string) string {
	text = text[:min(len(text), maxText)]
	text = escapes().Replace(escapes().Replace(text)) // JSON may hold HTML
	text = strings.Map(func(r rune) rune {            // of bytes that are no character, U+FFFD
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	var b strings.Builder
	named := false // the name of a secret came, in JSON; its value is to come
	for text != "" {
		word := text
		if end := strings.IndexAny(text, " \"'<>`"); end >= 0 {
			word = text[:end]
		}
		text = text[len(word):]
		if name := strings.Trim(word, `\:`); name != "" && named {
			word, named = redacted, false
		} else if name != "" {
			word = withoutSecrets(word)
			named = (strings.EqualFold(name, "secret") || strings.EqualFold(name, "token")) &&
				strings.HasPrefix(text, `"`) && strings.HasPrefix(strings.TrimLeft(text, `\" `), ":")
		}
		b.WriteString(word)
		b.WriteString(text[:min(1, len(text))])
		text = text[min(1, len(text)):]
	}
	return b.String()
}

// withoutSecrets cuts a word at its first address, or else at its first secret, and removes keys.
func withoutSecrets(word string) string {
	if i := after(word, "://", "%3a%2f%2f"); i >= 0 {
		rest := strings.TrimLeft(word[i:], letters+digits+".-:[]")
		switch {
		case strings.Contains(rest, "@"): // what looks like the host is a user's name
			return word[:i] + redacted
		case strings.Trim(rest, `/\.,;:)]}`) != "": // more than the end of a sentence
			return strings.TrimSuffix(word, rest) + redacted
		}
		return word
	}
	if i := after(word, "secret=", "secret%3d", "token=", "token%3d"); i >= 0 {
		return word[:i] + redacted
	}
	i := after(word, "sk_")
	if i < 0 {
		return word
	}
	rest := strings.TrimLeft(word[i:], keyCharacters)
	key := strings.TrimSuffix(word[i:], rest)
	// Within a word (task_identifier) a key has a digit or a capital.
	before := strings.TrimRight(word[:i-len("sk_")], letters+digits)
	inWord := len(before) < i-len("sk_") && strings.Trim(key, letters[:26]+"_") == ""
	if len(key) >= keyLength && !inWord {
		return word[:i-len("sk_")] + redacted + withoutSecrets(rest)
	}
	return word[:i] + withoutSecrets(word[i:])
}

// after is where the first of the marks ends in a word, in any case; negative without one.
func after(word string, marks ...string) int {
	for i := range word {
		for _, mark := range marks {
			if end := i + len(mark); end <= len(word) && strings.EqualFold(word[i:end], mark) {
				return end
			}
		}
	}
	return -1
}

// mentions reports whether a text has one of the words, in any case.
func mentions(text string, words ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// escapes spells out what JSON and HTML escape, so that no secret hides behind it. Quotes and
// backslashes of JSON stay escaped: they hold it together.
var escapes = sync.OnceValue(func() *strings.Replacer {
	pairs := []string{`\/`, "/", "&amp;", "&", "&equals;", "=", "&sol;", "/", "&colon;", ":", "&lowbar;", "_", "&quot;", `"`, "&#34;", `"`}
	for _, c := range letters + digits + "!#$%&'()*+,-./:;<=>?@[]^_`{|}~" {
		for _, form := range []string{`\u%04x`, `\u%04X`, "&#%d;", "&#x%x;", "&#x%X;"} {
			pairs = append(pairs, fmt.Sprintf(form, c), string(c))
		}
	}
	return strings.NewReplacer(pairs...)
})

// snippet shortens text to at most n bytes without cutting a character in two.
func snippet(text string, n int) string { return strings.ToValidUTF8(text[:min(n, len(text))], "") }

// A hiddenError stands for an error of somebody else's code: a transport, a key source, a limiter.
// Its text is scrubbed. errors.Is and errors.As look into the error, but nothing unwraps to it and
// no print form reaches it (hence the function), since its fields may hold a secret.
type hiddenError struct {
	text   string
	reveal func() error
}

func hide(err error, key string) error {
	if err == nil || err == context.Canceled || err == context.DeadlineExceeded { // only these very values say no more than what they are
		return err
	}
	return &hiddenError{scrub(err.Error(), key), func() error { return err }}
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return errors.Is(e.reveal(), target) }
func (e *hiddenError) As(target any) bool   { return errors.As(e.reveal(), target) }
