// Runs WorkOS's own emulator on a free port of loopback until its input ends, and
// prints a line with its address, its key and an organization that it knows.
import { createEmulator } from 'workos/emulate';

const emulator = await createEmulator({ port: 0, seed: { organizations: [{ name: 'Acme' }] } });
const answer = await fetch(`${emulator.url}/organizations`, {
  headers: { Authorization: `Bearer ${emulator.apiKey}` },
});
const { data } = await answer.json();
console.log(JSON.stringify({ url: emulator.url, api_key: emulator.apiKey, organization: data[0].id }));

process.stdin.resume();
process.stdin.on('end', async () => {
  await emulator.close();
  process.exit(0);
});
