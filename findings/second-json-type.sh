#!/bin/sh
# A document has application/json for an error, and later application/problem+json beside it.
# An Express service answers as before: "application/json; charset=utf-8". With one type the
# client that oapi-codegen makes reads that. With two it compares the header letter by letter:
# neither that nor a problem with a charset is read, and there is no error.
. "$(dirname "$0")/form"
npm_packages express@5.3.0
go_modules github.com/oapi-codegen/oapi-codegen/v2@v2.8.2 github.com/oapi-codegen/runtime@v1.8.0
cat >two.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
paths:
  /link:
    get:
      operationId: getLink
      responses:
        "422":
          description: An error.
          content:
            application/json:
              schema: {type: object, required: [message], properties: {message: {type: string}}}
            application/problem+json:
              schema: {type: object, required: [title], properties: {title: {type: string}}}
END
sed '/problem+json/,$d' two.yaml >one.yaml
for types in one two; do
	go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -generate types,client -package $types -o $types/client.go $types.yaml
done
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"os"

	"finding/one"
	"finding/two"
)

func main() {
	ctx := context.Background()
	for i, kind := range []string{"plain", "problem"} {
		url := os.Args[1] + "/" + kind
		a, _ := one.NewClientWithResponses(url)
		first, err := a.GetLinkWithResponse(ctx)
		if err != nil {
			panic(err)
		}
		b, _ := two.NewClientWithResponses(url)
		second, err := b.GetLinkWithResponse(ctx)
		if err != nil {
			panic(err)
		}
		if i == 0 {
			fmt.Printf("application/json read by the client with one type: %t, with two: %t", first.JSON422 != nil, second.JSON422 != nil)
		} else {
			fmt.Printf("; application/problem+json with two: %t\n", second.ApplicationproblemJSON422 != nil)
		}
	}
}
END
go build -o call .
cat >try.mjs <<'END'
import { execFile } from 'node:child_process';
import express from 'express';

const app = express();
app.get('/plain/link', (request, response) => { response.status(422).json({ message: 'No such intent' }); });
app.get('/problem/link', (request, response) => { response.status(422).type('application/problem+json').json({ title: 'No such intent' }); });
const server = app.listen(0, '127.0.0.1', () => {
  execFile('./call', [`http://127.0.0.1:${server.address().port}`], (error, out) => {
    process.stdout.write(out);
    server.close();
  });
});
END
report 'application/json read by the client with one type: true, with two: true; application/problem+json with two: true' \
	"$(node try.mjs)" \
	'application/json read by the client with one type: true, with two: false; application/problem+json with two: false'
