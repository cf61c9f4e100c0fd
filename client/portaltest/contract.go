package portaltest

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/adminportal-go/adminportal"
)

// Operations, for [Fault] and [Request]: those of the contract, and the page of a
// link.
const (
	OperationGeneratePortalLink   = "generatePortalLink"
	OperationListProviderIcons    = "listProviderIcons"
	OperationGenerateLink         = "generateLink"
	OperationListCDNProviderIcons = "listCDNProviderIcons"
	OperationPortalPage           = "portalPage"
)

// contract is the module's OpenAPI document, parsed. Nobody changes it.
var contract = sync.OnceValue(func() *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromData(adminportal.Document())
	if err != nil {
		panic("portaltest: openapi.yaml: " + err.Error()) // the document's own tests exclude it
	}
	return doc
})

// An operation is one of the contract, or the zero value.
type operation struct {
	*openapi3.Operation
	id    string
	live  bool // answers in the shapes of DialectGenerateLink
	keyed bool // needs an API key
}

// find returns the operation that a request is for. Where there is none, it returns
// the methods that the path has, if it has any.
func (d Dialect) find(r *http.Request) (op operation, allow []string) {
	item := contract().Paths.Value(r.URL.Path)
	if item == nil {
		return operation{}, nil
	}
	for method, o := range item.Operations() {
		switch {
		case !d.serves(o):
		case method == r.Method:
			keyed := len(*cmp.Or(o.Security, &contract().Security)) > 0
			return operation{o, o.OperationID, isLive(o), keyed}, nil
		default:
			allow = append(allow, method)
		}
	}
	slices.Sort(allow)
	return operation{}, allow
}

// isLive tells the operations of DialectGenerateLink.
func isLive(o *openapi3.Operation) bool { return slices.Contains(o.Tags, "Live dialect") }

func (d Dialect) serves(o *openapi3.Operation) bool {
	return d == DialectBoth || isLive(o) == (d == DialectGenerateLink)
}

// list names the operations that d serves: their routes, and their IDs with that of a
// link's page.
func (d Dialect) list() (routes, ids []string) {
	ids = []string{OperationPortalPage}
	for path, item := range contract().Paths.Map() {
		for method, o := range item.Operations() {
			if d.serves(o) {
				routes, ids = append(routes, method+" "+path), append(ids, o.OperationID)
			}
		}
	}
	slices.Sort(routes)
	slices.Sort(ids)
	return routes, ids
}

func schema(name string) *openapi3.Schema { return contract().Components.Schemas[name].Value }

func isOrganizationID(id string) bool { return schema("OrganizationID").VisitJSON(id) == nil }

// formats are those that kin-openapi leaves to its users. They are given with each
// validation: registered for the process, they would change the user's own.
var formats = []openapi3.SchemaValidationOption{
	openapi3.MultiErrors(),
	openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(checkURI)),
	openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
}

func checkURI(s string) error {
	foreign := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\<>"`, r) }
	if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Hostname() == "" || strings.ContainsFunc(s, foreign) {
		return errors.New("must be an absolute URL")
	}
	return nil
}
