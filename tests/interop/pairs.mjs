// SPDX-License-Identifier: LGPL-2.1-or-later
// Two pipelines and no browser, through our server and through real ones.
import path from 'node:path';
import { check, equal, test } from '../support/harness.mjs';
import { Probe, VERSIONS, startRelay, startServer } from '../support/servers.mjs';

const build = path.resolve(process.argv[2] ?? 'build');

const ALICE = { colour: 'red', argb: '0xffeb3232', hz: 500 };
const BOB = { colour: 'green', argb: '0xff32d250', hz: 900 };

const pipeline = (t, port, who, properties) => new Probe(t, build,
  `chatpeer name=peer uri=chat://127.0.0.1:${port} ${properties} `
  + `videotestsrc is-live=true pattern=ball foreground-color=${who.argb} ! video/x-raw,width=480,height=360,framerate=20/1 ! peer. `
  + `audiotestsrc is-live=true freq=${who.hz} ! audio/x-raw,rate=48000 ! peer. `
  + 'peer. ! queue ! videoconvert ! fakesink name=vcheck '
  + 'peer. ! queue ! audioconvert ! fakesink name=acheck');

const bothWays = (alice, bob) => Promise.all([
  alice.sees(BOB.colour), alice.hears(BOB.hz), bob.sees(ALICE.colour), bob.hears(ALICE.hz)]);

const connected = (probe) => probe.next((l) => l['chat-call']?.state === 'connected', 'the call to connect', 30000);
const idle = (probe) => probe.next((l) => l['chat-call']?.state === 'idle', 'the end of the call', 30000);

const SERVERS = [['gst-chat-server', startServer],
  ...VERSIONS.map((version) => [`socket.io ${version}`, (t) => startRelay(t, version)])];

for (const [name, start] of SERVERS) {
  test(`two pipelines through ${name}: three calls, one after the other`, async (t) => {
    const { port } = start === startServer ? await startServer(t, build) : await start(t);
    const alice = pipeline(t, port, ALICE, 'display-name=Alice');
    await alice.json((l) => l['chat-signalling']?.state === 'connected', 'Alice online');
    const bob = pipeline(t, port, BOB, 'display-name=Bob call=*');
    await bothWays(alice, bob);
    const { id } = (await alice.json((l) => l['chat-signalling']?.id, 'an id'))['chat-signalling'];
    for (let n = 0; n < 2; n++) {
      const ends = [idle(bob), idle(alice)];
      const began = Date.now();
      bob.send('hang-up');
      const [, end] = await Promise.all(ends);
      // A base server has no word for it: DTLS tells, and nobody waits for media.
      equal(end['chat-call'].reason, 'hung-up', 'what Alice is told');
      check(Date.now() - began < 2000, `the hang-up took ${Date.now() - began} ms`);
      // What is seen and heard is of the last second: not of the call before.
      const again = Promise.all([connected(alice), connected(bob)]);
      bob.send(`call ${id}`);
      await again;
      await bothWays(alice, bob);
    }
  }, { seconds: 120 });
}
