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
	// maxText is the most of a foreign text that is looked at, in bytes. What is beyond is dropped.
	maxText = 4 << 10

	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// scrub makes text that came from elsewhere fit to be shown. It removes the key in use and
// everything that looks like a key. It cuts every address down to its host, and removes the value
// of what is named secret or token in a query or in JSON, since a link carries its secret there. It
// makes blanks of control characters, so that no server writes lines into a log.
func scrub(text, key string) string {
	text = text[:min(len(text), maxText)]
	text = escapes().Replace(escapes().Replace(text)) // JSON may hold HTML
	text = strings.Map(func(r rune) rune {            // a byte that is no character is U+FFFD
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		shown, secret := secretAt(text, i)
		b.WriteString(text[i : i+shown])
		if i += shown + secret; secret > 0 {
			b.WriteString(redacted)
		}
	}
	return b.String()
}

// secretAt finds the secret that a mark at i belongs to: how much to show, and how much to remove
// after that.
func secretAt(text string, i int) (shown, secret int) {
	const ends = " \"'<>`"
	for _, mark := range []string{"://", "secret", "token", "sk_"} {
		shown = len(mark)
		if len(text)-i < shown || !strings.EqualFold(text[i:i+shown], mark) {
			continue
		}
		rest := text[i+shown:]
		word := rest[:strings.IndexAny(rest+" ", ends)]
		switch mark {
		case "sk_":
			key := strings.TrimSuffix(word, strings.TrimLeft(word, letters+digits+"_.~%+/=-"))
			// Within a word (task_identifier) a key has a digit or a capital.
			inWord := strings.TrimRight(text[:i], letters+digits) != text[:i] && strings.Trim(key, letters[:26]+"_") == ""
			if len(key) >= 8 && !inWord {
				return 0, shown + len(key)
			}
		case "secret", "token": // a parameter, or a member in JSON
			value := strings.TrimLeft(rest, "\\\"' :=<>`")
			between := strings.TrimSuffix(rest, value)
			inJSON := strings.HasPrefix(strings.TrimLeft(between, `\`), `"`) && strings.Contains(between, ":")
			if inJSON || strings.Contains(between, "=") {
				return shown + len(between), strings.IndexAny(value+" ", ends)
			}
		default: // an address
			path := strings.TrimLeft(word, letters+digits+".-:[]")
			if strings.Contains(path, "@") { // what looks like the host is a user's name
				return shown, len(word)
			} else if strings.Trim(path, `/\.,;:)]}`) != "" { // more than the end of a sentence
				return shown + len(word) - len(path), len(path)
			}
		}
		return shown, 0
	}
	return 1, 0
}

// mentions reports whether a text has one of the words.
func mentions(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// escapes undoes the escapes of JSON, JavaScript, HTML and URLs, so that no secret hides behind it.
// Quotes and backslashes of JSON stay escaped: they hold it together.
var escapes = sync.OnceValue(func() *strings.Replacer {
	pairs := []string{`\/`, "/", "&amp;", "&", "&equals;", "=", "&sol;", "/", "&colon;", ":", "&lowbar;", "_", "&quot;", `"`, "&#34;", `"`, "%22", `"`}
	for _, c := range letters + digits + "!#$%&'()*+,-./:;<=>?@[]^_`{|}~" {
		for _, form := range []string{`\u%04x`, `\u%04X`, `\x%02x`, `\x%02X`, "%%%02x", "%%%02X", "&#%d;", "&#x%x;", "&#x%X;"} {
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
	if err == nil || err == context.Canceled || err == context.DeadlineExceeded { // these two values hold no secret; an error that wraps them may
		return err
	}
	return &hiddenError{scrub(err.Error(), key), func() error { return err }}
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return errors.Is(e.reveal(), target) }
func (e *hiddenError) As(target any) bool   { return errors.As(e.reveal(), target) }
