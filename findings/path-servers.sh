#!/bin/sh
# A path has a server of its own in a document: icons come from a CDN. swagger-client asks
# the CDN. The Go clients that oapi-codegen and ogen make ask the API, as for all other
# paths, and neither generator says a word about it.
. "$(dirname "$0")/form"
npm_packages swagger-client@3.37.3
go_modules github.com/oapi-codegen/oapi-codegen/v2@v2.8.2 github.com/ogen-go/ogen@v1.24.0
cat >openapi.json <<'END'
{
  "openapi": "3.0.3",
  "info": {"title": "Icons", "version": "1"},
  "servers": [{"url": "https://api.example.com"}],
  "paths": {
    "/icons.json": {
      "servers": [{"url": "https://cdn.example.com"}],
      "get": {
        "operationId": "listIcons",
        "responses": {"200": {"description": "Names.", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}}
      }
    }
  }
}
END
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -generate types,client -package oapicodegen -o oapicodegen/client.go openapi.json
go run github.com/ogen-go/ogen/cmd/ogen -target ogen -package ogen openapi.json 2>ogen.log
cat >main.go <<'END'
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"finding/oapicodegen"
	"finding/ogen"
)

type doer string

func (name doer) Do(req *http.Request) (*http.Response, error) {
	fmt.Printf("; %s asks %s", name, req.URL.Host)
	return nil, errors.New("not sent")
}

func main() {
	first, _ := oapicodegen.NewClient("https://api.example.com", oapicodegen.WithHTTPClient(doer("oapi-codegen")))
	_, _ = first.ListIcons(context.Background())
	second, _ := ogen.NewClient("https://api.example.com", ogen.WithClient(doer("ogen")))
	_, _ = second.ListIcons(context.Background())
}
END
cat >try.mjs <<'END'
import { readFileSync } from 'node:fs';
import Swagger from 'swagger-client';
const spec = JSON.parse(readFileSync('openapi.json'));
console.log(`swagger-client asks ${new URL(Swagger.buildRequest({ spec, operationId: 'listIcons' }).url).host}`);
END
report 'swagger-client asks cdn.example.com; oapi-codegen asks cdn.example.com; ogen asks cdn.example.com' \
	"$(node try.mjs)$(go run .)" \
	'swagger-client asks cdn.example.com; oapi-codegen asks api.example.com; ogen asks api.example.com'
