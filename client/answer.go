package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

// An answer is what one attempt brought.
type answer struct {
	status   int // 0: nothing came
	header   http.Header
	body     []byte      // to the cap, without a byte order mark
	said     description // what the body of an error says
	err      error       // why nothing came, or why the body is not whole
	sent     time.Time
	received time.Time // of the headers
	date     time.Time // the header Date; zero where there is none, or nonsense
}

// serverTime is the time by the server's clock as the answer came, cut to the second; by this
// host's clock where the answer does not say.
func (a *answer) serverTime() time.Time {
	if a.date.IsZero() {
		return a.received
	}
	return a.date
}

// foreign reports whether the answer comes from a proxy, a gateway or a firewall in front of the
// service, which itself answers in JSON: the body is HTML or plain text, or Cloudflare says that
// it is a challenge of its own.
func (a *answer) foreign() bool {
	text := bytes.TrimSpace(a.body)
	isJSON := len(text) == 0 || json.Valid(text) || bytes.ContainsRune([]byte(`{["`), rune(text[0])) // perhaps cut short
	return !isJSON || a.header.Get("Cf-Mitigated") != ""
}

// noRoute reports whether the answer says that the server does not have the route at all: a
// framework's words, 405, 410 and 501, and AWS API Gateway's 403 for an unknown route. A 404 in
// other words may say so too.
func (a *answer) noRoute() bool {
	switch a.status {
	case http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	case http.StatusForbidden:
		return a.says("Missing Authentication Token")
	}
	return a.status == http.StatusNotFound && a.cannot()
}

// cannot reports whether a web framework says that it has no such route, as Express and Nest do.
func (a *answer) cannot() bool { return a.says("Cannot POST ") || a.says("Cannot GET ") }

func (a *answer) says(words string) bool { return bytes.Contains(a.body, []byte(words)) }

func (a *answer) is(body string) bool { return string(bytes.TrimSpace(a.body)) == body }

var (
	namesOrganization = regexp.MustCompile(`(?i)organi[sz]ation|\borg_`)
	misses            = regexp.MustCompile(`(?i)not find|n't find|not found|not exist|n't exist|no such|no organi[sz]ation|unknown organi[sz]ation`)
)

// missesOrganization reports whether a 400 or 403 says that the organization does not exist.
func (a *answer) missesOrganization() bool {
	if a.status != http.StatusBadRequest && a.status != http.StatusForbidden {
		return false
	}
	return a.said.code == "entity_not_found" || namesOrganization.MatchString(a.said.text) && misses.MatchString(a.said.text)
}
