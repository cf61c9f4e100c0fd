// Uses WorkOS's Node SDK as docs/sandbox.md says, against the sandbox that the
// environment names, and prints a line for each check that holds.
import assert from 'node:assert/strict';

const { SDK, MAJOR, SANDBOX_URL, SANDBOX_KEY: key, SANDBOX_ORGANIZATION: organization } = process.env;
const { WorkOS } = await import(SDK);
const { hostname, port, protocol } = new URL(SANDBOX_URL);
const retries = MAJOR === '11'; // 8 asks once
const requestID = MAJOR === '11' ? /^req_/ : ''; // 8 never finds the header: workos-node issue 1656

const portal = (key, options) => {
  const workos = new WorkOS(key, { apiHostname: hostname, port: Number(port), https: protocol === 'https:', ...options });
  return workos.adminPortal ?? workos.portal;
};
const generateLink = (options, sdk = portal(key)) => sdk.generateLink({ organization, intent: 'sso', ...options });

async function check(name, f) {
  await f();
  console.log('ok:', name);
}

const sandbox = async (path, body) => {
  const r = await fetch(`${SANDBOX_URL}/_sandbox/${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  assert.ok(r.ok, `${path}: ${r.status}`);
  return r.status === 204 ? undefined : r.json();
};
const fail = (fault) => sandbox('faults', { operation: 'generateLink', ...fault });
const requests = async () => (await sandbox('requests')).data.filter((r) => r.operation === 'generateLink');
const refused = (promise, want) => assert.rejects(promise, (e) => {
  for (const [field, value] of Object.entries(want)) {
    if (value instanceof RegExp) assert.match(String(e[field]), value, field);
    else assert.deepEqual(e[field], value, field);
  }
  return true;
});

const opens = async (link) => {
  const page = await fetch(link);
  assert.equal(page.status, 200);
  return page.text();
};

for (const intent of [
  'sso', 'dsync', 'audit_logs', 'log_streams',
  'domain_verification', 'certificate_renewal', 'bring_your_own_key',
]) {
  await check(`a link for ${intent} opens`, async () => {
    const { link } = await generateLink({ intent, returnUrl: 'https://example.com/back', successUrl: 'https://example.com/done' });
    const text = await opens(link);
    assert.match(text, /href="https:\/\/example.com\/done"/);
    assert.match(text, /href="https:\/\/example.com\/back"/);
  });
}

await check('without an intent the page offers the features', async () => {
  const { link } = await generateLink({ intent: undefined });
  assert.match(await opens(link), /<summary>Configure Single Sign-On<\/summary>/);
});

await check('a field that nobody knows is named', async () => {
  await generateLink({ adminEmails: ['it@customer.example'], intentOptions: { sso: { bookmarkSlug: 'b', providerType: 'GoogleSAML' } } });
  const { notes = [] } = (await requests()).at(-1);
  assert.deepEqual(notes.sort(), retries ? ['admin_emails: not known, ignored', 'intent_options: not known, ignored'] : []);
});

await check('an organization that does not exist', () => refused(generateLink({ organization: 'org_unknown' }), {
  name: 'NotFoundException', status: 404, code: 'entity_not_found', message: /org_unknown/, requestID,
}));

await check('an organization that is none', () => refused(generateLink({ organization: 'acme' }), {
  name: 'UnprocessableEntityException', status: 422, code: 'invalid_request_parameters', message: /invalid_organization_id/, requestID,
}));

await check('a wrong intent', () => refused(generateLink({ intent: 'saml' }), {
  status: 422, message: /invalid_intent/, requestID,
}));

await check('a wrong URL', () => refused(generateLink({ returnUrl: 'http://example.com/' }), {
  status: 422, message: /invalid_url/, requestID,
}));

await check('a wrong key', () => refused(generateLink({}, portal('sk_wrong')), {
  name: 'UnauthorizedException', status: 401, requestID,
}));

await check('a key without permissions', async () => {
  const { key } = await sandbox('keys', { restricted: true });
  await refused(generateLink({}, portal(key)), { status: 403, message: /Forbidden/, requestID });
});

await check('a scripted 404 names the organization that was asked for', async () => {
  await fail({ status: 404 });
  await refused(generateLink(), { status: 404, message: new RegExp(organization), requestID });
});

await check('429', async () => {
  const before = (await requests()).length;
  await fail({ status: 429, retry_after: '1s' });
  const begun = Date.now();
  if (retries) {
    await generateLink();
    assert.ok(Date.now() - begun >= 1000, 'it did not wait');
  } else {
    await refused(generateLink(), { name: 'RateLimitExceededException', status: 429, message: /Too many requests/, retryAfter: 1, requestID });
  }
  const [first] = (await requests()).slice(before);
  assert.deepEqual([first.status, first.fault], [429, true]);
});

await check('500', async () => {
  await fail({ status: 500 });
  if (retries) await generateLink();
  else await refused(generateLink(), { status: 500, message: /Internal server error/, requestID });
});

await check('a connection that is cut', async () => {
  const before = (await requests()).length;
  await fail({ cut: 'before_answer' });
  if (retries) await generateLink();
  else await assert.rejects(generateLink());
  const [first] = (await requests()).slice(before);
  assert.deepEqual([first.status, first.fault], [0, true]);
});

await check('an expired link', async () => {
  const { link } = await generateLink();
  await sandbox('clock', { advance: '5m' });
  assert.equal((await fetch(link)).status, 410);
});

await check('forty at once', async () => {
  const made = await Promise.all(Array.from({ length: 40 }, () => generateLink({ intent: 'dsync' })));
  assert.equal(new Set(made.map(({ link }) => link)).size, 40);
});
