#!/bin/sh
# koa-ratelimit rounds the rest of its window down. In the window's last second it
# answers 429 with "Retry-After: 0". ky obeys that: it makes all its attempts within
# milliseconds, and the call fails though it would have had to wait a fraction of a
# second. So does every call that follows until the window ends.
. "$(dirname "$0")/form"
npm_packages koa@3.3.0 koa-ratelimit@6.0.0 ky@1.14.3
cat >try.mjs <<'END'
import Koa from 'koa';
import limit from 'koa-ratelimit';
import ky from 'ky';

const app = new Koa();
app.use(limit({ driver: 'memory', db: new Map(), duration: 3000, max: 5, id: () => 'one' }));
app.use((context) => { context.body = 'ok'; });
const server = app.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  let failed = 0;
  for (let i = 0; i < 8; i++) await ky(url).text().catch(() => failed++);
  console.log(`${failed} of 8 calls failed`);
  server.closeAllConnections();
  server.close();
});
END
report '0 of 8 calls failed (5 requests in 3 s, and ky retries a 429 after Retry-After)' \
	"$(node try.mjs)" '3 of 8 calls failed'
