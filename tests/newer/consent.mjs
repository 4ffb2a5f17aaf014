// SPDX-License-Identifier: LGPL-2.1-or-later
// A remote that freezes, and nobody counts its packets: ICE notices, and the call
// ends, for it is not to be made anew.
//
//   node tests/newer/consent.mjs BUILDDIR
import { equal, run, test } from '../support/harness.mjs';
import { startServer } from '../support/servers.mjs';
import { Person, build } from '../interop/pieces.mjs';

test('consent: a remote that freezes is noticed without media-timeout', async (t) => {
  const { port } = await startServer(t, build);
  const ann = new Person(t, port, { properties: 'media-timeout=0 resume-timeout=0' });
  await ann.online();
  const bob = new Person(t, port, { name: 'Bob', properties: 'call=Ann' });
  const end = ann.next((l) => l['chat-call']?.state === 'idle', 'the end of the call', 120000);
  await bob.json((l) => l['chat-call']?.state === 'connected', 'the call', 45000);
  const began = Date.now();
  bob.process.kill('SIGSTOP');
  t.defer(async () => bob.process.kill('SIGCONT'));
  equal((await end)['chat-call'].reason, 'lost', 'the reason');
  console.log(`# noticed after ${Math.round((Date.now() - began) / 1000)} s`);
}, { seconds: 200 });

await run();
