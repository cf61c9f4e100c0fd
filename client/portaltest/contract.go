package portaltest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/adminportal-go/adminportal"
)

// Operations, for [Fault] and [Request]: the contract's, and the page of a link.
const (
	OperationGeneratePortalLink   = "generatePortalLink"
	OperationListProviderIcons    = "listProviderIcons"
	OperationGenerateLink         = "generateLink"
	OperationListCDNProviderIcons = "listCDNProviderIcons"
	OperationPortalPage           = "portalPage"
)

// liveTag marks the operations of DialectGenerateLink in the contract.
const liveTag = "Live dialect"

// A document is the contract, parsed: requests are held against it, and it says who
// needs a key. It is read-only, and the same for every portal of a program.
type document struct {
	api    *openapi3.T
	router routers.Router
}

// contract panics if the document that is built in does not parse; the root
// package's tests see to it that it does.
var contract = sync.OnceValue(func() *document {
	api, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		panic("portaltest: openapi.yaml: " + err.Error())
	}
	// This portal is at another address than those that the document names.
	api.Servers = nil
	for _, item := range api.Paths.Map() {
		item.Servers = nil
	}
	router, err := gorillamux.NewRouter(api)
	if err != nil {
		panic("portaltest: openapi.yaml: " + err.Error())
	}
	return &document{api: api, router: router}
})

// An operation is one of the contract's, or the zero value.
type operation struct {
	id    string
	live  bool // answers in the shapes of DialectGenerateLink
	keyed bool // needs an API key
	route *routers.Route
}

// find returns the operation that a request is for; when there is none, the methods
// that the path has, if it has any.
func (d *document) find(r *http.Request, served Dialect) (op operation, allow []string) {
	route, _, err := d.router.FindRoute(r)
	switch {
	case errors.Is(err, routers.ErrMethodNotAllowed):
		for method, o := range d.api.Paths.Value(r.URL.Path).Operations() {
			if served.serves(o) {
				allow = append(allow, method)
			}
		}
		slices.Sort(allow)
		return operation{}, allow
	case err != nil || !served.serves(route.Operation):
		return operation{}, nil
	}
	security := route.Operation.Security
	if security == nil {
		security = &d.api.Security
	}
	return operation{
		id:    route.Operation.OperationID,
		live:  isLive(route.Operation),
		keyed: len(*security) > 0,
		route: route,
	}, nil
}

func isLive(o *openapi3.Operation) bool { return slices.Contains(o.Tags, liveTag) }

func (d Dialect) serves(o *openapi3.Operation) bool {
	switch d {
	case DialectPortalLinks:
		return !isLive(o)
	case DialectGenerateLink:
		return isLive(o)
	default:
		return true
	}
}

// operations lists the contract's IDs, and those of ours.
func (d *document) operations() []string {
	ids := []string{OperationPortalPage}
	for _, item := range d.api.Paths.Map() {
		for _, o := range item.Operations() {
			ids = append(ids, o.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}

func (d *document) schema(name string) *openapi3.Schema {
	return d.api.Components.Schemas[name].Value
}

func (d *document) isOrganizationID(id string) bool {
	return d.schema("OrganizationID").VisitJSON(id) == nil
}

// Formats that kin-openapi leaves to its users. They are given with each
// validation: a global one would change what a user's own validation does.
var validation = &openapi3filter.Options{
	MultiError:            true,
	IncludeResponseStatus: true,
	SkipSettingDefaults:   true,
	KeepValidatedValue:    true, // the strict server binds what was validated, by exact names
	AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
	SchemaValidationOptions: []openapi3.SchemaValidationOption{
		openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(checkURI)),
		openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
	},
}

var errNotAbsolute = errors.New("must be an absolute URL")

// foreign is what no URI has.
func foreign(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\<>"`, r) }

func checkURI(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Hostname() == "" || strings.ContainsFunc(s, foreign) {
		return errNotAbsolute
	}
	return nil
}
