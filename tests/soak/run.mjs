// SPDX-License-Identifier: LGPL-2.1-or-later
// A week in an hour: clients that come and go, call and vanish, for as long as
// SOAK_SECONDS says (default 3600). The server's memory at the end is what it was
// after the first minute, and when all have left nothing of them is left.
//
//     SOAK_SECONDS=300 node tests/soak/run.mjs BUILD
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { check, equal, pause, run, test, until } from '../support/harness.mjs';
import { descriptors, startServer } from '../support/servers.mjs';
import { CLIENTS, connect } from '../server/clients.mjs';
import { UPGRADE, Wire, request } from '../server/wire.mjs';

const build = path.resolve(process.argv[2] ?? 'build');
const SECONDS = Number(process.env.SOAK_SECONDS ?? 3600);
const N = 200;
const SDP = `v=0\r\n${'a=rtpmap:96 VP8/90000\r\n'.repeat(200)}`;
const SETTLED = Math.min(60, SECONDS / 3);
// Of what it may grow: what malloc leaves between the pieces.
const SLACK_KIB = 1024;

// The same moves for the same seed (mulberry32).
let state = Number(process.env.SOAK_SEED ?? Date.now() % 2 ** 32);
const seed = state;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const counts = {};
const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

// What a client does while it is there.
const DEEDS = {
  call: (me, to) => me.socket.emit('call-user', { offer: { type: 'offer', sdp: SDP }, to }),
  text: (me, to) => me.socket.emit('chat-message', { to, text: 'x'.repeat(Math.floor(random() * 4000)) }),
  candidate: (me, to) => me.socket.emit('ice-candidate', { to, candidate: null }),
  'call nobody': (me) => me.socket.emit('call-user', { offer: { type: 'offer', sdp: SDP }, to: 'nobody' }),
  'say something odd': (me) => me.socket.emit('call-user', pick([null, 1, [], 'x', {}])),
  'hang up': (me, to) => me.socket.emit('hang-up', { to, reason: 'bye' }, () => {}),
};

// How it leaves.
const ENDS = {
  leave: (me) => me.socket.close(),
  'break off': (me) => {
    const { transport } = me.socket.io.engine;
    transport.ws?._socket?.destroy();
    transport.pollXhr?.abort?.();
    me.socket.io.engine.close();
  },
  // Nothing comes from it any more, not even heartbeats: the server's time-out.
  vanish: async (me) => {
    const { ws } = me.socket.io.engine.transport;
    if (!ws)
      return me.socket.close();
    ws._socket.pause();
    ws.send = () => {};
    await pause(20000);
    ws._socket.destroy();
  },
};

async function visit(url) {
  const version = pick(Object.keys(CLIENTS));
  const transports = pick([['websocket'], ['websocket'], ['polling'], ['polling', 'websocket']]);
  const undo = [];
  try {
    const me = await connect({ defer: (fn) => undo.push(fn) }, version, url, {
      transports, query: { name: `soak ${version}`, room: pick(['', 'kitchen', 'hall']) },
    });
    me.socket.on('call-made', ({ socket }) =>
      me.socket.emit('make-answer', { answer: { type: 'answer', sdp: SDP }, to: socket }));
    for (let n = random() * 10; n > 0 && me.socket.connected; n--) {
      const deed = pick(Object.keys(DEEDS));
      const to = pick(me.users);
      if (to)
        DEEDS[deed](me, to);
      count(deed);
      await pause(random() * 1000);
      // What it has seen is not to fill this process instead.
      me.events = me.events.filter((e) => e.name.endsWith('-list') || e.name === 'remove-user').slice(-1000);
    }
    const end = pick(Object.keys(ENDS));
    await ENDS[end](me);
    count(end);
  } finally {
    for (const fn of undo)
      await fn();
  }
}

// One that gets no further than the door.
async function knock(port) {
  const wire = new Wire(port);
  wire.send(pick([
    'GET /socket.io/?EIO=4', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    request('GET', 'EIO=4&transport=polling'), request('GET', 'EIO=3&transport=polling'),
    request('GET', 'EIO=4&transport=websocket', { headers: UPGRADE }),
    request('GET', 'EIO=3&transport=websocket', { headers: UPGRADE }),
    request('POST', 'EIO=4&transport=polling', { headers: 'Content-Length: 100000\r\n' }),
  ]));
  await pause(random() * 500);
  if (random() < 0.5)
    wire.sendFrame(1, pick(['40', '2probe', 'garbage', '42["x"', '4'.repeat(60000)]));
  await pause(random() * 500);
  wire.close();
  count('knock');
}

async function guest(server, until_) {
  while (Date.now() < until_) {
    try {
      await (random() < 0.2 ? knock(server.port) : visit(server.url));
    } catch (error) {
      // It did not get in: on a loaded machine that happens, but not always.
      count('refused');
      if (process.env.SOAK_DEBUG)
        console.error(error);
    }
  }
}

async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

test(`${N} clients come and go for ${SECONDS} s`, async (t) => {
  const server = await startServer(t, build, ['--ping-interval=8000', '--ping-timeout=8000']);
  const { pid } = server.child.process;
  const atFirst = await descriptors(pid);
  t.note(`seed ${seed}`);
  console.log(`# seed ${seed}`);
  // What is wrong with this machine is told now and not after an hour.
  await visit(server.url);

  const began = Date.now();
  const ends = began + SECONDS * 1000;
  const guests = Promise.all(Array.from({ length: N }, () => guest(server, ends)));
  const samples = [];
  while (Date.now() < ends) {
    await pause(1000);
    samples.push(await memory(pid));
    if (samples.length % 60 === 0)
      console.log(`# after ${samples.length} s: ${samples.at(-1)} KiB, ${(await descriptors(pid)).length} descriptors`);
  }
  const part = Math.max(5, Math.floor(SETTLED / 2));
  const early = median(samples.slice(Math.floor(samples.length * SETTLED / SECONDS)).slice(0, part));
  const late = median(samples.slice(-part));
  await guests;
  console.log(`# ${JSON.stringify(counts)}`);
  console.log(`# ${early} KiB after ${SETTLED} s, ${late} KiB after ${SECONDS} s`);

  for (const what of [...Object.keys(DEEDS), ...Object.keys(ENDS), 'knock'])
    check(counts[what] > 0, `nobody did this: ${what}`);
  const visits = Object.keys(ENDS).reduce((sum, end) => sum + counts[end], 0);
  check((counts.refused ?? 0) < visits / 4, `${counts.refused} of ${visits} were refused`);
  check(late <= early * 1.05 + SLACK_KIB, `memory grew from ${early} to ${late} KiB`);

  // Nobody is left, for the kernel nor for a newcomer.
  let left;
  await until(async () => {
    left = await descriptors(pid, atFirst);
    return left.length === 0;
  }, () => `all connections to be closed: ${left.slice(0, 5)}`, 60000);
  for (const room of ['', 'kitchen', 'hall']) {
    const last = await connect(t, '4.8.4', server.url, { query: { room } });
    equal(last.users, [], `who is left in “${room}”`);
  }
  equal(await server.child.stop(), 0, 'exit status of the server');
  // What is odd is refused, and nothing else.
  equal(server.child.errors.filter((line) => !/ event=refused reason=shape /.test(line)), [],
    'what the server complains of');
}, { seconds: SECONDS + 300 });

await run({ jobs: 1 });
