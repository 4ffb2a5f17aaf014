// SPDX-License-Identifier: LGPL-2.1-or-later
// Debian's python3-socketio, as it is.
import path from 'node:path';
import { check, equal, until } from '../support/harness.mjs';
import { Child, SOURCE } from '../support/servers.mjs';
import { serverTest } from './case.mjs';
import { OFFER, TRANSPORTS, connect } from './clients.mjs';

class PythonClient extends Child {
  constructor(t, url, { transports = [] }) {
    const program = path.join(SOURCE, 'tests/server/client.py');
    super(t, '/usr/bin/python3', [program, url, ...transports.length ? [transports.join()] : []]);
  }

  emit(name, more) {
    this.send(JSON.stringify({ emit: name, ...more }));
  }

  async event(name, match = () => true) {
    return (await this.json((l) => l.event === name && match(l.data), name)).data;
  }
}

for (const [kind, options] of Object.entries(TRANSPORTS)) {
  serverTest(`python3-socketio, ${kind}: presence, call, acks, binary, leaving`, async (t, serve) => {
    const server = await serve();
    const other = await connect(t, '4.8.4', server.url);
    const me = new PythonClient(t, `${server.url}/?name=${encodeURIComponent('Mé & <co>')}`, options);
    const { connected: myId } = await me.json((l) => l.connected, 'being connected');
    const otherId = (await me.event('update-user-list')).users[0];
    equal(otherId, other.socket.id, 'the id of the other');
    await until(() => other.names[myId] === 'Mé & <co>', 'the other to see my name');

    me.emit('call-user', { data: { offer: OFFER, to: otherId } });
    equal(await other.event('call-made'), { offer: OFFER, socket: myId }, 'call-made');
    other.socket.emit('call-user', { offer: OFFER, to: myId });
    equal(await me.event('call-made'), { offer: OFFER, socket: otherId }, 'call-made to me');
    me.emit('make-answer', { data: { answer: { type: 'answer', sdp: '' }, to: otherId } });
    equal((await other.event('answer-made')).socket, myId, 'answer-made');

    // Nothing of this is known, and all of it is harmless.
    me.emit('binary', { hex: '010203ff', ack: 1 });
    me.emit('call-user', { data: null });
    me.emit('hang-up', { data: { to: otherId, reason: 'bye' }, ack: 2 });
    equal(await other.event('hang-up'), { socket: myId, reason: 'bye' }, 'hang-up');
    await me.json((l) => l.acknowledged === 2, 'the acknowledgement');
    me.emit(null);
    equal((await me.json((l) => l.transport, 'its transport')).transport,
      kind === 'polling' ? 'polling' : 'websocket', 'its transport');
    check(!me.lines.some((l) => l.includes('disconnected')), 'it was there all the time');

    me.process.stdin.end();
    equal(await other.event('remove-user'), { socketId: myId }, 'remove-user');
    equal(await me.exit, 0, 'its exit status');
  }, { logs: [/event=refused reason=shape /] });

  serverTest(`python3-socketio, ${kind}: the server ends, and comes again`, async (t, serve) => {
    const first = await serve(['--ping-interval=300', '--ping-timeout=3000']);
    const me = new PythonClient(t, first.url, options);
    const { connected: id } = await me.json((l) => l.connected, 'being connected');
    equal(await first.child.stop(), 0, 'exit status of the server');
    await me.json((l) => l.disconnected, 'the disconnection');
    await serve([`--port=${first.port}`]);
    await me.json((l) => l.connected && l.connected !== id, 'being connected again');
  });
}
