#!/bin/sh
# A client with a cache asks again with the ETag, and each 304 costs a request of the budget
# and says how much is left. got passes that on. undici's cache passes on the count of the
# stored answer, and make-fetch-happen none at all. A caller that heeds the count runs into
# the 429.
. "$(dirname "$0")/form"
npm_packages express@5.3.0 express-rate-limit@8.7.5 got@14.6.6 undici@7.30.2 make-fetch-happen@15.0.6
cat >try.mjs <<'END'
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import got from 'got';
import fetchWithFolder from 'make-fetch-happen';
import { Agent, fetch, interceptors } from 'undici';

const app = express();
app.use(rateLimit({ windowMs: 60000, limit: 4, standardHeaders: 'draft-6', keyGenerator: (request) => request.path }));
app.get('/:client', (request, response) => { response.set('Cache-Control', 'no-cache').send('a list'); });
const dispatcher = new Agent().compose(interceptors.cache());
const cache = new Map();
const clients = {
  got: async (url) => (await got(url, { cache, throwHttpErrors: false, retry: { limit: 0 } })).headers,
  undici: async (url) => {
    const answer = await fetch(url, { dispatcher });
    await answer.text();
    return Object.fromEntries(answer.headers);
  },
  'make-fetch-happen': async (url) => {
    const answer = await fetchWithFolder(url, { cachePath: 'cache', retry: false });
    await answer.text();
    return Object.fromEntries(answer.headers);
  },
};
const server = app.listen(0, '127.0.0.1', async () => {
  const seen = [];
  for (const [name, call] of Object.entries(clients)) {
    const left = [];
    for (let i = 0; i < 4; i++) left.push((await call(`http://127.0.0.1:${server.address().port}/${name}`))['ratelimit-remaining'] ?? 'none');
    seen.push(`${name}: ${left.join(' ')}`);
  }
  console.log(`left, as told by ${seen.join(', ')}`);
  await dispatcher.close();
  server.closeAllConnections();
  server.close();
});
END
report 'left, as told by got: 3 2 1 0, undici: 3 2 1 0, make-fetch-happen: 3 2 1 0' \
	"$(node try.mjs)" 'left, as told by got: 3 2 1 0, undici: 3 3 1 1, make-fetch-happen: 3 none none none'
