#!/bin/sh
# Two Go generators read one document with a string of format duration. ogen writes and
# reads what Go's time.Duration prints. oapi-codegen writes and reads ISO 8601, as the
# registry of formats says. No lifetime passes from one to the other.
. "$(dirname "$0")/form"
go_modules github.com/oapi-codegen/oapi-codegen/v2@v2.8.2 github.com/oapi-codegen/runtime@v1.8.0 github.com/ogen-go/ogen@v1.24.0
cat >openapi.json <<'END'
{
  "openapi": "3.0.3",
  "info": {"title": "Links", "version": "1"},
  "paths": {
    "/link": {
      "get": {
        "operationId": "getLink",
        "responses": {"200": {"description": "A link.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Link"}}}}}
      }
    }
  },
  "components": {
    "schemas": {
      "Link": {"type": "object", "required": ["lifetime"], "properties": {"lifetime": {"type": "string", "format": "duration"}}}
    }
  }
}
END
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -generate types,client,std-http-server,strict-server -package oapicodegen -o oapicodegen/link.go openapi.json
go run github.com/ogen-go/ogen/cmd/ogen -target ogen -package ogen openapi.json 2>ogen.log
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"finding/oapicodegen"
	"finding/ogen"

	"github.com/oapi-codegen/runtime/types"
)

const lifetime = 10 * time.Minute

type ogenServer struct{}

func (ogenServer) GetLink(context.Context) (*ogen.Link, error) {
	return &ogen.Link{Lifetime: lifetime}, nil
}

type oapiServer struct{}

func (oapiServer) GetLink(context.Context, oapicodegen.GetLinkRequestObject) (oapicodegen.GetLinkResponseObject, error) {
	d, err := types.FromTimeDuration(lifetime)
	return oapicodegen.GetLink200JSONResponse{Lifetime: d}, err
}

func main() {
	ctx := context.Background()
	first, _ := ogen.NewServer(ogenServer{})
	servers := []struct {
		name    string
		handler http.Handler
	}{
		{"ogen", first},
		{"oapi-codegen", oapicodegen.Handler(oapicodegen.NewStrictHandler(oapiServer{}, nil))},
	}
	for i, s := range servers {
		srv := httptest.NewServer(s.handler)
		if i > 0 {
			fmt.Print("; ")
		}
		a, _ := ogen.NewClient(srv.URL)
		link, err := a.GetLink(ctx)
		fmt.Printf("%s's server: ogen's client reads 10 minutes: %t", s.name, err == nil && link.Lifetime == lifetime)
		b, _ := oapicodegen.NewClientWithResponses(srv.URL)
		resp, err := b.GetLinkWithResponse(ctx)
		read := false
		if err == nil && resp.JSON200 != nil {
			d, err := resp.JSON200.Lifetime.TimeDuration()
			read = err == nil && d == lifetime
		}
		fmt.Printf(", oapi-codegen's: %t", read)
	}
	fmt.Println()
}
END
report "ogen's server: ogen's client reads 10 minutes: true, oapi-codegen's: true; oapi-codegen's server: ogen's client reads 10 minutes: true, oapi-codegen's: true" \
	"$(go run .)" \
	"ogen's server: ogen's client reads 10 minutes: true, oapi-codegen's: false; oapi-codegen's server: ogen's client reads 10 minutes: false, oapi-codegen's: true"
