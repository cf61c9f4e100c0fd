#!/bin/sh
# A service is under pressure: @fastify/under-pressure answers 503 with "Retry-After: 10".
# @fastify/http-proxy in front of it takes these seconds for milliseconds. A client's one
# GET becomes eleven requests to that service in a fraction of a second. Only then does
# the client get the 503.
. "$(dirname "$0")/form"
npm_packages fastify@5.12.8 @fastify/http-proxy@11.6.3 @fastify/reply-from@12.6.5 @fastify/under-pressure@9.2.0
cat >try.mjs <<'END'
import Fastify from 'fastify';
import proxy from '@fastify/http-proxy';
import pressure from '@fastify/under-pressure';

const service = Fastify();
const arrived = [];
service.addHook('onRequest', async () => { arrived.push(Date.now()); });
service.register(pressure, { healthCheck: async () => false, healthCheckInterval: 60000 });
service.get('/', async () => 'ok');
const upstream = await service.listen({ port: 0, host: '127.0.0.1' });
const front = Fastify();
front.register(proxy, { upstream });
const answer = await fetch(await front.listen({ port: 0, host: '127.0.0.1' }));
await answer.text();
const wait = Number(answer.headers.get('retry-after'));
const early = arrived.filter((at) => at - arrived[0] < wait * 1000).length - 1;
console.log(`${answer.status}, Retry-After: ${wait}, requests that came back within these seconds: ${early}`);
await front.close();
await service.close();
END
report '503, Retry-After: 10, requests that came back within these seconds: 0' \
	"$(node try.mjs)" '503, Retry-After: 10, requests that came back within these seconds: 10'
