#!/bin/sh
# WorkOS's emulator sends signed webhooks. Its signature has the time in seconds. WorkOS's
# own SDKs read milliseconds there, so each fresh event is from 1970 to them, and they
# refuse it. They accept the same body when the time is in milliseconds.
. "$(dirname "$0")/form"
npm_packages workos@0.14.0 @workos-inc/node@11.0.0
go_modules github.com/workos/workos-go/v6@v6.5.0
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/workos/workos-go/v6/pkg/webhooks"
)

func main() {
	if _, err := webhooks.NewClient(os.Args[1]).ValidatePayload(os.Args[2], os.Args[3]); err != nil {
		fmt.Print("refuses")
		return
	}
	fmt.Print("accepts")
}
END
go build -o verify .
cat >try.mjs <<'END'
import http from 'node:http';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createEmulator } from 'workos/emulate';
import { WorkOS } from '@workos-inc/node';

const emulator = await createEmulator({ port: 0 });
const { hostname, port } = new URL(emulator.url);
const workos = new WorkOS(emulator.apiKey, { apiHostname: hostname, port: Number(port), https: false });
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  response.end();
  server.emit('event', request.headers['workos-signature'], body);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { secret } = await workos.webhooks.createWebhookEndpoint({
  endpointUrl: `http://127.0.0.1:${server.address().port}/`, events: ['organization.created'],
});
const sent = once(server, 'event');
await workos.organizations.createOrganization({ name: 'Acme' });
const [signature, body] = await sent;
const time = Date.now();
const milliseconds = `t=${time}, v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
const verify = async (sigHeader) => {
  const node = await workos.webhooks.constructEvent({ payload: body, sigHeader, secret }).then(() => 'accepts', () => 'refuses');
  return `Node's SDK ${node}, Go's ${execFileSync('./verify', [secret, sigHeader, body])}`;
};
console.log(`the emulator's event: ${await verify(signature)}; in milliseconds: ${await verify(milliseconds)}`);
await emulator.close();
server.closeAllConnections();
server.close();
END
report "the emulator's event: Node's SDK accepts, Go's accepts" "$(node try.mjs)" \
	"the emulator's event: Node's SDK refuses, Go's refuses; in milliseconds: Node's SDK accepts, Go's accepts"
