#!/bin/sh
# A form's POST is answered with 303 to another site. A plain form goes there. Under
# Turbo, and under htmx with hx-boost, the script follows the redirect by fetch, which the
# browser forbids across origins: the POST was made, and the page does not change.
. "$(dirname "$0")/form"
chromium=$(command -v "${CHROMIUM:-chromium}") || { echo 'needs a chromium in the path, or its name in CHROMIUM' >&2; exit 2; }
npm_packages puppeteer-core@24.43.1 @hotwired/turbo@8.0.23 htmx.org@4.0.1
cat >try.mjs <<'END'
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';

const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer(handler).listen(0, '127.0.0.1', () => resolve([server, `http://127.0.0.1:${server.address().port}`]));
});
const html = (response, text) => { response.setHeader('Content-Type', 'text/html'); response.end(text); };
const [portal, there] = await listen((request, response) => html(response, '<title>portal</title>'));
let posts = 0;
const scripts = {
  '/turbo.js': 'node_modules/@hotwired/turbo/dist/turbo.es2017-esm.js',
  '/htmx.js': 'node_modules/htmx.org/dist/htmx.min.js',
};
const head = { plain: '', turbo: '<script type="module" src="/turbo.js"></script>', htmx: '<script src="/htmx.js"></script>' };
const [app, here] = await listen((request, response) => {
  if (request.method === 'POST') {
    posts++;
    return response.writeHead(303, { Location: `${there}/launch` }).end();
  }
  if (scripts[request.url]) {
    response.setHeader('Content-Type', 'text/javascript');
    return response.end(readFileSync(scripts[request.url]));
  }
  html(response, `<title>settings</title>${head[request.url.slice(1)] ?? ''}
    <form method="post" action="/go" hx-boost="true"><button>Configure</button></form>`);
});
const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const seen = [];
for (const library of Object.keys(head)) {
  posts = 0;
  const page = await browser.newPage();
  await page.goto(`${here}/${library}`, { waitUntil: 'networkidle0' });
  await page.click('button');
  for (let i = 0; i < 30 && (posts === 0 || i < 15) && (await page.title().catch(() => '')) !== 'portal'; i++) await setTimeout(100);
  seen.push(`${library}: ${posts} POST, then on ${await page.title()}`);
  await page.close();
}
console.log(seen.join('; '));
await browser.close();
portal.close();
app.close();
END
report 'plain: 1 POST, then on portal; turbo: 1 POST, then on portal; htmx: 1 POST, then on portal' \
	"$(node try.mjs "$chromium")" \
	'plain: 1 POST, then on portal; turbo: 1 POST, then on settings; htmx: 1 POST, then on settings'
