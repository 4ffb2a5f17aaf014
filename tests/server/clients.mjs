// SPDX-License-Identifier: LGPL-2.1-or-later
// Unmodified socket.io clients of every generation, by version and transport.
import { until } from '../support/harness.mjs';

export const CLIENTS = {
  '2.3.0': 'sioc230',
  '2.5.0': 'sioc251',
  '3.1.3': 'sioc312',
  '4.8.4': 'sioc484',
};

export const TRANSPORTS = {
  default: {},
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
};

// What must come through to the byte.
export const OFFER = { type: 'offer', sdp: 'v=0\r\né€😀"\\ \u2028', chat: { protocol: 1, unknown: [null, {}] } };

export const isOld = (version) => version.startsWith('2.');

// One client that keeps what it is sent. Its public id is what others are told:
// with generation 2 it is not `socket.id`.
export class Client {
  events = [];
  reasons = [];

  constructor(socket) {
    this.socket = socket;
    for (const name of ['server-info', 'update-user-list', 'remove-user', 'call-made', 'answer-made',
      'ice-candidate', 'hang-up', 'ringing', 'decline', 'cancel', 'chat-message', 'media-state'])
      socket.on(name, (data) => this.events.push({ name, data }));
    socket.on('disconnect', (reason) => this.reasons.push(reason));
  }

  of(name) {
    return this.events.filter((e) => e.name === name).map((e) => e.data);
  }

  get users() {
    const gone = new Set(this.of('remove-user').map((d) => d.socketId));
    return this.of('update-user-list').flatMap((d) => d.users).filter((id) => !gone.has(id));
  }

  get names() {
    return Object.assign({}, ...this.of('update-user-list').map((d) => d.names ?? {}));
  }

  event(name, match = () => true) {
    return until(() => this.of(name).find(match), `${name}; got ${JSON.stringify(this.events).slice(0, 300)}`);
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }
}

export async function connect(t, version, url, options = {}) {
  const module = await import(CLIENTS[version]);
  const io = module.default ?? module.io;
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  t.defer(() => socket.close());
  const client = new Client(socket);
  let refused = null;
  socket.on('connect_error', (error) => { refused = error; });
  await until(() => {
    if (refused)
      throw refused;
    return socket.connected;
  }, `a client of version ${version} to connect`);
  await client.event('update-user-list');
  return client;
}
