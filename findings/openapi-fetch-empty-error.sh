#!/bin/sh
# A gateway answers 502 with an empty body. openapi-fetch gives error for an answer that is
# no success, and here error is undefined. So "if (error)" lets the 502 through. The
# compiler then holds that data is there, and the code after it reads from undefined.
. "$(dirname "$0")/form"
npm_packages openapi-fetch@0.17.0 openapi-typescript@7.13.0 typescript@5.9.3 @types/node@20.19.0
cat >openapi.yaml <<'END'
openapi: 3.0.3
info: {title: Links, version: "1"}
paths:
  /link:
    get:
      responses:
        "200":
          description: A link.
          content:
            application/json:
              schema: {type: object, required: [link], properties: {link: {type: string}}}
        default:
          description: An error.
          content:
            application/json:
              schema: {type: object, required: [message], properties: {message: {type: string}}}
END
node_modules/.bin/openapi-typescript openapi.yaml -o schema.ts >log 2>&1
cat >try.mts <<'END'
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

let status = 200;
let body = '';
const server = http.createServer((request, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
}).listen(0, '127.0.0.1', async () => {
  const client = createClient<paths>({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const call = async (): Promise<string> => {
    const { data, error } = await client.GET('/link');
    if (error) return 'an error';
    const sure: { link: string } = data;
    return sure === undefined ? 'no error, no link' : `the link ${sure.link}`;
  };
  const seen: string[] = [];
  for ([status, body] of [[200, '{"link":"/here"}'], [502, '{"message":"Bad gateway"}'], [502, '']] as const) {
    seen.push(`${status} with ${body.length ? 'a body' : 'no body'}: ${await call()}`);
  }
  console.log(seen.join('; '));
  server.closeAllConnections();
  server.close();
});
END
compiler=accepts
node_modules/.bin/tsc --strict --skipLibCheck --target es2022 --module nodenext --outDir out try.mts >tsc.log || compiler=refuses
report 'the compiler accepts data after "if (error) return"; 200 with a body: the link /here; 502 with a body: an error; 502 with no body: an error' \
	"the compiler $compiler data after \"if (error) return\"; $(node out/try.mjs)" \
	'the compiler accepts data after "if (error) return"; 200 with a body: the link /here; 502 with a body: an error; 502 with no body: no error, no link'
