package client

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	redacted = "[redacted]"
	// keyCharacters are those of a key after sk_. A key has at least keyLength of them.
	keyCharacters = letters + digits + "_.~%+/=-"
	keyLength     = 8

	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// scrub makes text that came from elsewhere fit to be shown. It removes the key in use and
// everything that looks like a key. It cuts every address down to its host, and removes the value
// of what is named secret or token, since a link carries its secret there. It makes blanks of
// control characters, so that no server writes lines into a log.
func scrub(text, key string) string {
	text = strings.ToValidUTF8(decoded(text), "\ufffd")
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	var b strings.Builder
	named, value := false, false // the name "secret" or "token" came, in quotes; and its colon
	for text != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(" \"'<>`", r) })
		if end < 0 {
			end = len(text)
		}
		word, name := text[:end], strings.Trim(text[:end], `\:`)
		switch {
		case name == "":
			value = value || named && strings.Contains(word, ":")
		case value:
			word, named, value = redacted, false, false
		default:
			word, named = withoutSecrets(word), (strings.EqualFold(name, "secret") || strings.EqualFold(name, "token")) && strings.HasPrefix(text[end:], `"`)
		}
		b.WriteString(word)
		if r, size := utf8.DecodeRuneInString(text[end:]); size > 0 {
			if !unicode.IsPrint(r) {
				r = ' '
			}
			b.WriteRune(r)
			end += size
		}
		text = text[end:]
	}
	return b.String()
}

// withoutSecrets cuts a word at its first address, key or secret.
func withoutSecrets(word string) string {
	lower := strings.Map(func(r rune) rune { // byte for byte, as strings.ToLower is not
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, word)
	for _, mark := range []string{"://", "%3a%2f%2f"} {
		if i := strings.Index(lower, mark); i >= 0 {
			rest := strings.TrimLeft(word[i+len(mark):], letters+digits+".-:[]")
			if strings.Contains(rest, "@") { // what looks like the host is a user's name
				return word[:i] + mark + redacted
			}
			if strings.Trim(rest, `/\.,;:)]}`) != "" { // more than the end of a sentence
				word = strings.TrimSuffix(word, rest) + redacted
			}
			return word
		}
	}
	for _, name := range []string{"secret=", "secret%3d", "token=", "token%3d"} {
		if i := strings.Index(lower, name); i >= 0 {
			return word[:i+len(name)] + redacted
		}
	}
	if i := strings.Index(word, "sk_"); i >= 0 {
		rest := strings.TrimLeft(word[i+len("sk_"):], keyCharacters)
		key := strings.TrimSuffix(word[i+len("sk_"):], rest)
		// Within a word (task_identifier) a key has a digit or a capital.
		inWord := i > 0 && strings.Contains(letters+digits, word[i-1:i]) && strings.Trim(key, letters[:26]+"_") == ""
		if len(key) >= keyLength && !inWord {
			return word[:i] + redacted + withoutSecrets(rest)
		}
		return word[:i+len("sk_")] + withoutSecrets(word[i+len("sk_"):])
	}
	return word
}

// mentions reports whether a text has one of the words, in any case.
func mentions(text string, words ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

// entities are what HTML writes for the characters of an address.
var entities = strings.NewReplacer("&amp;", "&", "&#38;", "&", "&#61;", "=", "&#x3d;", "=", "&#x3D;", "=", "&equals;", "=", "&#47;", "/", "&#x2f;", "/", "&#x2F;", "/",
	"&sol;", "/", "&#58;", ":", "&#x3a;", ":", "&#x3A;", ":", "&colon;", ":", "&#95;", "_", "&#x5f;", "_", "&#x5F;", "_", "&lowbar;", "_", "&quot;", `"`, "&#34;", `"`, `\/`, "/")

// decoded spells out what JSON and HTML escape, so that no secret hides behind it. Quotes and
// backslashes stay escaped: they hold the JSON together.
func decoded(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, `\u00`)
		b.WriteString(before)
		if !found {
			return entities.Replace(b.String())
		}
		c, err := strconv.ParseUint(rest[:min(2, len(rest))], 16, 8)
		if text = rest; err != nil || len(rest) < 2 || c <= ' ' || c == '"' || c == '\\' || c > '~' {
			b.WriteString(`\u00`)
			continue
		}
		b.WriteByte(byte(c))
		text = rest[2:]
	}
}

// snippet shortens text to at most n bytes without cutting a character in two.
func snippet(text string, n int) string {
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "")
	}
	return text
}

// A hiddenError stands for an error of somebody else's code: a transport, a key source, a limiter.
// Its text is scrubbed. errors.Is and errors.As look into the error, but nothing unwraps to it and
// no print form reaches it (hence the function), since its fields may hold a secret.
type hiddenError struct {
	text   string
	reveal func() error
}

func hide(err error, key string) error {
	if err == nil || err == context.Canceled || err == context.DeadlineExceeded { //nolint:errorlint // only these very values say no more than what they are
		return err
	}
	return &hiddenError{scrub(err.Error(), key), func() error { return err }}
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return errors.Is(e.reveal(), target) }
func (e *hiddenError) As(target any) bool   { return errors.As(e.reveal(), target) }
