#!/bin/sh
# An identity provider sends the browser back with a POST (SAML, or OpenID Connect's
# form_post). express-session sets no SameSite by default. Chromium sends such a cookie with
# the POST only while the cookie is younger than two minutes. Tests are quick and pass. A
# person who needs longer to sign in comes back without a session. A flag makes the two
# minutes ten seconds here.
. "$(dirname "$0")/form"
chromium=$(command -v "${CHROMIUM:-chromium}") || { echo 'needs a chromium in the path, or its name in CHROMIUM' >&2; exit 2; }
npm_packages puppeteer-core@24.43.1 express@5.3.0 express-session@1.19.0
cat >try.mjs <<'END'
import { setTimeout } from 'node:timers/promises';
import express from 'express';
import session from 'express-session';
import puppeteer from 'puppeteer-core';

const app = express();
app.use(session({ secret: 'example', resave: false, saveUninitialized: false }));
let provider;
app.get('/sign-in', (request, response) => {
  request.session.state = 'example';
  response.redirect(303, provider);
});
app.post('/back', (request, response) => { response.send(`<title>${request.session.state ? 'the session' : 'no session'}</title>`); });
const listen = (handler) => new Promise((resolve) => {
  const listening = handler.listen(0, '127.0.0.1', () => resolve(listening));
});
const server = await listen(app);
const { port } = server.address();
const other = express();
other.get('/', (request, response) => {
  response.send(`<title>sign in</title><form method="post" action="http://localhost:${port}/back"><button>Sign in</button></form>`);
});
const identity = await listen(other);
provider = `http://127.0.0.1:${identity.address().port}/`; // for a browser another site than localhost
const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ['--no-sandbox', '--enable-features=ShortLaxAllowUnsafeThreshold'] });
const seen = [];
for (const [name, seconds] of [['quick', 1], ['slow', 12]]) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(`http://localhost:${port}/sign-in`, { waitUntil: 'load' });
  await setTimeout(seconds * 1000);
  await Promise.all([page.waitForNavigation(), page.click('button')]);
  seen.push(`${name}: ${await page.title()}`);
  await context.close();
}
console.log(seen.join('; '));
await browser.close();
for (const open of [server, identity]) {
  open.closeAllConnections();
  open.close();
}
END
report 'quick: the session; slow: the session (or both: no session)' \
	"$(node try.mjs "$chromium")" 'quick: the session; slow: no session'
