// Package adminportal holds the contract of the WorkOS Admin Portal API: an OpenAPI document,
// written by hand, from which the types, the client and the sandbox's server are generated.
//
// Services import the client:
//
//	import "github.com/adminportal-go/adminportal/client"
//
// and their tests import client/portaltest, a portal to test against. Import this package for the
// document itself, for example to validate requests against it or to render it.
//
// To change the contract, edit openapi.yaml and run go generate, which makes package gen (the
// types and the client) and package gen/server (the strict server).
package adminportal

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config gen/config.yaml openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config gen/server/config.yaml openapi.yaml

//go:embed openapi.yaml
var document string

// Document returns the OpenAPI document, openapi.yaml as it was when this module was built. The
// bytes are a copy, which the caller may change.
//
// A middleware that validates requests against the document must be told about its servers and
// its security, or it refuses everything. For kin-openapi's openapi3filter:
//
//   - Set doc.Servers and the Servers of every path item to nil. The document names WorkOS's
//     servers, and a router that keeps them finds no route for a request to yours.
//   - Set an AuthenticationFunc in openapi3filter.Options. All operations but one ask for the
//     bearer key apiKey, and without such a function the filter refuses every request to them.
//   - Leave GET /provider-icons.json without a key: its security is empty. It has a server of its
//     own, WorkOS's CDN, which must never be sent the API key. A client made from the document by
//     another generator may overlook both; check it before you give it a key.
func Document() []byte { return []byte(document) }
