// SPDX-License-Identifier: LGPL-2.1-or-later
// A remote that means harm, on a real socket: the pipeline plays on, and the
// next good call works.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { check, equal, test, until } from '../support/harness.mjs';
import { SOURCE, startRelay, startServer } from '../support/servers.mjs';
import { PIPELINE, Person, build, chatpeer, launch, online, picture, printed, prints, sound } from './pieces.mjs';

const { io } = createRequire(import.meta.url)('sioc484');

const OUT = 'peer. ! queue ! videoconvert ! fakesink peer. ! queue ! audioconvert ! fakesink';
const BOTH = `${picture(PIPELINE)} ! peer. ${sound(PIPELINE)} ! peer. ${OUT}`;
const SERVERS = [['gst-chat-server', (t) => startServer(t, build)], ['socket.io 4.8.4', (t) => startRelay(t)]];
const SESSION = '0123456789abcdef0123456789abcdef';

const real = (name) => readFileSync(path.join(SOURCE, 'tests/vectors/sdp', name), 'utf8').replace(/\r?\n/g, '\r\n');
const OFFER = real('chromium-av-offer2.sdp');
const ANSWER = real('chromium-to-ours-av-answer.sdp');
const without = (sdp, what) => sdp.split('\r\n').filter((l) => !what.test(l)).join('\r\n');

// What is no description at all.
const SHAPES = [null, 5, 'x', true, [], {}, { sdp: 5 }, { sdp: null }, { sdp: {} }, { sdp: ['v=0'] },
  { sdp: '\0' }, { sdp: '' }, { sdp: 'x'.repeat(70000) }, { type: 'pranswer', sdp: 'v=0' }];

// Texts that are no SDP, and real ones that somebody has been at.
const spoilt = (sdp) => [
  'hello', 'v=0', 'v=0\r\nm=video', 'v=0\r\n'.repeat(2), 'm='.repeat(20000), 'x'.repeat(60000), 'v=0\r\n'.repeat(8000),
  sdp.slice(0, sdp.length / 3), sdp.slice(0, sdp.length / 2), sdp.replaceAll('\r\n', '\n\n'),
  without(sdp, /^a=fingerprint/), without(sdp, /^a=ice-/), without(sdp, /^a=rtpmap/), without(sdp, /^a=mid/),
  sdp.replaceAll(/^a=mid:.*$/gm, 'a=mid:0'), sdp.replaceAll(/^a=mid:.*$/gm, `a=mid:${'%n%s'.repeat(200)}`),
  sdp.replaceAll(/^m=(\w+) \d+/gm, 'm=$1 99999999999'), sdp.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP'),
  sdp.replaceAll(/^a=fingerprint.*$/gm, 'a=fingerprint:sha-256 00'), sdp.replaceAll(/^a=setup.*$/gm, 'a=setup:nobody'),
  sdp + sdp.slice(sdp.indexOf('m=')).repeat(9), `${sdp}a=candidate:${' 1'.repeat(4000)}\r\n`,
  sdp + 'a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n'.repeat(600),
  sdp + 'a=ssrc:4294967295 cname:x\r\n'.repeat(1500),
];

const EXTENSIONS = ['hang-up', 'cancel', 'decline', 'ringing', 'ice-candidate', 'chat-message', 'no-such-event'];

class Mallory {
  got = [];

  constructor(t, port) {
    this.socket = io(`http://127.0.0.1:${port}`, { query: { name: 'Mallory' }, reconnection: false, forceNew: true, transports: ['websocket'] });
    this.socket.onAny((event, data) => this.got.push({ event, data }));
    t.defer(async () => this.socket.close());
  }

  of(event) {
    return this.got.filter((e) => e.event === event);
  }

  // The id of the pipeline, which was there first.
  async finds() {
    const list = await until(() => this.of('update-user-list')[0]?.data.users, 'who is online');
    return list[0];
  }

  offer(to, offer) {
    this.socket.emit('call-user', { to, offer });
  }

  answer(to, answer) {
    this.socket.emit('make-answer', { to, answer });
  }

  extensions(to) {
    for (const event of EXTENSIONS)
      for (const data of [{ to, session: SESSION, reason: '\n'.repeat(500), text: {}, candidate: { candidate: 'x'.repeat(9000), sdpMLineIndex: -1 } },
        { to, session: 'guessed', candidate: [] }, { to, candidate: { candidate: 'candidate:1 1 udp 1 %s 9 typ host', sdpMLineIndex: 7 } }])
        this.socket.emit(event, data);
  }

  close() {
    this.socket.close();
  }
}

const ended = (child) => printed(child).match(/chat-call,.*state=\(string\)idle/g)?.length ?? 0;

async function survives(t, child, port, calls) {
  const before = ended(child);
  const ann = new Person(t, port);
  if (calls) {
    await ann.online();
    ann.call(await callee(ann));
  }
  await ann.meets(PIPELINE);
  await ann.hangUp();
  await until(() => ended(child) === before + 1, 'the end of the good call');
  check(!/^ERROR/m.test(printed(child)), 'no error');
  equal(child.ended, null, 'its exit');
}

// Base servers know no names.
const callee = async () => '*';

for (const [name, start] of SERVERS) {
  test(`hostile: offers through ${name}, before a call`, async (t) => {
    const { port } = await start(t);
    const child = launch(t, chatpeer(port, 'Camera') + BOTH);
    await online(child);
    for (const sdp of spoilt(OFFER)) {
      const before = ended(child);
      const mallory = new Mallory(t, port);
      const to = await mallory.finds();
      SHAPES.slice(0, 4).forEach((shape) => mallory.offer(to, shape));
      mallory.offer(to, { type: 'offer', sdp });
      await prints(child, /state=\(string\)connecting/);
      // Another one at once, while the first is being worked on; then it goes.
      mallory.offer(to, { type: 'offer', sdp: sdp.replace('m=video', 'm=audio') });
      mallory.extensions(to);
      await until(() => ended(child) > before || mallory.of('answer-made').length, `an end or an answer to ${JSON.stringify(sdp.slice(0, 60))}`);
      mallory.close();
      await until(() => ended(child) > before, `the end of what began with ${JSON.stringify(sdp.slice(0, 60))}`);
      equal(child.ended, null, `its exit, after ${JSON.stringify(sdp.slice(0, 60))}`);
    }
    check(/WARNING: .*The call has ended: /.test(printed(child)), 'the user is told');
    await survives(t, child, port, true);
  });

  test(`hostile: everything through ${name}, during a call`, async (t) => {
    const { port } = await start(t);
    const child = launch(t, chatpeer(port, 'Camera') + BOTH);
    await online(child);
    const ann = new Person(t, port);
    await ann.online();
    ann.call(await callee(ann));
    await ann.meets(PIPELINE);
    const described = (type) => [...SHAPES, ...spoilt(type === 'offer' ? OFFER : ANSWER).map((sdp) => ({ type, sdp })),
      { type, sdp: type === 'offer' ? OFFER : ANSWER, chat: { protocol: 1, session: SESSION, seq: 1 } }];
    const answers = described('answer');
    // Our server does without who sends it what is malformed.
    for (const [n, offer] of described('offer').entries()) {
      const mallory = new Mallory(t, port);
      const to = await mallory.finds();
      mallory.extensions(to);
      mallory.answer(to, answers[n]);
      mallory.offer(to, offer);
    }
    const mallory = new Mallory(t, port);
    mallory.offer(await mallory.finds(), { type: 'offer', sdp: OFFER });
    if (name === 'gst-chat-server')
      await until(() => mallory.of('decline').some((e) => e.data.reason === 'busy'), 'to be told that it is busy');
    await ann.meets(PIPELINE);
    equal(ended(child), 0, 'calls that have ended');
    await ann.hangUp();
    await until(() => ended(child) === 1, 'the end of the call');
    await ann.stop();
    await survives(t, child, port, true);
  });

  test(`hostile: answers through ${name}`, async (t) => {
    const { port } = await start(t);
    const child = launch(t, chatpeer(port, 'Camera', 'call=*') + BOTH);
    await online(child);
    for (const sdp of spoilt(ANSWER)) {
      const before = ended(child);
      const mallory = new Mallory(t, port);
      await until(() => mallory.of('call-made').length, 'to be called');
      const to = mallory.of('call-made')[0].data.socket;
      SHAPES.slice(0, 4).forEach((shape) => mallory.answer(to, shape));
      mallory.answer(to, { type: 'answer', sdp });
      mallory.answer(to, { type: 'answer', sdp: ANSWER });
      mallory.extensions(to);
      mallory.close();
      await until(() => ended(child) > before, `the end of what was answered with ${JSON.stringify(sdp.slice(0, 60))}`);
      equal(child.ended, null, `its exit, after ${JSON.stringify(sdp.slice(0, 60))}`);
    }
    check(/WARNING: .*The call has ended: /.test(printed(child)), 'the user is told');
    await survives(t, child, port, false);
  });
}
