package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/adminportal-go/adminportal"
)

// An exchange is a request and its answer as they were on the wire.
type exchange struct {
	method, path string
	header       http.Header
	body         []byte
	status       int
	answerHeader http.Header
	answer       []byte
}

// A recorder is a transport that keeps what it exchanges.
type recorder struct {
	mu  sync.Mutex
	all []exchange
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	e := exchange{method: req.Method, path: req.URL.Path, header: req.Header.Clone()}
	req = req.Clone(req.Context())
	var err error
	if req.Body != nil {
		if e.body, err = keep(&req.Body); err != nil {
			return nil, err
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if e.answer, err = keep(&resp.Body); err != nil {
		return nil, err
	}
	e.status, e.answerHeader = resp.StatusCode, resp.Header.Clone()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, e)
	return resp, nil
}

// keep reads a body and puts a copy into its place.
func keep(body *io.ReadCloser) ([]byte, error) {
	data, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(data))
	return data, err
}

// newRouter finds the operations of a document in which no object has fields other than those that it lists.
func newRouter(t *testing.T) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	for _, s := range doc.Components.Schemas {
		if len(s.Value.Properties) > 0 {
			s.Value.AdditionalProperties.Has = new(bool)
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

var validation = &openapi3filter.Options{
	MultiError:            true,
	IncludeResponseStatus: true,
	AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
		if !strings.HasPrefix(in.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer sk_") {
			return errors.New("no key")
		}
		return nil
	},
	SchemaValidationOptions: []openapi3.SchemaValidationOption{ // kin-openapi takes any string for these
		openapi3.WithStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^https?://[^\s/?#]+\S*$`)),
		openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
	},
}

// judge finds what in the exchanges is not as the document says, and names the answers that it saw.
func judge(t *testing.T, exchanges []exchange) (found, seen []string) {
	t.Helper()
	router := newRouter(t)
	for _, e := range exchanges {
		req := httptest.NewRequestWithContext(t.Context(), e.method, e.path, bytes.NewReader(e.body))
		req.Header = e.header
		route, params, err := router.FindRoute(req)
		if err != nil {
			t.Errorf("%s %s is no operation of the document: %v", e.method, e.path, err)
			continue
		}
		if !slices.Contains(route.Operation.Tags, "Live dialect") {
			continue // the client has tried the other dialect
		}
		answer := route.Operation.OperationID + " " + strconv.Itoa(e.status)
		seen = append(seen, answer)

		in := &openapi3filter.RequestValidationInput{Request: req, Route: route, PathParams: params, Options: validation}
		wrong := complaints(openapi3filter.ValidateRequest(t.Context(), in))
		switch {
		case len(wrong) > 0 && e.status < 300:
			found = append(found, answer+" for a request that is against the document")
		case len(wrong) == 0 && (e.status == 400 || e.status == 422):
			found = append(found, answer+" for a request that is in order")
		}
		for _, what := range wrong {
			found = append(found, route.Operation.OperationID+" request "+what)
		}
		wrong = complaints(openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: e.status, Header: e.answerHeader,
			Body: io.NopCloser(bytes.NewReader(e.answer)), Options: validation,
		}))
		if !json.Valid(e.answer) { // kin-openapi does not read past the first value
			wrong = append(wrong, "is not JSON")
		}
		for _, what := range wrong {
			found = append(found, answer+" "+what)
		}
	}
	slices.Sort(found)
	slices.Sort(seen)
	return slices.Compact(found), slices.Compact(seen)
}

// complaints names for each of kin-openapi's errors the place and the rule, without the value.
func complaints(err error) []string {
	switch e := err.(type) { // by level, so that none is missed
	case nil:
		return nil
	case openapi3.MultiError:
		var all []string
		for _, err := range e {
			all = append(all, complaints(err)...)
		}
		return all
	case *openapi3filter.SecurityRequirementsError:
		return []string{"without the key"}
	case *openapi3filter.RequestError:
		if e.Err != nil {
			return complaints(e.Err)
		}
		return []string{e.Reason}
	case *openapi3filter.ResponseError:
		if e.Err != nil {
			return complaints(e.Err)
		}
		return []string{e.Reason}
	case *openapi3.SchemaError:
		return []string{strings.TrimSpace(strings.Join(e.JSONPointer(), ".") + " " + e.SchemaField)}
	}
	return []string{err.Error()}
}
