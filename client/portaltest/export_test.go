package portaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Operations are the names of the contract's operations, and that of a link's page.
func Operations() []string {
	_, ids := DialectBoth.list()
	return ids
}

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
	uri := openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(func(s string) error {
		if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Hostname() == "" {
			return errors.New("must be an absolute URL")
		}
		return nil
	}))
	options := &openapi3filter.Options{IncludeResponseStatus: true, SchemaValidationOptions: []openapi3.SchemaValidationOption{uri}}
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
