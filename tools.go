//go:build tools

// Package adminportal pins the code generator: this file is never built, it
// only keeps the generator's version in go.mod.
package adminportal

import (
	_ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
)
