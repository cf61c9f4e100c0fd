#!/bin/sh
# In WorkOS's Node SDK, autoPagination() reads all pages of a list. Where the list was
# asked for with a limit, which WorkOS's API takes as the size of a page, it reads one
# page and says nothing, though the list itself tells of a next one. Here against WorkOS's
# own emulator.
. "$(dirname "$0")/form"
npm_packages @workos-inc/node@11.0.0 workos@0.14.0
cat >try.mjs <<'END'
import { createEmulator } from 'workos/emulate';
import { WorkOS } from '@workos-inc/node';

const organizations = Array.from({ length: 25 }, (_, i) => ({ name: `Organization ${i + 1}` }));
const emulator = await createEmulator({ port: 0, seed: { organizations } });
const workos = new WorkOS(emulator.apiKey, { apiHostname: '127.0.0.1', port: Number(new URL(emulator.url).port), https: false });
const seen = [];
for (const options of [{ order: 'asc' }, { order: 'asc', limit: 20 }]) {
  const list = await workos.organizations.listOrganizations(options);
  const all = await list.autoPagination();
  seen.push(`limit ${options.limit ?? 'not set'}: ${all.length} of 25, a next page: ${list.listMetadata.after !== null}`);
}
console.log(seen.join('; '));
await emulator.close();
END
report 'limit not set: 25 of 25, a next page: true; limit 20: 25 of 25, a next page: true' \
	"$(node try.mjs)" 'limit not set: 25 of 25, a next page: true; limit 20: 20 of 25, a next page: true'
