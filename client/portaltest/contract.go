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
	"github.com/adminportal-go/adminportal/internal/loopback"
)

// Operations, for [Fault] and [Request]: the contract's, and the page of a link.
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

// An operation is one of the contract, the page of a link, or neither.
type operation struct {
	*openapi3.Operation
	id    string // empty: no route
	live  bool   // answers in the shapes of DialectGenerateLink
	keyed bool   // needs an API key
}

// find returns the operation that a request is for.
func (d Dialect) find(r *http.Request) operation {
	if r.URL.Path == pagePath {
		return operation{id: OperationPortalPage}
	}
	o := cmp.Or(contract().Paths.Value(r.URL.Path), &openapi3.PathItem{}).Operations()[r.Method]
	if o == nil || !d.serves(o) {
		return operation{}
	}
	return operation{o, o.OperationID, isLive(o), len(*cmp.Or(o.Security, &contract().Security)) > 0}
}

// isLive tells the operations of DialectGenerateLink.
func isLive(o *openapi3.Operation) bool { return slices.Contains(o.Tags, "Live dialect") }

func (d Dialect) serves(o *openapi3.Operation) bool {
	return d == DialectBoth || isLive(o) == (d == DialectGenerateLink)
}

// list names what d serves: the routes, and the operations' IDs.
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

func isOrganizationID(id string) bool {
	return contract().Components.Schemas["OrganizationID"].Value.VisitJSON(id) == nil
}

// formats are those that kin-openapi leaves to its users. They are given with each validation:
// registered for the process, they would change the user's own.
var formats = []openapi3.SchemaValidationOption{
	openapi3.MultiErrors(),
	openapi3.WithStringFormatValidator("uri", openapi3.NewCallbackValidator(checkRedirect)),
	openapi3.WithStringFormatValidator("email", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail)),
}

// checkRedirect also checks what the contract says in words alone: https, or http on loopback, and
// no password.
func checkRedirect(address string) error {
	foreign := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`\<>"`, r) }
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Hostname() == "" || strings.ContainsFunc(address, foreign) || strings.ContainsAny(u.Host, "%!$&'()*+,;=`{|}^") ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())) {
		return errRedirect
	}
	return nil
}

var errRedirect = errors.New("must be an absolute https URL (http is allowed on loopback only)")
