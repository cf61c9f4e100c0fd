#!/bin/sh
# A header is a list of two values. Go's net/http sends each value in a line of its own, and
# fetch sends both in one line with a comma and a blank. HTTP takes all of these for the
# same list. A server that oapi-codegen makes refuses the one and keeps the blank of the
# other. A server that ogen makes drops the second value, and keeps the blank too.
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
        "parameters": [{"name": "X-Intents", "in": "header", "required": true, "schema": {"type": "array", "items": {"type": "string"}}}],
        "responses": {"200": {"description": "What was read.", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}}}}
      }
    }
  }
}
END
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -generate types,std-http-server,strict-server -package oapicodegen -o oapicodegen/link.go openapi.json
go run github.com/ogen-go/ogen/cmd/ogen -target ogen -package ogen openapi.json 2>ogen.log
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"

	"finding/oapicodegen"
	"finding/ogen"
)

type oapiServer struct{}

func (oapiServer) GetLink(_ context.Context, r oapicodegen.GetLinkRequestObject) (oapicodegen.GetLinkResponseObject, error) {
	return oapicodegen.GetLink200JSONResponse(r.Params.XIntents), nil
}

type ogenServer struct{}

func (ogenServer) GetLink(_ context.Context, p ogen.GetLinkParams) ([]string, error) {
	return p.XIntents, nil
}

const script = `const headers = new Headers([['X-Intents', 'sso'], ['X-Intents', 'dsync']]);
fetch(process.argv[1] + '/link', { headers }).then(async (r) => console.log(r.status === 200 ? await r.text() : r.status))`

func main() {
	second, _ := ogen.NewServer(ogenServer{})
	for i, h := range []http.Handler{oapicodegen.Handler(oapicodegen.NewStrictHandler(oapiServer{}, nil)), second} {
		srv := httptest.NewServer(h)
		req, _ := http.NewRequest(http.MethodGet, srv.URL+"/link", nil)
		req.Header.Add("X-Intents", "sso")
		req.Header.Add("X-Intents", "dsync")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK {
			text = fmt.Append(nil, resp.StatusCode)
		}
		fetched, _ := exec.Command("node", "-e", script, srv.URL).Output()
		fmt.Printf("%s: net/http %s, fetch %s", []string{"oapi-codegen", "; ogen"}[i], strings.TrimSpace(string(text)), strings.TrimSpace(string(fetched)))
	}
	fmt.Println()
}
END
report 'oapi-codegen: net/http ["sso","dsync"], fetch ["sso","dsync"]; ogen: net/http ["sso","dsync"], fetch ["sso","dsync"]' "$(go run .)" \
	'oapi-codegen: net/http 400, fetch ["sso"," dsync"]; ogen: net/http ["sso"], fetch ["sso"," dsync"]'
