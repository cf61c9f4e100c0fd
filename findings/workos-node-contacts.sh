#!/bin/sh
# WorkOS's Node SDK sends the contacts of a portal link as admin_emails. WorkOS's own
# OpenAPI document has it_contact_emails and no admin_emails, and the other SDKs send that.
. "$(dirname "$0")/form"
npm_packages @workos-inc/node@11.0.0 @workos/openapi-spec@0.1.0
cat >try.mjs <<'END'
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { WorkOS } from '@workos-inc/node';

const document = readFileSync('node_modules/@workos/openapi-spec/open-api-spec.yaml', 'utf8');
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  for (const name of Object.keys(JSON.parse(body))) {
    if (name.endsWith('emails')) console.log(`the SDK sends ${name}, the document has it: ${document.includes(` ${name}:`)}`);
  }
  response.setHeader('Content-Type', 'application/json');
  response.end('{"link":"https://setup.workos.com?token=example"}');
}).listen(0, '127.0.0.1', async () => {
  const workos = new WorkOS('sk_test_example', { apiHostname: '127.0.0.1', port: server.address().port, https: false });
  await workos.adminPortal.generateLink({
    organization: 'org_01EHWNCE74X7JSDV0X3SZ3KJNY', intent: 'sso', adminEmails: ['it@example.com'],
  });
  server.closeAllConnections();
  server.close();
});
END
report 'the SDK sends it_contact_emails, the document has it: true' \
	"$(node try.mjs)" 'the SDK sends admin_emails, the document has it: false'
