// Package adminportal holds the contract of the WorkOS Admin Portal API: the
// hand-written OpenAPI document from which everything else here is made.
//
// Services import the client:
//
//	import "github.com/adminportal-go/adminportal/client"
//
// and their tests import client/portaltest, a portal to test against. This
// package is for those who want the document itself, say to validate against it
// or to render it.
//
// To change the contract, edit openapi.yaml and run go generate: package gen
// (types and client) and package gen/server (the strict server) follow.
package adminportal

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config gen/config.yaml openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config gen/server/config.yaml openapi.yaml

//go:embed openapi.yaml
var document string

// Document returns the OpenAPI document, openapi.yaml as it stood when this
// module was built. The bytes are a copy: the caller may change them.
func Document() []byte { return []byte(document) }
