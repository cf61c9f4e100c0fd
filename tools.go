//go:build tools

// Package adminportal imports the code generator, so that go.mod keeps its version. This file is
// never built.
package adminportal

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
