#!/bin/sh
# WorkOS's emulator says X-RateLimit-Limit: 1000 and refuses the thousandth request. The
# answer before it says that one is left.
. "$(dirname "$0")/form"
npm_packages workos@0.14.0
cat >try.mjs <<'END'
import { createEmulator } from 'workos/emulate';
const emulator = await createEmulator({ port: 0 });
let accepted = 0;
let limit, left, answer;
do {
  left = answer?.headers.get('x-ratelimit-remaining');
  answer = await fetch(`${emulator.url}/organizations`, { headers: { Authorization: `Bearer ${emulator.apiKey}` } });
  await answer.text();
  limit = answer.headers.get('x-ratelimit-limit');
} while (answer.status === 200 && ++accepted < 1100);
console.log(`limit ${limit}: ${accepted} accepted, ${left} left before the refusal`);
await emulator.close();
END
report 'limit 1000: 1000 accepted, 0 left before the refusal' \
	"$(node try.mjs)" 'limit 1000: 999 accepted, 1 left before the refusal'
