package portaltest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Names of what the package's external tests need from within.
var (
	CheckJSON  = checkJSON
	Operations = func() []string { return contract().operations() }
	PageCSS    = pageCSS
	Redact     = redact
	Schema     = func(name string) *openapi3.Schema { return contract().schema(name) }
)

// WithBounds makes what a portal keeps small enough to overflow in a test.
func WithBounds(links, requests, bytes int) Option {
	return func(s *settings) { s.maxLinks, s.maxRequests, s.maxBytes = links, requests, bytes }
}

// CheckAnswer holds an answer against the contract: its status, headers and body.
// Answers at addresses that the contract does not have are not its business.
func CheckAnswer(r *http.Request, status int, header http.Header, body []byte) error {
	op, _ := contract().find(r, DialectBoth)
	if op.route == nil {
		return nil
	}
	// An answer in a shape that the contract has not is one that no client expects.
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: op.route, Options: validation},
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                validation,
	}
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		return err
	}
	if op.keyed && header.Get("X-RateLimit-Remaining") == "" {
		return errors.New("no rate headers")
	}
	return nil
}
