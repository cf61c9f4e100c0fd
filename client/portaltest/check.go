package portaltest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// A problem is one thing that is wrong with a request.
type problem struct {
	field string // the body's field, by its JSON name; empty: the request as a whole
	rule  rule
	text  string // for rule malformed, what is wrong; else what would be right, if the rule does not say it
}

type rule int

const (
	malformed rule = iota // there is no telling what the fields are
	missing
	wrongType
	notListed // not a value of an enumeration
	tooMany
	badFormat
)

// checkRequest holds a request against the contract and returns it with the body
// that was read, or everything that is wrong with it.
func checkRequest(r *http.Request, op operation, body []byte, unread error) (*http.Request, []problem) {
	if op.route.Operation.RequestBody != nil {
		if text := checkContent(r, body, unread); text != "" {
			return nil, []problem{{rule: malformed, text: text}}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = nil
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, Route: op.route, Options: validation,
	})
	if err != nil {
		return nil, problemsOf(err)
	}
	return r, checkRedirects(r)
}

func checkContent(r *http.Request, body []byte, unread error) string {
	if unread != nil {
		return unread.Error()
	}
	mediaType, _, err := mime.ParseMediaType(strings.Join(r.Header["Content-Type"], ", "))
	if err != nil || mediaType != "application/json" {
		return "the Content-Type must be application/json"
	}
	if len(body) == 0 {
		return "the request body is missing: send a JSON object"
	}
	if err := checkJSON(body); err != nil {
		return "the request body " + err.Error()
	}
	if first := bytes.TrimLeft(body, " \t\r\n"); first[0] != '{' {
		return "the request body must be a JSON object"
	}
	return ""
}

// problemsOf takes kin-openapi's error apart.
func problemsOf(err error) []problem {
	var found []problem
	var collect func(error)
	collect = func(err error) {
		switch e := err.(type) { //nolint:errorlint // taken apart level by level, so that no error is missed
		case openapi3.MultiError:
			for _, err := range e {
				collect(err)
			}
		case *openapi3filter.RequestError:
			if e.Parameter != nil {
				found = append(found, problem{rule: malformed, text: "the " + e.Parameter.Name + " header must be one value of 1 to 255 characters"})
				return
			}
			collect(e.Err)
		case *openapi3.SchemaError:
			found = append(found, problemOf(e))
		default:
			found = append(found, problem{rule: malformed, text: "the request is not as the contract says"})
		}
	}
	collect(err)
	return found
}

func problemOf(e *openapi3.SchemaError) problem {
	path := e.JSONPointer()
	if len(path) == 0 {
		return problem{rule: malformed, text: "the request body must be a JSON object"}
	}
	p := problem{field: fieldOf(path), rule: badFormat}
	switch e.SchemaField {
	case "required":
		p.rule = missing
	case "nullable":
		// null is nothing: a required field is missing, another must be left out.
		p.rule = wrongType
		if slices.Contains(contract().schema("PortalLinkRequest").Required, p.field) {
			p.rule = missing
		}
	case "type":
		p.rule = wrongType
		p.text = strings.Join(e.Schema.Type.Slice(), " or ")
	case "enum":
		p.rule = notListed
		values := make([]string, 0, len(e.Schema.Enum))
		for _, v := range e.Schema.Enum {
			if s, ok := v.(string); ok {
				values = append(values, s)
			}
		}
		p.text = strings.Join(values, ", ")
	case "maxItems":
		p.rule = tooMany
	}
	return p
}

// fieldOf names a field within others by all of them; of a list's element, the list.
func fieldOf(path []string) string {
	for i, name := range path {
		if _, err := strconv.Atoi(name); err == nil {
			path = path[:i]
			break
		}
	}
	return strings.Join(path, ".")
}

// checkRedirects sees to what the contract's schema cannot say of its redirect URLs
// but its description does: https, or http on loopback, and nobody's password.
func checkRedirects(r *http.Request) []problem {
	var wrong []problem
	for _, field := range []string{"return_url", "success_url"} {
		if address := stringField(r, field); address != "" && !isRedirect(address) {
			wrong = append(wrong, problem{field: field, rule: badFormat})
		}
	}
	return wrong
}

// stringField reads a field of the body that was validated.
func stringField(r *http.Request, field string) string {
	validated, ok := r.Body.(interface{ ValidatedValue() any })
	if !ok {
		return ""
	}
	object, _ := validated.ValidatedValue().(map[string]any)
	s, _ := object[field].(string)
	return s
}

func isRedirect(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, "!$&'()*+,;=<>\"`{|}^ ") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
