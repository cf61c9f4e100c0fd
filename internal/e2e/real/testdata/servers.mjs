// Starts rate-limited servers, each on a free port of loopback, and prints one line of
// JSON with their addresses by name. Ends with its standard input.
// LIMIT requests are allowed in WINDOW milliseconds.
import 'reflect-metadata';
import http from 'node:http';
import { Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import Fastify from 'fastify';
import fastifyRateLimit from '@fastify/rate-limit';
import Koa from 'koa';
import koaRateLimit from 'koa-ratelimit';
import { createEmulator } from 'workos/emulate';

const limit = Number(process.env.LIMIT);
const window = Number(process.env.WINDOW);
const route = '/portal/generate_link';
const link = { link: 'https://setup.workos.com?token=example' };
const addresses = {};

async function listen(name, handler) {
  const server = http.createServer(handler);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  addresses[name] = `http://127.0.0.1:${server.address().port}`;
}

async function nest() {
  class Portal {
    generate() { return link; }
  }
  const method = Object.getOwnPropertyDescriptor(Portal.prototype, 'generate');
  Post('generate_link')(Portal.prototype, 'generate', method);
  Controller('portal')(Portal);
  class App {}
  Module({
    imports: [ThrottlerModule.forRoot([{ ttl: window, limit }])],
    controllers: [Portal],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  })(App);
  const app = await NestFactory.create(App, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  addresses['@nestjs/throttler'] = await app.getUrl();
}

async function expressForms() {
  for (const [form, headers] of Object.entries({
    legacy: { legacyHeaders: true, standardHeaders: false },
    'draft-6': { legacyHeaders: false, standardHeaders: 'draft-6' },
    'draft-7': { legacyHeaders: false, standardHeaders: 'draft-7' },
    'draft-8': { legacyHeaders: false, standardHeaders: 'draft-8' },
  })) {
    const app = express();
    app.use(rateLimit({ windowMs: window, limit, ...headers }));
    app.post(route, (_, res) => res.status(201).json(link));
    await listen(`express-rate-limit ${form}`, app);
  }
}

async function fastify() {
  for (const draft of [false, true]) {
    const app = Fastify();
    await app.register(fastifyRateLimit, { max: limit, timeWindow: window, enableDraftSpec: draft });
    app.post(route, async (_, reply) => reply.code(201).send(link));
    addresses[draft ? '@fastify/rate-limit draft' : '@fastify/rate-limit'] = await app.listen({ port: 0, host: '127.0.0.1' });
  }
}

async function koa() {
  const app = new Koa();
  app.silent = true;
  app.use(koaRateLimit({ driver: 'memory', db: new Map(), duration: window, max: limit }));
  app.use((ctx) => { ctx.status = 201; ctx.body = link; });
  await listen('koa-ratelimit', app.callback());
}

// The emulator allows 1000 requests a minute and refuses the last of them. All but LIMIT+1
// are spent here, in a minute that ends in 10 s.
async function emulator() {
  const now = Date.now;
  Date.now = () => now() - 50_000;
  const running = await createEmulator({ port: 0, seed: { organizations: [{ name: 'Acme' }] } });
  const headers = { Authorization: `Bearer ${running.apiKey}` };
  let organization;
  for (let spent = 0; spent < 1000 - limit - 1;) {
    const answers = await Promise.all(Array.from({ length: Math.min(50, 1000 - limit - 1 - spent) }, async () => {
      const answer = await fetch(`${running.url}/organizations`, { headers });
      return answer.json();
    }));
    spent += answers.length;
    organization = answers[0].data[0].id;
  }
  Date.now = now;
  addresses["WorkOS's emulator"] = `${running.url} ${running.apiKey} ${organization}`;
}

await nest();
await expressForms();
await fastify();
await koa();
await emulator(); // the last: its window has begun
console.log(JSON.stringify(addresses));

process.stdin.resume();
process.stdin.on('end', () => process.exit());
