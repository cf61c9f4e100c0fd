// WorkOS's own SDK, unmodified, against the sandbox whose address, key and
// organization are in the environment. Prints a line for each check that holds.
import assert from 'node:assert/strict';
import { WorkOS } from '@workos-inc/node';

const { SANDBOX_URL, SANDBOX_KEY, SANDBOX_ORGANIZATION: organization } = process.env;
const { hostname, port } = new URL(SANDBOX_URL);
const sdk = (key) => new WorkOS(key, { apiHostname: hostname, port: Number(port), https: false });
const { adminPortal } = sdk(SANDBOX_KEY);
const returnUrl = 'https://example.com/settings';

async function check(name, f) {
  await f();
  console.log('ok:', name);
}

for (const intent of [
  'sso', 'dsync', 'audit_logs', 'log_streams',
  'domain_verification', 'certificate_renewal', 'bring_your_own_key',
]) {
  await check(`a link for ${intent}, and its page opens`, async () => {
    const { link } = await adminPortal.generateLink({ organization, intent, returnUrl });
    const page = await fetch(link);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<title>[^<]*Admin Portal/);
  });
}

await check('success URL and contacts', async () => {
  const { link } = await adminPortal.generateLink({
    organization, intent: 'sso', returnUrl, successUrl: `${returnUrl}?done`, adminEmails: ['it@customer.example'],
  });
  assert.ok(new URL(link));
});

await check('what is known of the connection', async () => {
  const { link } = await adminPortal.generateLink({
    organization, intent: 'sso', returnUrl, intentOptions: { sso: { bookmarkSlug: 'chatgpt', providerType: 'GoogleSAML' } },
  });
  assert.ok(new URL(link));
});

await check('an unknown organization is their 404', async () => {
  await assert.rejects(adminPortal.generateLink({ organization: 'org_unknown', intent: 'sso' }), (e) => {
    assert.equal(e.name, 'NotFoundException');
    assert.equal(e.status, 404);
    assert.equal(e.code, 'entity_not_found');
    assert.match(e.requestID, /^req_/);
    return true;
  });
});

await check('a wrong key is their 401', async () => {
  await assert.rejects(sdk('sk_wrong').adminPortal.generateLink({ organization, intent: 'sso' }), (e) => {
    assert.equal(e.name, 'UnauthorizedException');
    assert.equal(e.status, 401);
    return true;
  });
});

await check('a wrong intent is their 400 or 422', async () => {
  await assert.rejects(adminPortal.generateLink({ organization, intent: 'saml' }), (e) => {
    assert.ok([400, 422].includes(e.status), `status ${e.status}`);
    return true;
  });
});

await check('forty at once', async () => {
  const made = await Promise.all(Array.from({ length: 40 }, () => adminPortal.generateLink({ organization, intent: 'dsync' })));
  assert.equal(new Set(made.map(({ link }) => link)).size, 40);
});
