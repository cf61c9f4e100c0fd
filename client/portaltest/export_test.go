package portaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Document is the contract.
func Document() *openapi3.T { return contract() }

// Enum lists the values of one of the contract's schemas.
func Enum(schema string) (values []string) {
	for _, v := range contract().Components.Schemas[schema].Value.Enum {
		values = append(values, fmt.Sprint(v))
	}
	return values
}

// WithKept makes what a portal keeps small enough to overflow in a test.
func WithKept(n int) Option { return func(s *settings) { s.kept = n } }

// CheckAnswer holds an answer against the contract: its status, headers and body. It
// passes what is not of the contract's routes.
func CheckAnswer(r *http.Request, status int, header http.Header, body []byte) error {
	op := DialectBoth.find(r)
	if op.Operation == nil {
		return nil
	}
	options := &openapi3filter.Options{IncludeResponseStatus: true}
	route := &routers.Route{Spec: contract(), Path: r.URL.Path, PathItem: contract().Paths.Value(r.URL.Path), Method: r.Method, Operation: op.Operation}
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, Options: options},
		Status:                 status,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                options,
	})
	if err == nil && op.keyed && header.Get("X-RateLimit-Remaining") == "" {
		return errors.New("no rate headers")
	}
	return err
}
