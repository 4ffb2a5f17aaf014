// SPDX-License-Identifier: LGPL-2.1-or-later
// gst-chat-server as whoever runs it sees it: figures, log, end.
import { check, equal, until } from '../support/harness.mjs';
import { serverTest } from './case.mjs';
import { metrics } from './metrics.mjs';
import { CLIENTS, TRANSPORTS, connect } from './clients.mjs';

serverTest('metrics and health: figures at an address of their own', async (t, serve) => {
  const server = await serve(['--metrics=127.0.0.1:0']);
  equal((await metrics(server)).values.gst_chat_users, 0, 'users at first');
  const a = await connect(t, '4.8.4', server.url, TRANSPORTS.websocket);
  const b = await connect(t, '2.5.0', server.url, TRANSPORTS.polling);
  const [to] = b.users;
  b.socket.emit('call-user', { offer: { type: 'offer', sdp: 'v=0' }, to });
  b.socket.emit('hang-up', { to });
  b.socket.emit('hang-up', { to: 'nobody' });
  b.socket.emit('call-user', null);
  await until(async () => (await metrics(server)).values['gst_chat_refused_total{reason="shape"}'] === 1, 'all of it');
  const { port, values } = await metrics(server);
  for (const [name, value] of Object.entries({ users: 2, sessions: 2, polling_sessions: 1, stopping: 0, joins_total: 2,
    sessions_total: 2, calls_total: 1, relayed_total: 2, unreachable_total: 1, 'refused_total{reason="events"}': 0 }))
    equal(values[`gst_chat_${name}`], value, name);
  check(values.gst_chat_longest_turn_seconds > 0 && values.gst_chat_longest_turn_seconds < 10, 'the longest turn');
  check(values.process_resident_memory_bytes > 1e6 && values.process_cpu_seconds_total > 0, 'the process');

  equal((await fetch(`${server.url}/metrics`)).status, 404, 'metrics where the page is');
  const page = await fetch(`http://127.0.0.1:${port}/`);
  const session = await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`);
  equal([page.status, session.status], [404, 404], 'page and chat where the metrics are');
  for (const url of [server.url, `http://127.0.0.1:${port}`]) {
    const health = await fetch(`${url}/healthz`);
    equal([health.status, await health.text()], [200, 'ok\n'], 'health');
  }
  a.socket.close();
  await until(async () => (await metrics(server)).values.gst_chat_users === 1, 'one user less');
}, { logs: [/reason=shape/] });

serverTest('the log: one line of key=value an event, and nothing that is secret', async (t, serve) => {
  const server = await serve(['--log-level=debug']);
  const sdp = 'v=0 a description of somebody';
  const a = await connect(t, '4.8.4', server.url, { query: { name: 'Anna "A" Müller', room: 'garden' } });
  const b = await connect(t, '2.5.0', server.url, { query: { name: 'Bert', room: 'garden' } });
  b.socket.emit('call-user', { offer: { type: 'offer', sdp }, to: a.socket.id });
  b.socket.emit('chat-message', { to: a.socket.id, text: 'between us' });
  await a.event('chat-message');
  b.socket.emit('call-user', sdp);
  const sessions = [a.socket.io.engine.id, b.socket.id];
  const [bId] = a.users;
  a.socket.close();
  await b.event('remove-user');
  equal(await server.child.stop(), 0, 'exit status');
  const lines = server.child.errors;
  for (const line of lines)
    check(/^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(error|warning|info|debug) event=[a-z-]+( [a-z]+=("([^"\\]|\\.)*"|[^" ]+))*$/
      .test(line), `a line of the log, not ${line}`);
  for (const pattern of [/event=started uri=http:/, new RegExp(`event=joined id=${bId} address=127.0.0.1$`),
    new RegExp(`event=left id=${a.socket.id ?? '[\\w-]{20}'} address=127.0.0.1 reason=(said|gone)$`), /event=refused reason=shape/,
    /event=stopping$/, /event=stopped$/])
    check(lines.some((l) => pattern.test(l)), `${pattern} in ${lines.join('\n')}`);
  for (const word of [sdp, 'description', 'between us', 'Anna', 'Bert', 'garden', ...sessions])
    check(!lines.some((l) => l.includes(word)), `${word} is not in the log`);
}, { logs: [/./] });

for (const version of Object.keys(CLIENTS)) {
  for (const kind of ['polling', 'websocket']) {
    serverTest(`the end, client ${version}, ${kind}: told, a call that is being made goes on, no new one`, async (t, serve) => {
      const server = await serve(['--drain-time=60', '--metrics=127.0.0.1:0']);
      const { port } = await metrics(server);
      const [a, b, c] = [await connect(t, version, server.url, TRANSPORTS[kind]),
        await connect(t, version, server.url, TRANSPORTS[kind]), await connect(t, '4.8.4', server.url)];
      const [aId] = b.users;
      await until(() => c.users.length === 2 && a.users.length === 2, 'all to see each other');
      const bId = c.users.find((id) => id !== aId);
      const offer = { type: 'offer', sdp: 'v=0' };
      a.socket.emit('call-user', { offer, to: bId });
      await b.event('call-made');
      // So that it does not end before all is looked at.
      const talk = setInterval(() => a.socket.emit('ringing', { to: bId }), 100);
      t.defer(() => clearInterval(talk));

      server.child.process.kill('SIGTERM');
      for (const end of [a, b, c])
        equal((await end.event('server-info', (d) => d.reason)).reason, 'This server stops', 'the reason');
      equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 503, 'health');
      equal((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).status, 503, 'a new session');
      c.socket.emit('call-user', { offer, to: bId });
      b.socket.emit('make-answer', { answer: { type: 'answer', sdp: 'v=0' }, to: aId });
      await a.event('answer-made');
      a.socket.emit('call-user', { offer, to: bId });
      await until(() => b.of('call-made').length === 2, 'the second round');
      // Then nothing is on any more.
      clearInterval(talk);
      equal(await server.child.exit, 0, 'exit status');
      await until(() => [a, b, c].every((end) => end.reasons.length === 1), 'the disconnection of all');
      equal(b.of('call-made').map((d) => d.socket), [aId, aId], 'who called');
    }, { logs: [/reason=stopping/] });
  }
}

serverTest('the end: its time is bounded, and a second signal ends it at once', async (t, serve) => {
  for (const second of [false, true]) {
    const server = await serve([second ? '--drain-time=60' : '--drain-time=1']);
    const [a, b] = [await connect(t, '4.8.4', server.url), await connect(t, '4.8.4', server.url)];
    // They never stop to talk.
    const talk = setInterval(() => a.socket.emit('hang-up', { to: b.socket.id }), 100);
    t.defer(() => clearInterval(talk));
    await b.event('hang-up');
    server.child.process.kill('SIGTERM');
    await b.event('server-info', (d) => d.reason);
    if (second) {
      const n = b.of('hang-up').length;
      await until(() => b.of('hang-up').length > n + 12, 'them to go on for more than a second');
      equal(server.child.ended, null, 'its end');
      server.child.process.kill('SIGTERM');
    }
    equal(await server.child.exit, 0, 'exit status');
  }
});

serverTest('the end: with nothing on, it is at once', async (t, serve) => {
  const server = await serve(['--drain-time=60']);
  const a = await connect(t, '4.8.4', server.url);
  server.child.process.kill('SIGTERM');
  const began = Date.now();
  equal(await server.child.exit, 0, 'exit status');
  check(Date.now() - began < 10000, 'long before its time is over');
  await until(() => a.reasons.length === 1, 'the disconnection');
});
