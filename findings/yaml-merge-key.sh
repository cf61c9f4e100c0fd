#!/bin/sh
# A document takes the properties of one schema over into another by a YAML merge key. Two
# generators read it so. Two others make a field with the name << and leave out what it
# stands for. They say nothing: to them it is a property like any other.
. "$(dirname "$0")/form"
npm_packages openapi-typescript@7.13.0 oazapfts@7.5.0 swagger-typescript-api@13.13.0 typescript@5.9.3
go_modules github.com/oapi-codegen/oapi-codegen/v2@v2.8.2
cat >openapi.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
paths:
  /link:
    get:
      operationId: getLink
      responses:
        "200":
          description: A link.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/TimedLink"}
components:
  schemas:
    Link:
      type: object
      properties: &link
        link: {type: string}
    TimedLink:
      type: object
      properties:
        <<: *link
        expires_at: {type: string}
END
bin=node_modules/.bin
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -generate types -package main openapi.yaml >oapi-codegen.ts
$bin/openapi-typescript openapi.yaml >openapi-typescript.ts 2>log
$bin/oazapfts openapi.yaml >oazapfts.ts 2>log
$bin/swagger-typescript-api generate -p openapi.yaml -o . -n swagger-typescript-api.ts >log
seen=
for name in oapi-codegen openapi-typescript oazapfts swagger-typescript-api; do
	fields=$(sed -nE '/TimedLink( =|:| struct)? \{/,/\}/p' $name.ts | grep -oE '<<|link\b|expires_at' | sort -u | tr '\n' ' ')
	seen="$seen${seen:+; }$name: ${fields% }"
done
report 'oapi-codegen: expires_at link; openapi-typescript: expires_at link; oazapfts: expires_at link; swagger-typescript-api: expires_at link' \
	"$seen" \
	'oapi-codegen: expires_at link; openapi-typescript: expires_at link; oazapfts: << expires_at; swagger-typescript-api: << expires_at'
