#!/bin/sh
# hey-api's transformers turn date-time strings into Date, and its types say Date. The
# types of error bodies say so too, and the code for them is not there: a 429's retry_at
# has the type Date and is a string. The compiler accepts a call that fails.
. "$(dirname "$0")/form"
npm_packages @hey-api/openapi-ts@0.99.0 typescript@5.9.3
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
              schema: {type: object, required: [expires_at], properties: {expires_at: {type: string, format: date-time}}}
        "429":
          description: Later.
          content:
            application/json:
              schema: {type: object, required: [retry_at], properties: {retry_at: {type: string, format: date-time}}}
END
cat >config.mjs <<'END'
export default {
  input: 'openapi.yaml',
  output: 'client',
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', { name: '@hey-api/transformers', dates: true }, { name: '@hey-api/sdk', transformer: true }],
};
END
node_modules/.bin/openapi-ts -f config.mjs >hey-api.log
cat >try.ts <<'END'
import { getLink } from './client';

const answer = (status: number, body: object) => async () =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
const at = '2026-01-02T03:04:05Z';
const baseUrl = 'http://127.0.0.1';
void (async () => {
  const { data } = await getLink({ baseUrl, fetch: answer(200, { expires_at: at }) });
  const { error } = await getLink({ baseUrl, fetch: answer(429, { retry_at: at }) });
  const expires: Date | undefined = data?.expires_at;
  const retry: Date | undefined = error?.retry_at;
  console.log(`200: expires_at is a Date: ${expires instanceof Date}; 429: retry_at is a Date: ${retry instanceof Date}`);
})();
END
compiler=accepts
node_modules/.bin/tsc --strict --skipLibCheck --target es2022 --lib es2022,dom,dom.iterable --module commonjs --outDir out try.ts >tsc.log || compiler=refuses
report 'the compiler accepts Date for both; 200: expires_at is a Date: true; 429: retry_at is a Date: true' \
	"the compiler $compiler Date for both; $(node out/try.js)" \
	'the compiler accepts Date for both; 200: expires_at is a Date: true; 429: retry_at is a Date: false'
