package client

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"strings"
	"unicode"
)

const redacted = "[redacted]"

var (
	// An address ends at a blank or a quote. Its slashes may be plain or percent-encoded.
	addresses = regexp.MustCompile(`(?i)(?::|%3a)(?:/|%2f){2}[^\s"'<>` + "`" + `]+`)
	scheme    = regexp.MustCompile(`^(?i)(?::|%3a)(?:/|%2f){2}`)
	hostPart  = regexp.MustCompile(`^(?:\[[0-9A-Fa-f:.]*\]|[0-9A-Za-z.-]*)(?::[0-9]+)?`)
	// A key is sk_ and at least eight more characters of a key.
	keyLike = regexp.MustCompile(`([0-9A-Za-z]?)sk_([0-9A-Za-z_.~%+/=-]{8,})`)
	// A link's secret stands behind secret= or "token": in a query, a form or JSON.
	named   = regexp.MustCompile(`(?i)((?:secret|token)(?:=|%3d|\\?["']\s*:\s*\\?["']|%22%3a%22))[0-9A-Za-z_.~%+/=-]+`)
	escapes = regexp.MustCompile(`\\u00[2-7][0-9A-Fa-f]|\\/`)
)

// scrub makes text that came from elsewhere fit to be shown. It removes the key in use and
// everything that looks like a key. It cuts every address down to its host, and removes what
// follows the names secret and token, since a link carries its secret there. It makes blanks of
// control characters, so that no server writes lines into a log.
func scrub(text, key string) string {
	text = escapes.ReplaceAllStringFunc(html.UnescapeString(text), decoded) // no secret hides behind an escape
	if key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	text = addresses.ReplaceAllStringFunc(text, withoutPath)
	text = keyLike.ReplaceAllStringFunc(text, withoutKey)
	text = named.ReplaceAllString(text, "${1}"+redacted)
	return strings.Map(printable, strings.ToValidUTF8(text, "\ufffd"))
}

// decoded is the character of one of JSON's escapes.
func decoded(escape string) (character string) {
	_ = json.Unmarshal([]byte(`"`+escape+`"`), &character)
	return character
}

// withoutPath cuts an address, given from its colon on, down to the host.
func withoutPath(address string) string {
	start := scheme.FindString(address)
	host := hostPart.FindString(address[len(start):])
	switch rest := address[len(start+host):]; {
	case strings.Contains(rest, "@"): // what looks like the host is the name of a user
		return start + redacted
	case strings.Trim(rest, `/\.,;:)]}`) == "": // no more than the end of a sentence
		return address
	}
	return start + host + redacted
}

// withoutKey removes a key. Within a word (task_identifier) it has a digit or a capital.
func withoutKey(match string) string {
	parts := keyLike.FindStringSubmatch(match)
	if parts[1] != "" && strings.ToLower(parts[2]) == parts[2] && !strings.ContainsAny(parts[2], "0123456789") {
		return match
	}
	return parts[1] + redacted
}

// printable makes a blank of what would break the line, turn its direction or be invisible.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
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
