#!/bin/sh
# WorkOS's emulator makes portal links, also for organizations and intents that do not
# exist. None of them opens: the link's page asks for the API key, which no browser has.
. "$(dirname "$0")/form"
npm_packages workos@0.14.0
cat >try.mjs <<'END'
import { createEmulator } from 'workos/emulate';
const emulator = await createEmulator({ port: 0, seed: { organizations: [{ name: 'Acme' }] } });
const headers = { Authorization: `Bearer ${emulator.apiKey}`, 'Content-Type': 'application/json' };
const { data } = await (await fetch(`${emulator.url}/organizations`, { headers })).json();
const make = (organization, intent) =>
  fetch(`${emulator.url}/portal/generate_link`, { method: 'POST', headers, body: JSON.stringify({ organization, intent }) });
const known = await make(data[0].id, 'sso');
const { link } = await known.json();
const opened = await fetch(link);
const unknown = await make('org_01EHWNCE74X7JSDV0X3SZ3KJNY', 'sso');
console.log(`a link: ${known.status}, opened: ${opened.status}; for an unknown organization: ${unknown.status}`);
await emulator.close();
END
report 'a link: 201, opened: 200; for an unknown organization: 400, 403 or 404 (as its document has them)' \
	"$(node try.mjs)" 'a link: 200, opened: 401; for an unknown organization: 200'
