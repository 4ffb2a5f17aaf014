// SPDX-License-Identifier: LGPL-2.1-or-later
// gst-chat-server with unmodified socket.io clients of every generation.
//
//     node tests/server/run.mjs BUILD [--list] [--only=TEXT] [--jobs=N]
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { check, equal, pause, run, test, until } from '../support/harness.mjs';
import { Child, descriptors, startServer } from '../support/servers.mjs';
import { build, serverTest } from './case.mjs';
import { DOCUMENT, askAll, document, modelOf, rows, startAll } from './conformance.mjs';
import { CLIENTS, OFFER, TRANSPORTS, connect, isOld } from './clients.mjs';
import { UPGRADE, Wire, ask, request } from './wire.mjs';
import './auth.mjs';
import './hostile.mjs';
import './operation.mjs';
import './python.mjs';
import './tls.mjs';

const ANSWER = { type: 'answer', sdp: 'v=0\r\n', more: 1 };

for (const version of Object.keys(CLIENTS)) {
  for (const [kind, options] of Object.entries(TRANSPORTS)) {
    serverTest(`client ${version}, ${kind}: presence, call, acks, binary, leaving`, async (t, serve) => {
      const server = await serve();
      // The other is always of the newest kind: generations meet.
      const other = await connect(t, '4.8.4', server.url, { query: { name: 'Other' } });
      const me = await connect(t, version, server.url, { ...options, query: { name: 'Mé & <co>' } });

      const [info] = me.of('server-info');
      equal(info.features, ['names', 'rooms', 'relay'], 'features');
      equal(info.protocol, 1, 'protocol');
      check(/^gst-chat-server\/\d/.test(info.server), 'the server says what it is');

      equal(me.users.length, 1, 'number of others');
      const otherId = me.users[0];
      equal(otherId, other.socket.id, 'the id of the other');
      equal(me.names[otherId], 'Other', 'the name of the other');
      const myId = await until(() => other.users[0], 'the other to see me');
      equal(other.names[myId], 'Mé & <co>', 'my name');
      check(/^[A-Za-z0-9_-]{20}$/.test(myId), `a safe id, not ${myId}`);
      if (isOld(version))
        check(myId !== me.socket.id, 'the public id is not the session');
      else
        equal(myId, me.socket.id, 'my id');
      check(!me.users.includes(myId), 'nobody is told of itself');

      // In both directions, to the byte, twice as the tutorial's page has it.
      for (let round = 0; round < 2; round++) {
        me.socket.emit('call-user', { offer: OFFER, to: otherId });
        await until(() => other.of('call-made').length > round, 'call-made');
        equal(other.of('call-made')[round], { offer: OFFER, socket: myId }, 'call-made');
        other.socket.emit('make-answer', { answer: ANSWER, to: myId });
        await until(() => me.of('answer-made').length > round, 'answer-made');
        equal(me.of('answer-made')[round], { socket: otherId, answer: ANSWER }, 'answer-made');
      }
      other.socket.emit('call-user', { offer: OFFER, to: myId });
      equal(await me.event('call-made'), { offer: OFFER, socket: otherId }, 'call-made to me');
      me.socket.emit('make-answer', { answer: ANSWER, to: otherId });
      equal(await other.event('answer-made'), { socket: myId, answer: ANSWER }, 'answer-made to the other');
      me.socket.emit('ice-candidate', { to: otherId, socket: 'forged', candidate: null });
      equal(await other.event('ice-candidate'), { socket: myId, candidate: null }, 'ice-candidate');

      // Nothing of this is known, and all of it is harmless.
      me.socket.emit('reject-call', { from: otherId }, () => {});
      me.socket.emit('no-arguments');
      me.socket.emit('binary', Buffer.from([1, 2, 3, 255]), { n: Buffer.from([]) }, () => {});
      me.socket.emit('call-user');
      me.socket.emit('call-user', null);
      me.socket.emit('call-user', { offer: OFFER, to: [otherId] });
      me.socket.emit('call-user', { offer: OFFER, to: 'nobody' });
      me.socket.emit('chat-message', 'x'.repeat(100000));
      let acknowledged = false;
      me.socket.emit('hang-up', { to: otherId, reason: 'bye' }, () => { acknowledged = true; });
      equal(await other.event('hang-up'), { socket: myId, reason: 'bye' }, 'hang-up');
      await until(() => acknowledged, 'the acknowledgement');
      equal(other.of('call-made').length, 2, 'calls that reached the other');
      equal(me.reasons, [], 'disconnections');
      await until(() => me.transport === (kind === 'polling' ? 'polling' : 'websocket'), 'its transport');

      me.socket.close();
      equal(await other.event('remove-user'), { socketId: myId }, 'remove-user');
      equal(other.reasons, [], 'disconnections of the other');
    }, { logs: [/event=refused reason=shape /] });
  }
}

for (const version of Object.keys(CLIENTS)) {
  for (const kind of ['polling', 'websocket']) {
    serverTest(`client ${version}, ${kind}: the server ends, and comes again`, async (t, serve) => {
      const first = await serve();
      const me = await connect(t, version, first.url,
        { ...TRANSPORTS[kind], reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
      equal(await first.child.stop(), 0, 'exit status of the server');
      await until(() => me.reasons.length > 0, 'the disconnection');
      me.events.length = 0;
      await serve([`--port=${first.port}`]);
      await me.event('update-user-list');
    });
  }
}

for (const version of Object.keys(CLIENTS)) {
  for (const kind of ['polling', 'websocket']) {
    serverTest(`client ${version}, ${kind}: heartbeats keep it connected`, async (t, serve) => {
      const server = await serve(['--ping-interval=300', '--ping-timeout=3000']);
      const me = await connect(t, version, server.url, TRANSPORTS[kind]);
      // Longer than interval and time-out together, so that a missing one shows.
      await pause(4000);
      equal(me.reasons, [], 'disconnections');
      check(me.socket.connected, 'it is connected');
      // It goes without a word; its heartbeats stop.
      const other = await connect(t, '4.8.4', server.url);
      equal(other.users.length, 1, 'others');
      if (kind === 'websocket') {
        me.socket.io.engine.transport.ws._socket.pause();
        me.socket.io.engine.transport.ws.send = () => {};
        await other.event('remove-user');
      }
    });
  }
}

serverTest('rooms are apart, names and rooms come by query or auth', async (t, serve) => {
  const server = await serve();
  const a = await connect(t, '4.8.4', server.url, { auth: { name: 'A', room: 'x' } });
  const b = await connect(t, '2.3.0', server.url, { query: { name: 'B', room: 'x' } });
  const c = await connect(t, '4.8.4', server.url, { query: { name: 'C' }, auth: { name: 'D' } });
  const d = await connect(t, '3.1.3', server.url);
  equal(b.names, { [a.socket.id]: 'A' }, 'whom B sees');
  await until(() => a.users.length === 1, 'A to see B');
  equal(Object.values(a.names), ['B'], 'whom A sees');
  equal(d.names, { [c.socket.id]: 'D' }, 'whom the nameless one sees');
  d.socket.emit('call-user', { offer: OFFER, to: a.socket.id });
  d.socket.emit('hang-up', { to: c.socket.id });
  await c.event('hang-up');
  equal(a.of('call-made'), [], 'calls from another room');
});

serverTest('an id that others know is no key to a session', async (t, serve) => {
  const server = await serve();
  const victim = await connect(t, '2.5.0', server.url, { transports: ['websocket'] });
  const onlooker = await connect(t, '4.8.4', server.url);
  const id = onlooker.users[0];
  const seen = await fetch(`${server.url}/socket.io/?EIO=3&transport=polling&sid=${id}`);
  equal(await seen.json(), { code: 1, message: 'Session ID unknown' }, 'polling with the public id');
  // Nor does the real one help against a session that is on its WebSocket.
  const own = await fetch(`${server.url}/socket.io/?EIO=3&transport=polling&sid=${victim.socket.id}`);
  equal(await own.json(), { code: 3, message: 'Bad request' }, 'polling with the session id');
  equal(victim.reasons, [], 'disconnections');
});

serverTest('a namespace that does not exist is refused', async (t, serve) => {
  const server = await serve();
  for (const version of Object.keys(CLIENTS)) {
    const module = await import(CLIENTS[version]);
    const io = module.default ?? module.io;
    const socket = io(`${server.url}/admin`, { forceNew: true, reconnection: false });
    t.defer(() => socket.close());
    let error = null;
    socket.on(isOld(version) ? 'error' : 'connect_error', (e) => { error = e; });
    await until(() => error, `the refusal of version ${version}`);
    equal(error.message ?? error, 'Invalid namespace', `what version ${version} is told`);
  }
});

serverTest('pages of other origins stay outside unless they are let in', async (t, serve) => {
  const strict = await serve();
  const lax = await serve(['--origin=http://other.example']);
  const ask = (server, origin) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
  equal((await ask(strict, strict.url)).status, 200, 'its own');
  const refused = await ask(strict, 'http://other.example');
  equal([refused.status, await refused.json()], [403, { code: 4, message: 'Forbidden' }], 'another');
  const allowed = await ask(lax, 'http://other.example');
  equal([allowed.status, allowed.headers.get('access-control-allow-origin')], [200, 'http://other.example'], 'one let in');
  equal((await ask(lax, 'http://third.example')).status, 403, 'one not let in');
}, { logs: [/event=refused reason=origin /] });

test('it takes as many connections as the system lets it', async (t) => {
  const program = path.join(build, 'gst/server/gst-chat-server');
  const child = new Child(t, '/bin/sh', ['-c', 'ulimit -S -n 64 && exec "$0" --port=0', program]);
  const [, soft, hard] = await until(async () => {
    const limits = await readFile(`/proc/${child.process.pid}/limits`, 'utf8');
    const found = /Max open files\s+(\S+)\s+(\S+)/.exec(limits);
    return child.lines.length > 0 && found[1] !== '64' && found;
  }, 'a higher limit of open files');
  equal(soft, hard, 'the soft limit of open files');
});

const POLL = request('GET', 'EIO=4&transport=polling');

// Each as far as it gets, and then away; `answered` awaits the answer before.
for (const [name, text, answered] of [
  ['says nothing', ''],
  ['breaks off in its request', 'GET / HTTP/1.1\r\nHost'],
  ['breaks off in its body', request('POST', 'EIO=4&transport=polling', { headers: 'Content-Length: 1000\r\n' })],
  ['does not wait for the answer', POLL],
  ['has its answer, and might have asked again', POLL, true],
  ['has the page', request('GET', '', { path: '/' }), true],
  ['has become a WebSocket', request('GET', 'EIO=4&transport=websocket', { headers: UPGRADE }), true],
]) {
  serverTest(`nothing is kept of a client that ${name}`, async (t, serve) => {
    const server = await serve(['--ping-interval=500', '--ping-timeout=500']);
    const { pid } = server.child.process;
    const before = await descriptors(pid);
    for (const end of ['destroy', 'end', 'resetAndDestroy']) {
      const wires = Array.from({ length: 10 }, () => new Wire(server.port));
      t.defer(() => wires.forEach((wire) => wire.close()));
      for (const wire of wires) {
        wire.send(text);
        if (answered)
          check((await wire.response()).status < 300, 'is answered');
      }
      await Promise.all(wires.map((wire) => wire.socket.readyState !== 'opening' || once(wire.socket, 'connect')));
      wires.forEach((wire) => wire.socket[end]());
      // Connections are let in in their order: this one comes last.
      equal((await ask(server.port, 'GET', '', { path: '/healthz' })).status, 200, 'the next one');
      let left;
      await until(async () => {
        left = await descriptors(pid, before);
        return left.length === 0;
      }, () => `all to be closed after ${end}: ${left.slice(0, 3)}`);
    }
  });
}

// The servers side by side are started by the first row that is asked.
const conformance = { undo: [], servers: null, answers: new Map() };
function answersOf(entry) {
  const t = { defer: (fn) => conformance.undo.push(fn), note: () => {} };
  conformance.servers ??= startAll(t, build);
  if (!conformance.answers.has(entry))
    conformance.answers.set(entry, conformance.servers.then((servers) => askAll(servers, entry)));
  return conformance.answers.get(entry);
}

for (const entry of rows) {
  test(`conformance, Engine.IO ${entry.eio}: ${entry.name}`, async () => {
    const answers = await answersOf(entry);
    const [ours, real] = [answers['gst-chat-server'], answers[modelOf(entry)]];
    if (entry.why)
      check(ours !== real, `the answer is no different any more: ${ours}`);
    else
      equal(ours, real, `our answer beside that of ${modelOf(entry)}`);
  });
}

test('conformance: docs/conformance.md is true', async () => {
  const results = [];
  for (const entry of rows)
    results.push({ entry, answers: await answersOf(entry) });
  const page = (await readFile(DOCUMENT, 'utf8')).split('\n');
  const truth = document(results).split('\n');
  equal(page.length, truth.length, 'lines of the page (conformance.mjs --write makes it anew)');
  truth.forEach((line, i) => equal(page[i], line, `line ${i + 1} of the page`));
});

await run({ jobs: 2, teardown: () => Promise.all(conformance.undo.map((fn) => fn())) });
