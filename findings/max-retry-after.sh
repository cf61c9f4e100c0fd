#!/bin/sh
# got and ky, clients of one family, both have an option retry.maxRetryAfter. When a server
# asks for a longer wait, got gives up at once. ky comes back after that time all the
# same, too early, as often as it may.
. "$(dirname "$0")/form"
npm_packages got@14.6.6 ky@1.14.3
cat >try.mjs <<'END'
import http from 'node:http';
import got from 'got';
import ky from 'ky';

const requests = async (call) => {
  let n = 0;
  const server = http.createServer((request, response) => {
    n++;
    response.writeHead(429, { 'Retry-After': '60' }).end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  await call(`http://127.0.0.1:${server.address().port}/`).catch(() => {});
  server.closeAllConnections();
  server.close();
  return n;
};
const retry = { maxRetryAfter: 500 };
console.log(`got: ${await requests((url) => got(url, { retry }))} request, ky: ${await requests((url) => ky(url, { retry }))} requests`);
END
report 'the same of both, as the option has one name' "$(node try.mjs)" 'got: 1 request, ky: 3 requests'
