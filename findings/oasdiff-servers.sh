#!/bin/sh
# Every client breaks when an API moves to another host. oasdiff's changelog has nothing
# to report of it, and its check for breaking changes passes, whether the document's
# servers change or those of one path.
. "$(dirname "$0")/form"
go_modules github.com/oasdiff/oasdiff@v1.37.0
cat >old.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
servers: [{url: "https://api.example.com"}]
paths:
  /links:
    get: {responses: {"200": {description: Links.}}}
  /icons:
    servers: [{url: "https://cdn.example.com"}]
    get: {responses: {"200": {description: Icons.}}}
END
sed 's/api.example.com/api.example.org/; s/cdn.example.com/cdn.example.org/' old.yaml >new.yaml
go build -o oasdiff github.com/oasdiff/oasdiff
code=0
./oasdiff breaking --fail-on ERR old.yaml new.yaml >breaking.txt || code=$?
report 'the changelog has changes: true; breaking exits with 1' \
	"the changelog has changes: $(./oasdiff changelog old.yaml new.yaml | grep -q '^No changes' && echo false || echo true); breaking exits with $code" \
	'the changelog has changes: false; breaking exits with 0'
