package adminportal_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/adminportal-go/adminportal"
)

func TestDocumentIsTheFile(t *testing.T) {
	file := read(t, "openapi.yaml")
	document := adminportal.Document()
	if string(document) != file {
		t.Error("Document() differs from openapi.yaml")
	}
	clear(document)
	if string(adminportal.Document()) != file {
		t.Error("a change of what Document() returned changed the document")
	}
}

// A middleware of your own fake service, which refuses what the document does not allow.
func ExampleDocument() {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		log.Fatal(err)
	}
	doc.Servers = nil // WorkOS's, and not this service's
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		log.Fatal(err)
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc} // check the key here
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, params, err := router.FindRoute(r)
		if err == nil {
			err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
				Request: r, PathParams: params, Route: route, Options: options,
			})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})

	for _, path := range []string{"/provider_icons", "/provider-icons.json", "/elsewhere"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /provider_icons 200
	// /provider-icons.json 200
	// /elsewhere 400
}
