// SPDX-License-Identifier: LGPL-2.1-or-later
// Signalling as a stream: looked at, split, recorded and replayed.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { check, equal, test, until } from '../support/harness.mjs';
import { startServer } from '../support/servers.mjs';
import { PIPELINE, Person, build, chatpeer, launch, picture, printed, prints, sound } from './pieces.mjs';

const MEDIA = `${picture(PIPELINE)} ! peer. ${sound(PIPELINE)} ! peer. `
  + 'peer. ! queue ! videoconvert ! fakesink peer. ! queue ! audioconvert ! fakesink';

const source = (port, name) => `chatsignalsrc uri=chat://127.0.0.1:${port} display-name=${name}`;

// The texts that fakesink has dumped; each begins at offset 0. What else prints
// may stand in front of it on its line.
function dumped(child) {
  const texts = [];
  for (const line of child.lines) {
    const match = /([0-9a-f]{8}) \(0x[0-9a-f]+\): ((?:[0-9a-f]{2} )+)/.exec(line);
    if (match && Number.parseInt(match[1], 16) === 0)
      texts.push('');
    if (match)
      texts.push(texts.pop() + Buffer.from(match[2].replaceAll(' ', ''), 'hex').toString('latin1'));
  }
  return texts;
}

const complete = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const shows = (child, match, what) => until(() => dumped(child).map(complete).find((m) => m && match(m)),
  () => `${what}; there are ${dumped(child).map((text) => complete(text)?.event)}`);

async function folder(t) {
  const made = await mkdtemp(path.join(tmpdir(), 'chat-signals-'));
  t.defer(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('signalling: fakesink dump=true shows that of a call', async (t) => {
  const { port } = await startServer(t, build);
  const child = launch(t, `${source(port, 'Watcher')} ! fakesink dump=true`);
  const own = await shows(child, (m) => m.event === 'signalling-connected', 'the own id');
  await shows(child, (m) => m.event === 'server-info' && m.features.includes('relay'), 'what the server can do');
  const ann = new Person(t, port);
  await ann.online();
  const list = await shows(child, (m) => m.event === 'update-user-list' && m.users.length, 'who comes');
  const id = list.users[0];
  equal(list.names[id], 'Ann', 'the name');
  check(own.id && own.id !== id, 'two ids');
  ann.call('Watcher');
  const made = await shows(child, (m) => m.event === 'call-made', 'the offer');
  equal(made.socket, id, 'whose it is');
  check(made.offer.sdp.startsWith('v=0\r\n'), 'its SDP');
  await ann.hangUp();
  await shows(child, (m) => m.event === 'cancel' && m.socket === id, 'that it is withdrawn');
  await ann.stop();
  await shows(child, (m) => m.event === 'remove-user' && m.socketId === id, 'who goes');
});

test('signalling: a tee, one half to look at and one for chatpeer', async (t) => {
  const { port } = await startServer(t, build);
  const child = launch(t, `${source(port, 'Camera')} ! tee name=t t. ! queue ! fakesink dump=true async=false t. ! queue ! peer.signal `
    + `chatpeer name=peer ${MEDIA}`);
  await shows(child, (m) => m.event === 'signalling-connected', 'to be online');
  const ann = new Person(t, port);
  await ann.online();
  ann.call('Camera');
  await ann.meets(PIPELINE);
  await shows(child, (m) => m.event === 'call-made', 'the offer');
  await ann.hangUp();
  const end = await shows(child, (m) => m.event === 'hang-up', 'the end');
  equal(end.reason, 'hung-up', 'its reason');
  await ann.stop();
  // What is sent goes back through the tee as well: an offer of ours.
  const bob = launch(t, `${source(port, 'Bob')} ! tee name=t t. ! queue ! fakesink async=false t. ! queue ! peer.signal `
    + `chatpeer name=peer call=Camera ${MEDIA}`);
  await prints(bob, /chat-call,.*state=\(string\)connected, role=\(string\)caller/);
  check(!/^(ERROR|WARNING)/m.test(printed(child)), 'nothing to complain about');
});

const RECORDINGS = [
  ['gdppay and filesink', (f) => `gdppay ! filesink async=false location=${f}/signals.gdp`, (f) => `filesrc location=${f}/signals.gdp ! gdpdepay ! identity sync=true`],
  ['a file for each event', (f) => `multifilesink async=false location=${f}/signal-%05d.json`, (f) => `multifilesrc location=${f}/signal-%05d.json caps=application/x-chat-signal`],
];

for (const [what, record, replay] of RECORDINGS) {
  test(`signalling: recorded with ${what}, and replayed without a server`, async (t) => {
    const f = await folder(t);
    const server = await startServer(t, build);
    const child = launch(t, `${source(server.port, 'Camera')} ! tee name=t t. ! queue ! ${record(f)} t. ! queue ! peer.signal `
      + `chatpeer name=peer ${MEDIA}`, { flags: ['-m', '-e'] });
    await prints(child, /chat-signalling.*state=\(string\)connected/);
    const ann = new Person(t, server.port);
    await ann.online();
    ann.call('Camera');
    await ann.meets(PIPELINE);
    await ann.hangUp();
    await prints(child, /state=\(string\)idle.*reason=\(string\)hung-up/);
    equal(await child.stop('SIGINT'), 0, 'its exit');
    await ann.stop();
    await server.child.stop();

    const files = await readdir(f);
    if (files.length > 1) {
      const events = [];
      for (const name of files.sort())
        events.push(JSON.parse(await readFile(path.join(f, name), 'utf8')).event);
      check(events.includes('call-made') && events.includes('hang-up'), `${events}`);
    }
    const again = launch(t, `${replay(f)} ! peer.signal chatpeer name=peer ${MEDIA}`);
    await prints(again, /chat-call,.*state=\(string\)connecting, role=\(string\)callee.*remote-name=\(string\)Ann/);
    await prints(again, /chat-call,.*state=\(string\)idle.*reason=\(string\)hung-up/);
    check(!/^ERROR/m.test(printed(again)), 'no error');
    equal(again.ended, null, 'its exit');
  });
}
