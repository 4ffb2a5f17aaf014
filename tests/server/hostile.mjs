// SPDX-License-Identifier: LGPL-2.1-or-later
// Clients that mean harm. All of them come from this machine, which is not
// counted as an address: so they stand for as many addresses as they are. In
// each case somebody else is served meanwhile, and memory stays bounded.
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { check, equal, until } from '../support/harness.mjs';
import { serverTest } from './case.mjs';
import { certificateOptions, makeCertificate, secureUrl } from './certificate.mjs';
import { connect } from './clients.mjs';
import { metrics } from './metrics.mjs';

const HEADERS = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const MAY_GROW = 96 * 1024 * 1024;
// So long one client may have to wait for all others: CPU time of the main loop
// between two looks at who is there. It does not depend on what else the machine
// does, as the time of an answer would.
const MAY_WAIT = 0.02;

// Knows when it is gone, and goes with the case.
function watched(t, socket) {
  socket.on('error', () => {});
  socket.gone = false;
  socket.on('close', () => { socket.gone = true; });
  t.defer(() => socket.destroy());
  return socket;
}

// A connection that says what it is told to, and keeps nothing.
function dial(t, server, text = '') {
  const socket = watched(t, net.connect(server.port, '127.0.0.1'));
  socket.resume();
  socket.write(text);
  return socket;
}

function frame(head, data, claimed = data.length) {
  const size = claimed < 126 ? Buffer.from([0x80 | claimed]) : Buffer.alloc(9);
  if (claimed >= 126) {
    size[0] = 0x80 | 127;
    size.writeBigUInt64BE(BigInt(claimed), 1);
  }
  return Buffer.concat([Buffer.from([head]), size, Buffer.alloc(4), data]);
}

const text = (string) => frame(0x81, Buffer.from(string));

// A client that is in the chat, as bytes: {socket, received(), id, status()}.
async function enter(t, server) {
  const socket = watched(t, net.connect(server.port, '127.0.0.1'));
  const chunks = [];
  socket.on('data', (data) => chunks.push(data));
  socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n${HEADERS}\r\n`);
  socket.write(text('40'));
  const received = () => Buffer.concat(chunks);
  const id = await until(() => /40\{"sid":"([^"]+)"\}/.exec(received().toString('latin1'))?.[1], 'its id');
  await until(() => received().includes('update-user-list'), 'the list');
  chunks.length = 0;
  // Of the CLOSE frame that comes last.
  const status = async () => {
    await until(() => socket.gone, 'the server to close it');
    const all = received();
    const at = all.lastIndexOf(0x88);
    return at < 0 ? null : all[at + 1] === 0 ? 0 : all.readUInt16BE(at + 2);
  };
  return { socket, received, id, status };
}

// What an honest client notices of @attack.
function hostileTest(name, attack, { secure = false, ...options } = {}) {
  serverTest(`hostile: ${name}`, async (t, serve) => {
    const pem = secure && makeCertificate(t, 'first');
    const server = await serve(['--metrics=127.0.0.1:0', ...secure ? certificateOptions(pem) : []]);
    const url = secure ? secureUrl(server) : server.url;
    const witness = await connect(t, '4.8.4', url, { transports: ['websocket'], ca: pem?.ca });
    let served = 0;
    const ask = () => witness.socket.emit('hang-up', { to: 'nobody' }, () => { served++; setTimeout(ask, 25); });
    ask();
    await until(() => served > 10, 'the witness to be served');
    const before = (await metrics(server)).values;
    const from = served;
    await attack(t, server);
    const after = (await metrics(server)).values;
    check(served > from, 'the witness is served meanwhile');
    equal(witness.reasons, [], 'disconnections of the witness');
    check(after.gst_chat_longest_turn_seconds < MAY_WAIT, `others wait for ${after.gst_chat_longest_turn_seconds} s`);
    const growth = after.process_resident_memory_bytes - before.process_resident_memory_bytes;
    check(growth < MAY_GROW, `memory grows by ${growth >> 20} MiB`);
    t.note(`longest turn ${after.gst_chat_longest_turn_seconds} s, growth ${growth >> 20} MiB`);
    if (process.env.CHAT_FIGURES)
      console.log(`# ${name}: longest turn ${after.gst_chat_longest_turn_seconds} s, growth ${growth >> 20} MiB`);
    const fresh = await connect(t, '4.8.4', url, { ca: pem?.ca });
    check(fresh.users.length >= 1, 'who comes now sees the others');
  }, { logs: [/event=refused/], ...options });
}

hostileTest('slow loris on the handshake', async (t, server) => {
  const many = Array.from({ length: 1500 }, (_, i) => dial(t, server, i % 2 ? 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nA: ' : ''));
  const drip = setInterval(() => many.forEach((s) => s.gone || s.write('x')), 500);
  t.defer(() => clearInterval(drip));
  await until(() => many.every((s) => s.gone), 'all of them to be shut out', 40000);
});

// What a client of TLS says first.
function clientHello() {
  return new Promise((resolve) => {
    const wire = new Duplex({ read() {}, write(data, _, done) { resolve(data); done(); } });
    tls.connect({ socket: wire }).on('error', () => {});
  });
}

hostileTest('handshakes of TLS that lead to nothing', async (t, server) => {
  const hello = await clientHello();
  const words = ['', hello, hello.subarray(0, 50), Buffer.alloc(600, 'x')];
  const many = Array.from({ length: 1200 }, (_, i) => dial(t, server, words[i % words.length]));
  // These are secret, and go no further.
  for (let i = 0; i < 300; i++) {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false },
      () => socket.write('GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nA: '));
    many.push(watched(t, socket));
  }
  await until(() => many.every((s) => s.gone), 'all of them to be shut out', 40000);
}, { secure: true });

hostileTest('slow loris on the poll', async (t, server) => {
  const sids = [];
  while (sids.length < 200) {
    const open = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    sids.push(JSON.parse((await open.text()).slice(1)).sid);
  }
  const posts = sids.map((sid) => dial(t, server,
    `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n4`));
  // The answer to a poll that nobody reads, and one that is asked for and left.
  const polls = sids.map((sid, i) => dial(t, server, `GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: a\r\n\r\n`)
    .once('connect', function leave() { if (i % 2) this.end(); }));
  const drip = setInterval(() => posts.forEach((s) => s.gone || s.write('x')), 500);
  t.defer(() => clearInterval(drip));
  await until(() => posts.every((s) => s.gone) && polls.filter((_, i) => i % 2).every((s) => s.gone), 'them to be shut out', 40000);
});

hostileTest('a receiver that never reads', async (t, server) => {
  const deaf = await enter(t, server);
  deaf.socket.pause();
  const offer = text(`42["call-user",{"offer":{"sdp":"${'s'.repeat(60000)}"},"to":"${deaf.id}"}]`);
  const other = await connect(t, '4.8.4', server.url);
  const senders = await Promise.all(Array.from({ length: 30 }, () => enter(t, server)));
  // More than the kernel takes: what is behind waits in the server.
  const talk = setInterval(() => senders.forEach(({ socket }) => socket.gone || socket.write(offer)), 100);
  t.defer(() => clearInterval(talk));
  await other.event('remove-user', (d) => d.socketId === deaf.id);
});

hostileTest('a flood of events', async (t, server) => {
  const flooders = await Promise.all(Array.from({ length: 20 }, () => enter(t, server)));
  const burst = Buffer.concat(Array.from({ length: 500 }, () => text('42["hang-up",{"to":"nobody"}]')));
  const flood = setInterval(() => flooders.forEach(({ socket }) => socket.gone || socket.write(burst)), 5);
  t.defer(() => clearInterval(flood));
  await until(() => flooders.every(({ socket }) => socket.gone), 'all of them to be closed', 40000);
});

hostileTest('a flood of pings, of both kinds', async (t, server) => {
  const flooders = await Promise.all(Array.from({ length: 4 }, () => enter(t, server)));
  const websocket = Buffer.concat(Array.from({ length: 500 }, () => frame(0x89, Buffer.alloc(125))));
  const engine = Buffer.concat(Array.from({ length: 500 }, () => text('3')));
  flooders.forEach(({ socket }) => socket.pause());
  for (let i = 0; i < 40; i++) {
    flooders.forEach(({ socket }, j) => socket.gone || socket.write(j % 2 ? websocket : engine));
    await until(() => flooders.every(({ socket }) => socket.gone || socket.writableLength < 4e6), 'the server to read', 20000);
  }
});

hostileTest('frames that break the rules', async (t, server) => {
  const bad = (string) => Buffer.from(string, 'latin1');
  const mega = Buffer.alloc(1024 * 1024 + 1, 0x78);
  const cases = [
    ['larger than can be', frame(0x81, Buffer.alloc(0), 2 ** 40), 1009],
    ['over a message', frame(0x81, mega), 1009],
    ['over a message, in fragments', Buffer.concat([frame(0x01, mega.subarray(0, 600000)), frame(0x80, mega.subarray(0, 600000))]), 1009],
    ['text that is not UTF-8', frame(0x81, bad('42["\xc3\x28"]')), 1007],
    ['a surrogate in UTF-8', frame(0x81, bad('42["\xed\xa0\x80"]')), 1007],
    ['a ping in fragments', frame(0x09, bad('hi')), 1002],
    ['a close in fragments', frame(0x08, bad('')), 1002],
    ['a ping of 126 bytes', frame(0x89, Buffer.alloc(126)), 1002],
    ['a fragment of nothing', frame(0x80, bad('x')), 1002],
    ['a message in a message', Buffer.concat([frame(0x01, bad('4')), frame(0x81, bad('2'))]), 1002],
    ['reserved bits', frame(0xc1, bad('2')), 1002],
    ['an unknown opcode', frame(0x83, bad('2')), 1002],
    ['no mask', Buffer.from([0x81, 1, 0x32]), 1002],
  ];
  for (const [what, bytes, expected] of cases) {
    const client = await enter(t, server);
    client.socket.write(bytes);
    equal(await client.status(), expected, what);
  }
});

hostileTest('JSON that is deep, wide or none', async (t, server) => {
  for (const json of [`${'['.repeat(1e5)}${']'.repeat(1e5)}`, `{"offer":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}`,
    `{${Array.from({ length: 50000 }, (_, i) => `"m${i}":0`).join()}}`, '{"to":"\\ud800"}', '{"to":"\\u0000"}', '{"to":', '1e']) {
    const client = await enter(t, server);
    client.socket.write(text(`42["call-user",${json}]`));
    equal(await client.status(), 0, json.slice(0, 30));
  }
});

hostileTest('thousands of half-open upgrades', async (t, server) => {
  const request = `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n${HEADERS}`;
  const half = Array.from({ length: 2000 }, () => dial(t, server, request));
  const silent = Array.from({ length: 500 }, () => dial(t, server, `${request}\r\n`));
  const open = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await open.text()).slice(1));
  const probes = Array.from({ length: 200 }, () => dial(t, server,
    `${request.replace('websocket HTTP', `websocket&sid=${sid} HTTP`)}\r\n`));
  await until(() => half.every((s) => s.gone) && probes.every((s) => s.gone), 'them to be shut out', 40000);
  check(silent.some((s) => !s.gone), 'who has upgraded has longer');
});

hostileTest('forged ids', async (t, server) => {
  const [victim, friend] = [await connect(t, '4.8.4', server.url), await connect(t, '4.8.4', server.url)];
  const elsewhere = await connect(t, '4.8.4', server.url, { query: { room: 'elsewhere' } });
  const evil = await enter(t, server);
  const [v, f, e] = [victim, friend, elsewhere].map((c) => c.socket.id);
  const say = (event, data) => evil.socket.write(text(`42${JSON.stringify([event, data])}`));
  say('make-answer', { answer: { type: 'answer', sdp: 'unasked' }, to: v });
  for (const to of [[v], [v, f], { 0: v }, `${v} `, `/#${v}`, '', '*', '__proto__', null, 1, true])
    say('call-user', { offer: { type: 'offer', sdp: 'to many' }, to });
  say('call-user', { offer: { type: 'offer', sdp: 'through a wall' }, to: e });
  for (const name of ['call-made', 'answer-made', 'update-user-list', 'remove-user', 'server-info', 'signalling-connected'])
    evil.socket.write(text(`42${JSON.stringify([name, { to: v, socket: f, users: ['x'], socketId: f, reason: 'x' }])}`));
  say('hang-up', { to: v, socket: f, reason: 'forged' });
  equal((await victim.event('hang-up')).socket, evil.id, 'who hangs up');
  say('call-user', { offer: { type: 'offer', sdp: 'v=0' }, to: v, socket: f });
  equal((await victim.event('call-made')).socket, evil.id, 'who calls');
  equal([victim.of('answer-made'), victim.of('call-made').length, elsewhere.of('call-made'), victim.of('remove-user')],
    [[], 1, [], []], 'what went through');
  check(!victim.users.includes('x') && victim.of('server-info').length === 1, 'what the server alone says');
});

hostileTest('a session that is fixed, or known by a seen id', async (t, server) => {
  // Nobody chooses its session.
  for (const way of ['polling', 'websocket']) {
    const chosen = await fetch(`${server.url}/socket.io/?EIO=4&transport=${way}&sid=${'a'.repeat(20)}`);
    equal([chosen.status, (await chosen.json()).code], [400, 1], `a chosen sid by ${way}`);
  }
  const victims = [];
  for (const version of ['2.5.0', '4.8.4'])
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']])
      victims.push(await connect(t, version, server.url, { transports }));
  const evil = await connect(t, '4.8.4', server.url);
  await until(() => evil.users.length >= victims.length, 'all of them');
  for (const id of evil.users) {
    for (const eio of [3, 4]) {
      const url = `${server.url}/socket.io/?EIO=${eio}&transport=polling&sid=${id}`;
      for (const options of [{}, { method: 'POST', body: eio === 3 ? '1:1' : '1' }])
        equal((await (await fetch(url, options)).json()).code, 1, 'polling with a seen id');
      const upgrade = dial(t, server, `GET /socket.io/?EIO=${eio}&transport=websocket&sid=${id} HTTP/1.1\r\nHost: a\r\n${HEADERS}\r\n`);
      const answer = await new Promise((resolve) => { upgrade.once('data', (data) => resolve(data.toString())); });
      check(answer.startsWith('HTTP/1.1 400'), `an upgrade with a seen id: ${answer.slice(0, 40)}`);
    }
  }
  evil.users.forEach((to) => evil.socket.emit('hang-up', { to }));
  await Promise.all(victims.map((victim) => victim.event('hang-up')));
  equal(victims.flatMap((victim) => victim.reasons), [], 'disconnections');
});
