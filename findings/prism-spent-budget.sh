#!/bin/sh
# A document has optional rate headers of type integer, without an example. Prism's mock
# makes them up: every answer says that no request is left and that the reset is now,
# where all that the client sent was one request. A client that heeds the headers stops.
. "$(dirname "$0")/form"
npm_packages @stoplight/prism-cli@5.14.2
cat >openapi.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
paths:
  /link:
    get:
      responses:
        "200":
          description: A link.
          headers:
            X-RateLimit-Limit: {schema: {type: integer}}
            X-RateLimit-Remaining: {schema: {type: integer}}
END
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
node node_modules/@stoplight/prism-cli/dist/index.js mock -h 127.0.0.1 -p "$port" openapi.yaml >prism.log 2>&1 &
prism=$!
cat >try.mjs <<'END'
import { setTimeout } from 'node:timers/promises';
let answer;
for (let i = 0; i < 100 && !answer; i++) {
  answer = await fetch(`http://127.0.0.1:${process.argv[2]}/link`).catch(() => setTimeout(200));
}
console.log(`${answer.status}, limit ${answer.headers.get('x-ratelimit-limit')}, remaining ${answer.headers.get('x-ratelimit-remaining')}`);
END
seen=$(node try.mjs "$port") || true
kill "$prism"
report '200, limit null, remaining null (nobody has given a value, and the headers are optional)' \
	"$seen" '200, limit 0, remaining 0'
