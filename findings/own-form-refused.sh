#!/bin/sh
# Hono's secureHeaders() tells the browser to send no referrer, as helmet does. The browser
# then says "Origin: null" for a page's own form, too. React Router takes that for another
# site, though Sec-Fetch-Site says same-origin: the page's own button is refused.
. "$(dirname "$0")/form"
chromium=$(command -v "${CHROMIUM:-chromium}") || { echo 'needs a chromium in the path, or its name in CHROMIUM' >&2; exit 2; }
npm_packages puppeteer-core@24.43.1 hono@4.13.19 @hono/node-server@1.19.9 react-router@7.18.7 react@19.3.1 react-dom@19.3.1
cat >try.mjs <<'END'
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import puppeteer from 'puppeteer-core';
import { createRequestHandler } from 'react-router';

const page = '<link rel="icon" href="data:,"><form method="post"><button>Configure</button></form>';
const routes = createRequestHandler({
  entry: { module: {
    default: (request, status, headers) => new Response(page, { status, headers: { ...Object.fromEntries(headers), 'Content-Type': 'text/html' } }),
    handleError: () => {},
  } },
  routes: { root: { id: 'root', path: '', module: { default: () => null, action: () => ({}) } } },
  assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '' },
  basename: '/', publicPath: '/', assetsBuildDirectory: '', future: {}, ssr: true, isSpaMode: false, prerender: [],
  routeDiscovery: { mode: 'initial' },
}, 'production');
const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const seen = [];
for (const name of ['without', 'with']) {
  const app = new Hono();
  if (name === 'with') app.use(secureHeaders());
  let site;
  app.all('/', (context) => {
    if (context.req.method === 'POST') site = context.req.header('sec-fetch-site');
    return routes(context.req.raw);
  });
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  while (!server.listening) await setTimeout(10);
  const tab = await browser.newPage();
  let status;
  tab.on('response', (response) => { if (response.request().method() === 'POST') status = response.status(); });
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.click('button');
  for (let i = 0; i < 50 && !status; i++) await setTimeout(100);
  seen.push(`${name} secureHeaders: a ${site} POST gets ${status}`);
  await tab.close();
  server.closeAllConnections();
  server.close();
}
console.log(seen.join('; '));
await browser.close();
END
report 'without secureHeaders: a same-origin POST gets 200; with secureHeaders: a same-origin POST gets 200' \
	"$(node try.mjs "$chromium")" \
	'without secureHeaders: a same-origin POST gets 200; with secureHeaders: a same-origin POST gets 400'
