#!/bin/sh
# An identity provider reads an app's users page by page: SCIM's startIndex and count.
# scimmy-routers turns these two into numbers inside Express's query object. Express 5,
# which scimmy-routers accepts, parses the query anew at each look, so both are lost: every
# page is the first one, and the provider never sees the other users.
. "$(dirname "$0")/form"
npm_packages scimmy@1.3.5 scimmy-routers@1.3.2 express4@npm:express@4.22.3 express@5.3.0
cat >try.mjs <<'END'
import SCIMMY from 'scimmy';

const users = Array.from({ length: 50 }, (_, i) => ({ id: `${i + 1}`, userName: `user${i + 1}` }));
SCIMMY.Resources.declare(SCIMMY.Resources.User).egress((resource) => (resource.id ? users[resource.id - 1] : users));
const { default: Routers } = await import('scimmy-routers');
const { default: express } = await import('express');
const app = express();
app.use('/scim', new Routers({ type: 'bearer', handler: () => 'provider' }));
const server = app.listen(0, '127.0.0.1', async () => {
  const seen = new Set();
  for (let start = 1; start <= users.length; start += 10) {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/scim/Users?startIndex=${start}&count=10`);
    for (const { id } of (await answer.json()).Resources) seen.add(id);
  }
  console.log(`${seen.size} of ${users.length} users`);
  server.closeAllConnections();
  server.close();
});
END
five=$(node try.mjs)
mv node_modules/express node_modules/express5 && mv node_modules/express4 node_modules/express
report 'Express 4: 50 of 50 users; Express 5: 50 of 50 users' \
	"Express 4: $(node try.mjs); Express 5: $five" 'Express 4: 50 of 50 users; Express 5: 20 of 50 users'
