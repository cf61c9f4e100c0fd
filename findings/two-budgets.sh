#!/bin/sh
# A front allows 2 requests and the service behind it 100. Both tell what is left in the same
# headers. Behind the proxies of Express and of Fastify the service's count replaces the
# front's: the client reads that 98 are left, and the next call is refused. Behind Go's
# proxy it gets both counts, and fetch joins them into what is no number.
. "$(dirname "$0")/form"
npm_packages express@5.3.0 express-rate-limit@8.7.5 http-proxy-middleware@3.0.11 fastify@5.12.8 @fastify/http-proxy@11.6.3 @fastify/rate-limit@11.2.0
go_modules github.com/go-chi/httprate@v0.16.1
cat >main.go <<'END'
package main

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/go-chi/httprate"
)

func main() {
	service, _ := url.Parse(os.Args[1])
	front := httptest.NewServer(httprate.LimitAll(2, time.Minute)(httputil.NewSingleHostReverseProxy(service)))
	fmt.Println(front.URL)
	select {}
}
END
go build -o gofront .
cat >try.mjs <<'END'
import { spawn } from 'node:child_process';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import Fastify from 'fastify';
import fastifyProxy from '@fastify/http-proxy';
import fastifyLimit from '@fastify/rate-limit';
import { createProxyMiddleware } from 'http-proxy-middleware';

const listen = (app) => new Promise((resolve) => {
  const server = app.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
});
const fronts = {
  Express: (target) => {
    const app = express();
    app.use(rateLimit({ windowMs: 60000, limit: 2 }));
    app.use(createProxyMiddleware({ target }));
    return listen(app);
  },
  Fastify: async (upstream) => {
    const app = Fastify();
    await app.register(fastifyLimit, { max: 2, timeWindow: 60000 });
    app.register(fastifyProxy, { upstream });
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
  Go: (target) => new Promise((resolve) => {
    const front = spawn('./gofront', [target]);
    process.on('exit', () => front.kill());
    front.stdout.once('data', (line) => resolve(`${line}`.trim()));
  }),
};
const seen = [];
for (const [name, front] of Object.entries(fronts)) {
  const service = express();
  service.set('trust proxy', 'loopback');
  service.use(rateLimit({ windowMs: 60000, limit: 100 }));
  service.get('/', (request, response) => { response.send('a link'); });
  const url = await front(await listen(service));
  const told = [];
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(url);
    await answer.text();
    told.push(answer.ok ? `"${answer.headers.get('x-ratelimit-remaining')}"` : answer.status);
  }
  seen.push(`${name} ${told.join(' ')}`);
}
console.log(`left: ${seen.join('; ')}`);
process.exit();
END
report 'left: Express "1" "0" 429; Fastify "1" "0" 429; Go "1" "0" 429' \
	"$(node try.mjs)" 'left: Express "99" "98" 429; Fastify "99" "98" 429; Go "1, 99" "0, 98" 429'
