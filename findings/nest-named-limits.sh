#!/bin/sh
# @nestjs/throttler takes several limits at once, each with a name. Then its 429 has a
# Retry-After-short, or -long, and no Retry-After. ky and got heed the header that HTTP knows,
# and come back too early until they give up. With one limit and no name they get through.
. "$(dirname "$0")/form"
npm_packages @nestjs/throttler@6.7.1 @nestjs/core@12.5.1 @nestjs/common@12.5.1 @nestjs/platform-express@12.5.1 reflect-metadata@0.2.2 rxjs@7.8.2 ky@2.1.0 got@14.6.6
cat >try.mjs <<'END'
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import got from 'got';
import ky from 'ky';

const limits = {
  'one limit': [{ ttl: 6000, limit: 1 }],
  'two with names': [{ name: 'short', ttl: 6000, limit: 1 }, { name: 'long', ttl: 60000, limit: 100 }],
};
const seen = [];
for (const [name, throttlers] of Object.entries(limits)) {
  class Links {
    make() { return 'a link'; }
  }
  Controller()(Links);
  Get()(Links.prototype, 'make', Object.getOwnPropertyDescriptor(Links.prototype, 'make'));
  class App {}
  Module({
    imports: [ThrottlerModule.forRoot(throttlers)],
    controllers: [Links],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
  })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  await fetch(url);
  const told = [...(await fetch(url)).headers.keys()].filter((key) => key.startsWith('retry-after'));
  const results = [];
  for (const [client, call] of Object.entries({ ky, got })) {
    results.push(`${client} ${await call(url).text().catch((error) => error.response.status ?? error.response.statusCode)}`);
  }
  seen.push(`${name}: ${told}, ${results.join(', ')}`);
  await app.close();
}
console.log(seen.join('; '));
END
report 'one limit: retry-after, ky a link, got a link; two with names: retry-after, ky a link, got a link' \
	"$(node try.mjs)" \
	'one limit: retry-after, ky a link, got a link; two with names: retry-after-short, ky 429, got 429'
