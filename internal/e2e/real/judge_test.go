package real

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
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

// A judge is a transport that holds each exchange of the live dialect against the document.
type judge struct {
	t      *testing.T
	router routers.Router

	mu          sync.Mutex
	found, seen []string // what is not as the document says, and the answers that came
}

func (j *judge) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	route, params, err := j.router.FindRoute(req)
	if err != nil {
		j.t.Errorf("%s %s is no operation of the document: %v", req.Method, req.URL.Path, err)
		return nil, err
	}
	if !slices.Contains(route.Operation.Tags, "Live dialect") {
		return http.DefaultTransport.RoundTrip(req) // the client tries the other dialect
	}
	in := &openapi3filter.RequestValidationInput{Request: req, Route: route, PathParams: params, Options: validation}
	ofRequest := complaints(openapi3filter.ValidateRequest(req.Context(), in)) // and puts back the body that it reads
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	ofAnswer := complaints(openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: validation,
	}))
	switch s := resp.StatusCode; {
	case len(ofRequest) > 0 && s < 300:
		ofAnswer = append(ofAnswer, "for a request that is against the document")
	case len(ofRequest) == 0 && (s == 400 || s == 422):
		ofAnswer = append(ofAnswer, "for a request that is in order")
	}
	if !json.Valid(body) { // kin-openapi does not read past the first value
		ofAnswer = append(ofAnswer, "is not JSON")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	answer := route.Operation.OperationID + " " + strconv.Itoa(resp.StatusCode)
	j.seen = append(j.seen, answer)
	for _, what := range ofRequest {
		j.found = append(j.found, route.Operation.OperationID+" request "+what)
	}
	for _, what := range ofAnswer {
		j.found = append(j.found, answer+" "+what)
	}
	return resp, nil
}

// newRouter finds the operations of a document in which no object has fields other than those that it lists.
func newRouter(t *testing.T) routers.Router {
	t.Helper()
	doc := must(openapi3.NewLoader().LoadFromData(adminportal.Document()))
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	for _, s := range doc.Components.Schemas {
		if len(s.Value.Properties) > 0 {
			s.Value.AdditionalProperties.Has = new(bool)
		}
	}
	router := must(gorillamux.NewRouter(doc))
	return router
}

var validation = &openapi3filter.Options{
	MultiError:            true,
	IncludeResponseStatus: true,
	AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc, // the emulator refuses who has no key
	SchemaValidationOptions: []openapi3.SchemaValidationOption{ // kin-openapi takes any string for these
		openapi3.WithStringFormatValidator("uri", openapi3.NewRegexpFormatValidator(`^https?://[^\s/?#]+\S*$`)),
		openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
	},
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
	case *openapi3filter.RequestError:
		return complaints(cmp.Or(e.Err, errors.New(e.Reason)))
	case *openapi3filter.ResponseError:
		return complaints(cmp.Or(e.Err, errors.New(e.Reason)))
	case *openapi3.SchemaError:
		return []string{strings.TrimSpace(strings.Join(e.JSONPointer(), ".") + " " + e.SchemaField)}
	}
	return []string{err.Error()}
}
